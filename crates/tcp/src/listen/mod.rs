//! The passive path: a SYN waits in the SYN queue as a compact record, and as a connection in the accept queue.

mod accept_queue;
mod cookie_timestamp;
mod counters;
mod defer_accept;
mod half_open;
mod listener;
mod overflow;
mod syn;
mod syn_ack_timer;
mod syn_cookie;
mod syn_queue;
mod syn_said;

pub use accept_queue::AcceptQueue;
pub use counters::ListenCounters;
pub use defer_accept::SynAckTimeout;
pub use half_open::{HalfOpen, HalfOpenDisposition};
pub use listener::Listener;
pub use overflow::{AckVerdict, SynVerdict};
pub use syn::Syn;
pub use syn_cookie::SynCookies;
pub use syn_queue::SynQueue;
