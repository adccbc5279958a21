//! Attacks, before they happen.

use std::time::Duration;

/// Something that a stranger slips in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attack {
    /// So long after the beginning.
    pub after: Duration,
    /// To which host.
    pub host: usize,
    /// Into which flow.
    pub flow: usize,
    /// What.
    pub forgery: Forgery,
}

/// A frame that pretends to be the peer's, or a router's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// A RST that is exactly at RCV.NXT: it has to be believed (RFC 5961 3.2).
    ExactReset,
    /// A RST within the window, so far beyond RCV.NXT: a challenge.
    ResetInWindow(u32),
    /// A RST before the window or beyond it.
    ResetOutside(u32),
    /// A SYN within the window, so far beyond RCV.NXT (RFC 5961 4).
    SynInWindow(u32),
    /// Text that was received long ago, so many bytes before RCV.NXT, with an acknowledgment so far off what was sent.
    OldText(u32, i32),
    /// An acknowledgment of what was never sent (RFC 5961 5).
    AckOfTheFuture(u32),
    /// An ICMP error of this code that quotes what is in flight (RFC 5927).
    Unreachable(u8),
    /// One that quotes what is not.
    UnreachableElsewhere(u8, u32),
    /// An ICMP error that says that the path carries packets of so many bytes.
    Narrow(u16),
    /// A frame that came before comes again, the so many-th of the last ones.
    Again(usize),
}

impl Forgery {
    /// Whether it may end a connection.
    pub fn is_deadly(self) -> bool {
        self == Self::ExactReset
    }
}
