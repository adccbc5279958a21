//! Noticing loss and repairing it.

mod fast_recovery;
mod retransmission_timer;

pub(crate) use fast_recovery::{AckVerdict, FastRecovery};
pub(crate) use retransmission_timer::{INITIAL_RTO, RetransmissionTimer};
