//! The rules, one idea a file. Each says what it has to complain of, with its clause.

pub(super) mod acknowledgment;
pub(super) mod agreed_options;
pub(super) mod back_off;
pub(super) mod congestion;
pub(super) mod form;
pub(super) mod marks;
pub(super) mod offered_window;
pub(super) mod own_window;
pub(super) mod resets;
pub(super) mod retransmission;
pub(super) mod sack_blocks;
mod sack_order;
pub(super) mod states;
pub(super) mod stream;
pub(super) mod timestamps;
