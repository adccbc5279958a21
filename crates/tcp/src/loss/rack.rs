//! RACK (RFC 8985 6): lost is what was sent before something that has arrived, unless it may just be late.
//!
//! Time takes the place of the count of duplicate ACKs: so the tail of a flight, a path that reorders, and copies that are lost
//! themselves are judged by the same rule. How long something may be late is a quarter of the least round-trip time, or nothing where
//! the path was never seen to reorder and a loss is plain; it grows when the peer reports that copies were needless.

use super::{AckReport, TransmitTimer};
use crate::{CaState, Connection, Context, Sysctls};
use periplus_journey::Instant;
use std::time::Duration;

/// Recoveries for which a window is kept that has grown (RFC 8985 6.2, step 4; Linux's TCP_RACK_RECOVERY_THRESH).
const PERSIST: u8 = 16;
/// The reordering timer waits for two ticks beyond its time, and for whole ones, as with Linux's TCP_TIMEOUT_MIN at its usual 250 Hz:
/// what the ACKs on their way tell costs less than a recovery in vain.
const TICK: Duration = Duration::from_millis(4);
/// `tcp_recovery`: the reordering window does not grow.
const STATIC_REO_WND: u8 = 2;
/// `tcp_recovery`: three SACKed segments are no reason to wait for nothing.
const NO_DUPTHRESH: u8 = 4;

/// RACK's variables, by the names of RFC 8985 5.3.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rack {
    /// When the most recently sent of what has arrived was sent.
    xmit_ts: Instant,
    /// The stream offset of its end.
    end_seq: u64,
    rtt: Duration,
    reo_wnd_mult: u8,
    reo_wnd_persist: u8,
    /// Something arrived since it was last looked what is lost.
    advanced: bool,
    /// A D-SACK came, and the window has not grown for it yet.
    dsack_seen: bool,
    /// The window has grown, and does not again before this is acknowledged.
    dsack_round: Option<u64>,
}

impl Default for Rack {
    fn default() -> Self {
        Self {
            xmit_ts: Instant::ZERO,
            end_seq: 0,
            rtt: Duration::ZERO,
            reo_wnd_mult: 1,
            reo_wnd_persist: 0,
            advanced: false,
            dsack_seen: false,
            dsack_round: None,
        }
    }
}

impl Rack {
    /// Whether its window was never another than the usual one. What arrived last is nothing to remember once all has: of what is sent
    /// later nothing was sent before that.
    pub(crate) fn is_untouched(&self) -> bool {
        self.reo_wnd_mult == 1
            && self.reo_wnd_persist == 0
            && !self.dsack_seen
            && self.dsack_round.is_none()
    }

    /// Something arrived (step 2).
    pub(crate) fn update(&mut self, report: &AckReport) {
        if let Some(newest) = report.newest {
            self.advance(newest, report.rtt);
        }
    }

    /// What was sent once at `newest`, and ends at that stream offset, arrived: so an ACK says that came at `arrived`.
    #[inline]
    pub(crate) fn arrived(&mut self, newest: (Instant, u64), arrived: Instant) {
        self.advance(newest, arrived.since(newest.0));
    }

    #[inline]
    fn advance(&mut self, newest: (Instant, u64), rtt: Duration) {
        self.advanced = true;
        self.rtt = rtt;
        if newest > (self.xmit_ts, self.end_seq) {
            (self.xmit_ts, self.end_seq) = newest;
        }
    }

    /// RACK_sent_after: whether what was sent at `at` and ends at `end` was sent before what arrived.
    pub(crate) fn is_before_arrived(&self, at: Instant, end: u64) -> bool {
        (at, end) < (self.xmit_ts, self.end_seq)
    }

    /// How much longer what was sent at `at` may take.
    pub(crate) fn remaining(&self, at: Instant, window: Duration, now: Instant) -> Duration {
        (self.rtt + window).saturating_sub(now.since(at))
    }

    /// A D-SACK tells of a copy that was needless, on a path that reorders, when everything up to `nxt` was out.
    pub(crate) fn report_came_twice(&mut self) {
        self.dsack_seen = true;
    }

    /// RACK_update_reo_wnd (step 4): once a round trip the window grows by a step.
    pub(super) fn update_window(&mut self, una: u64, nxt: u64, sysctls: &Sysctls) {
        if sysctls.tcp_recovery & STATIC_REO_WND != 0 {
            return;
        }
        if self.dsack_round.is_some_and(|round| una < round) {
            self.dsack_seen = false;
        } else {
            self.dsack_round = None;
        }
        if std::mem::take(&mut self.dsack_seen) {
            self.dsack_round = Some(nxt);
            self.reo_wnd_mult = self.reo_wnd_mult.saturating_add(1);
            self.reo_wnd_persist = PERSIST;
        } else if self.reo_wnd_persist == 0 {
            self.reo_wnd_mult = 1;
        }
    }

    /// A recovery ended, for something that was lost.
    pub(super) fn recovered(&mut self) {
        self.reo_wnd_persist = self.reo_wnd_persist.saturating_sub(1);
    }

    /// A recovery was for nothing: the window is kept for longer.
    pub(super) fn recovered_in_vain(&mut self) {
        self.reo_wnd_persist = (self.reo_wnd_persist + 1).min(PERSIST);
    }

    /// What counts as lost is to be found anew.
    pub(super) fn look_again(&mut self) {
        self.advanced = true;
    }
}

impl Connection {
    /// The reordering window (step 4).
    fn reordering_window(&self, sysctls: &Sysctls) -> Duration {
        let recovery = &self.recovery;
        if !recovery.reordering.is_seen() {
            let is_plain = self.send_buffers.sacked_out >= recovery.reordering.degree()
                && sysctls.tcp_recovery & NO_DUPTHRESH == 0;
            if recovery.is_repairing() || is_plain {
                return Duration::ZERO;
            }
        }
        let timer = &self.retransmission_timer;
        let min_rtt = timer.min_rtt().unwrap_or_default();
        let window = min_rtt / 4 * u32::from(self.rack.reo_wnd_mult);
        window.min(timer.srtt().unwrap_or_default())
    }

    /// An ACK told of an arrival: what is lost (step 5). While something is waited for that may just be late, every ACK is a reason
    /// to look: its timer would be set for something else otherwise.
    pub(super) fn detect_lost(&mut self, context: &mut Context<'_>, report: &mut AckReport) {
        let is_waiting = self.transmit_timer == TransmitTimer::Reordering;
        if !std::mem::take(&mut self.rack.advanced) && !is_waiting {
            return;
        }
        let lost = self.find_lost(context, report.arrived);
        report.newly_lost += lost.segments;
        report.has_set_timer |= lost.wait.is_some();
        report.lost_copies |= lost.copies > 0;
    }

    /// What was sent but once and overtaken shows that the path reorders. After a time-out the copies confuse it, unless they
    /// are looked at for that.
    pub(crate) fn note_reordering(&mut self, context: &mut Context<'_>, report: &AckReport) {
        let is_clear =
            self.recovery.state() != CaState::Loss || self.recovery.undo_marker.is_some();
        if report.late_by > 0 && is_clear {
            context.counters.tcp_sack_reorder += 1;
            let smss = self.segment_size;
            self.recovery.reordering.arrived_late(report.late_by, smss);
        }
    }

    /// In a recovery SND.UNA moved over a hole, by what was sent first: the path reorders.
    pub(super) fn late_original(&mut self, context: &mut Context<'_>, report: &AckReport) {
        let buffers = &self.send_buffers;
        let highest = buffers.highest_sacked().max(buffers.start());
        context.counters.tcp_ts_reorder += 1;
        let smss = self.segment_size;
        let late_by = highest - report.una;
        self.recovery.reordering.arrived_late(late_by, smss);
    }

    fn find_lost(&mut self, context: &mut Context<'_>, now: Instant) -> crate::send_buffers::Lost {
        let window = self.reordering_window(context.sysctls);
        let sent = self.sent_to();
        let lost = self.send_buffers.detect_lost(&self.rack, window, now, sent);
        context.counters.tcp_lost_retransmit += u64::from(lost.copies);
        if let Some(wait) = lost.wait {
            let ticks = wait.as_nanos().div_ceil(TICK.as_nanos()) as u32 + 2;
            self.wait_for_reordering(context, TICK * ticks);
        }
        lost
    }

    /// The reordering timer expired: what was only perhaps late is lost (step 5, and Linux's `tcp_rack_reo_timeout`).
    pub(crate) fn reordering_timeout(&mut self, context: &mut Context<'_>) {
        self.transmit_timer.expired();
        self.retransmit_at = None;
        let lost = self.find_lost(context, context.now);
        if lost.segments > 0 {
            if self.recovery.state() != CaState::Recovery {
                self.enter_recovery(context);
                self.follow_reduction(1, false, false);
            }
            self.recovery.hold_back(false);
        }
        if self.retransmit_at.is_none() {
            self.restart_retransmission_timer(context);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn milliseconds(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn at(n: u64) -> Instant {
        Instant::from_millis(n)
    }

    fn arrived(rack: &mut Rack, sent: u64, end: u64, rtt: u64) {
        rack.update(&AckReport {
            newest: Some((at(sent), end)),
            rtt: milliseconds(rtt),
            ..AckReport::default()
        });
    }

    #[test]
    fn what_was_sent_earlier_or_together_and_lies_before_it_was_sent_before_what_arrived() {
        let mut rack = Rack::default();
        assert!(!rack.is_before_arrived(at(0), 1), "nothing arrived yet");
        arrived(&mut rack, 10, 3000, 20);
        assert!(rack.is_before_arrived(at(9), 9000));
        assert!(rack.is_before_arrived(at(10), 2000));
        assert!(!rack.is_before_arrived(at(10), 3000));
        assert!(!rack.is_before_arrived(at(10), 4000));
        assert!(!rack.is_before_arrived(at(11), 1000));
        // older news do not take it back
        arrived(&mut rack, 5, 1000, 30);
        assert!(rack.is_before_arrived(at(10), 2000));
        assert_eq!(
            rack.remaining(at(10), milliseconds(5), at(40)),
            milliseconds(5)
        );
        assert_eq!(
            rack.remaining(at(10), Duration::ZERO, at(40)),
            Duration::ZERO
        );
    }

    #[test]
    fn the_window_grows_once_a_round_trip_and_is_kept_for_sixteen_recoveries() {
        let sysctls = Sysctls::default();
        let mut rack = Rack::default();
        for (una, mult) in [(100, 2), (150, 2), (199, 2), (200, 3)] {
            rack.report_came_twice();
            rack.update_window(una, una + 100, &sysctls);
            assert_eq!(rack.reo_wnd_mult, mult, "{una}");
        }
        for left in (0..16).rev() {
            rack.recovered();
            rack.update_window(400, 500, &sysctls);
            assert_eq!(rack.reo_wnd_mult, if left > 0 { 3 } else { 1 });
        }
        rack.recovered_in_vain();
        assert_eq!(rack.reo_wnd_persist, 1);
    }

    #[test]
    fn the_knob_keeps_the_window_as_it_is() {
        let sysctls = Sysctls {
            tcp_recovery: STATIC_REO_WND,
            ..Sysctls::default()
        };
        let mut rack = Rack::default();
        rack.report_came_twice();
        rack.update_window(100, 200, &sysctls);
        assert_eq!(rack.reo_wnd_mult, 1);
    }
}
