//! What one ACK tells of what was out, gathered from its number and its blocks: Linux's `tcp_sacktag_state` and its flags.

use super::Repair;
use crate::options::TimestampClock;
use crate::send_buffers::{Buffer, Tags};
use periplus_journey::Instant;
use std::time::Duration;

/// The report of an ACK.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AckReport {
    /// When it arrived.
    pub(crate) arrived: Instant,
    /// The least round-trip time of the path.
    pub(crate) min_rtt: Duration,
    /// The timestamp that came back, and the clock that it is of.
    pub(crate) echoed: Option<(TimestampClock, u32)>,
    /// The stream offset up to which everything was out when the timer last expired.
    pub(crate) high: u64,
    /// The end of what was SACKed before it came; 0 if nothing was.
    pub(crate) highest_sacked: u64,
    /// The stream offset of SND.UNA before it came.
    pub(crate) una: u64,

    /// SND.UNA moved.
    pub(crate) advanced: bool,
    /// It SACKs something that none had before.
    pub(crate) sacked: bool,
    /// It tells by D-SACK of something that arrived twice (RFC 2883).
    pub(crate) came_twice: bool,
    /// That was the tail loss probe's copy.
    pub(crate) probe_came_twice: bool,
    /// Without SACK: it is a duplicate ACK (RFC 5681 2).
    pub(crate) is_duplicate: bool,
    /// Segments that it tells to have arrived.
    pub(crate) delivered: u32,
    /// Bytes that it tells to have arrived.
    pub(crate) bytes: u32,
    /// Segments that SND.UNA moved over.
    pub(crate) acknowledged: u32,
    /// Of them some were sent again: the round-trip time is not known from them (Karn's algorithm).
    pub(crate) is_ambiguous: bool,
    /// What was sent once, before the timer expired, has arrived.
    pub(crate) is_original: bool,
    /// By how many bytes at most something was overtaken that was sent but once; 0 if nothing was.
    pub(crate) late_by: u64,
    /// When the oldest and the newest of what it acknowledges was sent, or else of what it SACKs, sent once.
    pub(crate) acknowledged_at: Option<(Instant, Instant)>,
    pub(crate) sacked_at: Option<(Instant, Instant)>,
    /// The newest of what arrived, and the round-trip time of the last that was looked at, for [RACK](super::Rack).
    pub(crate) newest: Option<(Instant, u64)>,
    pub(crate) rtt: Duration,
    /// Segments that count as lost because of it.
    pub(crate) newly_lost: u32,
    /// Copies that do.
    pub(crate) lost_copies: bool,
    /// The timer waits for something that it told.
    pub(crate) has_set_timer: bool,
    /// What it allows to be sent again.
    pub(crate) repair: Repair,
}

fn widened(times: Option<(Instant, Instant)>, at: Instant) -> Option<(Instant, Instant)> {
    Some((times.map_or(at, |(oldest, _)| oldest), at))
}

impl AckReport {
    /// `segments` of a run, from `start` on, are acknowledged.
    pub(crate) fn acknowledged(&mut self, run: &Buffer, start: u64, segments: u16) {
        let bytes = (run.end - start) as u32;
        self.acknowledged += u32::from(segments);
        let is_sacked = run.tags.has(Tags::SACKED);
        if !is_sacked {
            self.delivered += u32::from(segments);
            self.bytes += bytes;
        }
        if segments == 0 {
            return;
        }
        if run.tags.has(Tags::EVER_RETRANSMITTED) {
            self.is_ambiguous = true;
        } else if !is_sacked {
            self.acknowledged_at = widened(self.acknowledged_at, run.at);
            self.is_original |= run.end <= self.high;
            self.note_late(start, self.highest_sacked);
        }
        if !is_sacked {
            self.note_arrival(run, true);
        }
    }

    /// A run, which begins at `start`, is SACKed; something that ends at `highest_sacked` was before.
    pub(crate) fn sacked(&mut self, run: &Buffer, start: u64, highest_sacked: u64) {
        self.sacked = true;
        self.delivered += u32::from(run.segments);
        self.bytes += (run.end - start) as u32;
        self.note_arrival(run, false);
        if !run.tags.has(Tags::EVER_RETRANSMITTED) {
            self.sacked_at = widened(self.sacked_at, run.at);
            self.is_original |= run.end <= self.high;
            self.note_late(start, highest_sacked);
        }
    }

    fn note_late(&mut self, start: u64, highest_sacked: u64) {
        self.late_by = self.late_by.max(highest_sacked.saturating_sub(start));
    }

    /// RACK_update (RFC 8985 6.2, step 2): a copy tells nothing if it may have been the first one that arrived.
    fn note_arrival(&mut self, run: &Buffer, acknowledged: bool) {
        let rtt = self.arrived.since(run.at);
        if run.tags.has(Tags::EVER_RETRANSMITTED) {
            let is_older = |(clock, reply): (TimestampClock, u32)| clock.predates(reply, run.at);
            if rtt < self.min_rtt || (acknowledged && self.echoed.is_some_and(is_older)) {
                return;
            }
        }
        self.rtt = rtt;
        let this = (run.at, run.end);
        self.newest = Some(self.newest.map_or(this, |newest| newest.max(this)));
    }

    /// The round-trip times of the oldest and of the newest of what arrived, sent once.
    pub(crate) fn round_trips(&self) -> Option<(Duration, Duration)> {
        let acknowledged = self.acknowledged_at.filter(|_| !self.is_ambiguous);
        let (oldest, _) = acknowledged.or(self.sacked_at)?;
        let (_, newest) = self.sacked_at.or(acknowledged)?;
        Some((self.arrived.since(oldest), self.arrived.since(newest)))
    }
}
