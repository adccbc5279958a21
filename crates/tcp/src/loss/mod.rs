//! Noticing loss and repairing it.

mod fast_recovery;
mod retransmission_timer;

pub use fast_recovery::{AckVerdict, FastRecovery};
pub use retransmission_timer::{INITIAL_RTO, RetransmissionTimer};
