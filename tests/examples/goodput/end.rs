//! The two ends of a path, and who is there.

use periplus_journey::Instant;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use tokio::sync::oneshot;

/// Whose TCP an end has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Linux,
    Periplus,
}

impl End {
    pub(crate) fn by_name(name: &str) -> Result<Self, String> {
        match name {
            "linux" => Ok(Self::Linux),
            "periplus" => Ok(Self::Periplus),
            _ => Err(format!("{name} is neither linux nor periplus")),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linux => "linux",
            Self::Periplus => "periplus",
        })
    }
}

/// Where an end is: the sender has side `a`, the receiver side `b`.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    A,
    B,
}

impl Side {
    pub(crate) fn name(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }

    /// The number by which both addresses of Periplus end there.
    pub(crate) fn host_number(self) -> u8 {
        match self {
            Self::A => 3,
            Self::B => 4,
        }
    }

    /// The kernel's address, as `.ci/goodput` has set it.
    pub(crate) fn kernel_address(self) -> Ipv4Addr {
        match self {
            Self::A => Ipv4Addr::new(10, 77, 0, 1),
            Self::B => Ipv4Addr::new(10, 77, 0, 2),
        }
    }

    pub(crate) fn stack_address(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 77, 0, self.host_number())
    }
}

/// What a sender needs.
pub(crate) struct Sending<'a> {
    pub(crate) content: &'a [u8],
    /// Where the receiver listens.
    pub(crate) to: SocketAddr,
    /// The receiver has all of it.
    pub(crate) taken: oneshot::Receiver<()>,
}

/// What a sender has seen.
pub(crate) struct Sent {
    /// When the connection was there.
    pub(crate) begun: Instant,
    /// Segments sent again.
    pub(crate) retransmitted: u64,
}

/// What a receiver needs.
pub(crate) struct Receiving<'a> {
    pub(crate) content: &'a [u8],
    /// Told where it listens.
    pub(crate) listening: mpsc::Sender<SocketAddr>,
    /// Told when it has all of it.
    pub(crate) taken: oneshot::Sender<()>,
}
