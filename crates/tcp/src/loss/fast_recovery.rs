//! Fast retransmit and fast recovery by NewReno (RFC 6582, upon RFC 5681 3.2).

use super::proportional_rate::ProportionalRate;
use super::reordering::Reordering;
use super::sack_recovery::SackRecovery;
use super::scoreboard::DUP_THRESH;
use crate::CaState;
use crate::congestion::CongestionWindow;
use periplus_journey::Instant;
use periplus_wire::SeqNum;

/// What an ACK means for the oldest segment in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckVerdict {
    /// Nothing to do.
    Fine,
    /// Send the first unacknowledged segment again now.
    RetransmitFirst,
}

/// The recovery's variables.
#[derive(Clone, Debug)]
pub(crate) struct FastRecovery {
    pub(super) duplicate_acks: u32,
    /// RFC 6582's `recover`, RFC 6675's RecoveryPoint: the recovery ends when this is acknowledged.
    pub(super) recover: SeqNum,
    pub(super) in_recovery: bool,
    /// Without SACK: by how many segments more duplicate ACKs may inflate the window before SND.UNA moves.
    inflations_left: u32,
    /// The timer expired, and `recover` is not acknowledged yet.
    pub(super) in_loss: bool,
    /// When the first segment of a recovery, or after a time-out, was sent again; by Linux's name.
    pub(super) retrans_stamp: Option<Instant>,
    /// The window was reduced because of a mark (RFC 3168): not again, and not opened, until more than this is acknowledged.
    pub(super) cwr_until: Option<SeqNum>,
    /// What arrived late without having been lost.
    pub(super) reordering: Reordering,
    /// How the window comes down in a recovery with SACK, and after a mark.
    pub(super) rate: ProportionalRate,
    /// With SACK, while the peer has something that it cannot acknowledge yet, or a recovery goes on.
    pub(super) sack: Option<Box<SackRecovery>>,
}

impl FastRecovery {
    /// Nothing lost yet on a connection whose SYN had `iss`.
    pub(crate) fn new(iss: SeqNum) -> Self {
        Self {
            duplicate_acks: 0,
            // One before RFC 6582's ISS, with which the loss of the very first segment would be left to the timer: Linux
            // and FreeBSD repair it at once.
            recover: iss - 1,
            in_recovery: false,
            inflations_left: 0,
            in_loss: false,
            retrans_stamp: None,
            cwr_until: None,
            reordering: Reordering::default(),
            rate: ProportionalRate::default(),
            sack: None,
        }
    }

    /// By how many segments the path reorders.
    pub(crate) fn reordering(&self) -> u32 {
        self.reordering.degree()
    }

    /// Whether the timer expired for what is not acknowledged yet.
    pub(crate) fn is_in_loss(&self) -> bool {
        self.in_loss
    }

    /// Whether an ACK for everything before `una` ends a recovery.
    pub(crate) fn is_ended_by(&self, una: SeqNum) -> bool {
        una.after(self.recover)
    }

    /// An ACK for everything before `una` was taken: a repair that it ends needs no judgment any more.
    pub(crate) fn repair_ended(&mut self, congestion: &mut CongestionWindow) {
        if !self.in_loss && !self.in_recovery {
            self.retrans_stamp = None;
            congestion.keep_reduction();
        }
    }

    /// What it makes of the path.
    pub(crate) fn ca_state(&self) -> CaState {
        match self {
            Self { in_loss: true, .. } => CaState::Loss,
            Self {
                in_recovery: true, ..
            } => CaState::Recovery,
            Self {
                cwr_until: Some(_), ..
            } => CaState::Cwr,
            Self {
                duplicate_acks: 0,
                sack: None,
                ..
            } => CaState::Open,
            _ => CaState::Disorder,
        }
    }

    /// Without SACK: an ACK that acknowledges nothing new came; the newest byte that is out ends at `max`.
    pub(crate) fn duplicate_ack(
        &mut self,
        una: SeqNum,
        max: SeqNum,
        congestion: &mut CongestionWindow,
    ) -> AckVerdict {
        self.duplicate_acks += 1;
        if self.in_recovery {
            // RFC 5681 3.2, step 4: another segment has left the network. No more of them can have than were in flight when the
            // first one was sent again, because its ACK is here before those of what was sent after it: a peer that invents
            // duplicate ACKs gains nothing (its note: "limit ... to the number of outstanding segments").
            if self.inflations_left > 0 {
                self.inflations_left -= 1;
                congestion.inflate();
            }
            return AckVerdict::Fine;
        }
        // RFC 6582 3.2, step 2: not again for losses of the window that was repaired last.
        if self.duplicate_acks == DUP_THRESH && una.after(self.recover + 1) {
            self.in_recovery = true;
            self.recover = max - 1;
            if self.cwr_until.take().is_none() {
                congestion.reduce_ssthresh();
            }
            congestion.enter_recovery(DUP_THRESH);
            self.limit_inflation(max - una, DUP_THRESH, congestion);
            return AckVerdict::RetransmitFirst;
        }
        AckVerdict::Fine
    }

    /// Without SACK: `acked` new bytes were acknowledged, up to `una`; `flight_size` are still out.
    pub(crate) fn new_ack(
        &mut self,
        una: SeqNum,
        acked: u32,
        flight_size: u32,
        congestion: &mut CongestionWindow,
    ) -> AckVerdict {
        let duplicate_acks = std::mem::take(&mut self.duplicate_acks);
        self.in_loss &= !una.after(self.recover);
        if !self.in_recovery {
            self.keep_recover_near(una);
            // Each duplicate ACK told of a segment that had arrived, and let another one go.
            if !self.is_reduced(una, congestion) {
                congestion.acknowledged_but(acked, duplicate_acks);
            }
            return AckVerdict::Fine;
        }
        if una.after(self.recover) {
            self.in_recovery = false;
            congestion.leave_recovery(flight_size);
            return AckVerdict::Fine;
        }
        // A partial ACK: the next hole begins here (RFC 6582 3.2, step 3).
        congestion.deflate(acked);
        self.limit_inflation(flight_size, 0, congestion);
        AckVerdict::RetransmitFirst
    }

    /// The first of `flight_size` bytes in flight is lost, and `arrived` segments of them are known to have arrived: the others
    /// may have.
    fn limit_inflation(&mut self, flight_size: u32, arrived: u32, congestion: &CongestionWindow) {
        let segments = flight_size.div_ceil(congestion.segment_size());
        self.inflations_left = segments.saturating_sub(1 + arrived);
    }

    /// A mark was echoed: the window is halved, unless that was done for what is in flight. Returns whether it was.
    pub(crate) fn reduce_window(&mut self, max: SeqNum, congestion: &mut CongestionWindow) -> bool {
        if self.in_recovery || self.in_loss || self.cwr_until.is_some() {
            return false;
        }
        self.cwr_until = Some(max);
        self.rate = congestion.reduce();
        true
    }

    /// Whether the window is being reduced because of a mark: until more than what was in flight then is acknowledged.
    pub(super) fn is_reduced(&mut self, una: SeqNum, congestion: &mut CongestionWindow) -> bool {
        if self.cwr_until.is_some_and(|until| una.after(until)) {
            self.cwr_until = None;
            congestion.is_reduced();
        }
        self.cwr_until.is_some()
    }

    /// Whether the window follows RFC 9937 down to ssthresh.
    pub(crate) fn is_reducing(&self) -> bool {
        self.cwr_until.is_some() || (self.in_recovery && self.sack.is_some())
    }

    /// `segments` were sent, new or again.
    pub(crate) fn sent(&mut self, segments: u32) {
        if self.is_reducing() {
            self.rate.sent(segments);
        }
    }

    /// What came with an ACK on the way down: see [`ProportionalRate::acknowledged`].
    pub(crate) fn reduced_window(
        &mut self,
        delivered: u32,
        inflight: u32,
        ssthresh: u32,
        advanced: bool,
    ) -> Option<u32> {
        if !self.is_reducing() {
            return None;
        }
        let safe = advanced && !self.has_newly_lost();
        self.rate.acknowledged(delivered, inflight, ssthresh, safe)
    }

    /// Left behind by half the sequence space, `recover` would look as if it lay ahead.
    pub(super) fn keep_recover_near(&mut self, una: SeqNum) {
        if una.after(self.recover + 2) {
            self.recover = una - 2;
        }
    }

    /// Everything in flight is sent again though it was not lost to congestion: what comes of it says nothing of earlier losses.
    pub(crate) fn resend(&mut self, una: SeqNum, max: SeqNum) {
        self.timed_out(una, max);
        self.retrans_stamp = None;
    }

    /// The retransmission timer expired (RFC 6582 3.2, step 4; RFC 6675 5.1). What is SACKed is not sent again, unless the peer
    /// has thrown it away: RFC 2018 8 has it all forgotten, RFC 6675 5.1 leaves it to who looks for that, as Linux does.
    pub(crate) fn timed_out(&mut self, una: SeqNum, max: SeqNum) {
        if self.has_reneged(una) {
            self.sack = None;
        }
        if let Some(sack) = &mut self.sack {
            sack.timed_out(una);
        }
        self.in_recovery = false;
        self.in_loss = true;
        self.cwr_until = None;
        self.duplicate_acks = 0;
        self.recover = max - 1;
    }
}
