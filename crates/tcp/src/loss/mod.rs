//! Noticing loss and repairing it.

mod fast_recovery;
mod proportional_rate;
mod reordering;
mod retransmission_timer;
mod round_trip_time;
mod sack_recovery;
mod scoreboard;
mod tail_loss_probe;
mod undo;

pub(crate) use fast_recovery::{AckVerdict, FastRecovery};
pub(crate) use proportional_rate::ProportionalRate;
pub(crate) use retransmission_timer::{INITIAL_RTO, MAXIMUM_RTO, RetransmissionTimer};
pub(crate) use round_trip_time::MINIMUM_RTO;
pub(crate) use sack_recovery::{HoleRule, SackedAck};
pub(crate) use tail_loss_probe::TailLossProbe;
