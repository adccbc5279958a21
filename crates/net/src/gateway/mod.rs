//! Ordinary host sockets whose connections are carried into a shard: how a stack in user space is reached with no
//! privilege and no network interface of its own.
//!
//! ```text
//!   client ── host's kernel ── Gateway ──▶ client-side shard ══ memory link ══ serving shard ── backend
//!                              64 KiB       connects from the                   records the journey;
//!                              a direction  client's own address                its peer is the client
//! ```
//!
//! What the host's kernel does is outside the record: a journey begins when the gateway's SYN reaches the serving shard.

mod accept;
mod carry;
mod embed;

pub(crate) use accept::hold_little;
pub use accept::{Gateway, bind};
pub use embed::{Embedded, embed};
