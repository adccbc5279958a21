//! The host's own sockets, for a server that is to run over the host's TCP: the same stations, as far as they can be seen from
//! here.
//!
//! ```text
//!   client ── host's kernel ── HostListener ── HostStream ── serve
//!                                                 │
//!                                                 ╰── records
//! ```
//!
//! A journey begins when the first byte is read from the kernel, and ends when the kernel has taken the last: what it does before
//! and after is outside the record. Where it takes no more, because its own send queue is full, the answer waits in `send_queue`.

mod buffer;
mod journal;
mod listener;
mod shared;
mod stream;

pub use journal::HostJournal;
pub use listener::HostListener;
pub use shared::Host;
pub use stream::HostStream;
