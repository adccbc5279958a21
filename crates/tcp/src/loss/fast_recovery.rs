//! Fast retransmit and fast recovery by NewReno (RFC 6582, upon RFC 5681 3.2).

use crate::CaState;
use crate::congestion::NewReno;
use periplus_wire::SeqNum;

/// Duplicate ACKs that count as a loss (RFC 5681 3.2).
const DUPLICATE_ACK_THRESHOLD: u32 = 3;

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
    duplicate_acks: u32,
    /// RFC 6582's `recover`: the recovery ends when this is acknowledged.
    recover: SeqNum,
    in_recovery: bool,
    /// The timer expired, and `recover` is not acknowledged yet.
    in_loss: bool,
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
            in_loss: false,
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
                duplicate_acks: 0, ..
            } => CaState::Open,
            _ => CaState::Disorder,
        }
    }

    /// An ACK that acknowledges nothing new came while `flight_size` bytes are out, the newest ending at `max`.
    pub(crate) fn duplicate_ack(
        &mut self,
        una: SeqNum,
        max: SeqNum,
        flight_size: u32,
        congestion: &mut NewReno,
    ) -> AckVerdict {
        self.duplicate_acks += 1;
        if self.in_recovery {
            congestion.inflate(); // RFC 5681 3.2, step 4: another segment has left the network
            return AckVerdict::Fine;
        }
        // RFC 6582 3.2, step 2: not again for losses of the window that was repaired last.
        if self.duplicate_acks == DUPLICATE_ACK_THRESHOLD && una.after(self.recover + 1) {
            self.in_recovery = true;
            self.recover = max - 1;
            congestion.enter_recovery(flight_size, DUPLICATE_ACK_THRESHOLD);
            return AckVerdict::RetransmitFirst;
        }
        AckVerdict::Fine
    }

    /// `acked` new bytes were acknowledged, up to `una`; `flight_size` are still out.
    pub(crate) fn new_ack(
        &mut self,
        una: SeqNum,
        acked: u32,
        flight_size: u32,
        congestion: &mut NewReno,
    ) -> AckVerdict {
        self.duplicate_acks = 0;
        self.in_loss &= !una.after(self.recover);
        if !self.in_recovery {
            // `recover` is kept near: left behind by half the sequence space, it would look as if it lay ahead.
            if una.after(self.recover + 2) {
                self.recover = una - 2;
            }
            congestion.acknowledged(acked);
            return AckVerdict::Fine;
        }
        if una.after(self.recover) {
            self.in_recovery = false;
            congestion.leave_recovery(flight_size);
            return AckVerdict::Fine;
        }
        // A partial ACK: the next hole begins here (RFC 6582 3.2, step 3).
        congestion.deflate(acked);
        AckVerdict::RetransmitFirst
    }

    /// The retransmission timer expired (RFC 6582 3.2, step 4).
    pub(crate) fn timed_out(&mut self, max: SeqNum) {
        self.in_recovery = false;
        self.in_loss = true;
        self.duplicate_acks = 0;
        self.recover = max - 1;
    }
}
