//! One TCP segment, as it stood in a frame.

use super::options::Options;
use std::net::SocketAddrV4;

/// The control bits (RFC 9293 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) urg: bool,
    pub(super) ece: bool,
    pub(super) cwr: bool,
}

/// The two bits of ECN in the IP header (RFC 3168 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Codepoint {
    #[default]
    NotCapable,
    Capable,
    CongestionExperienced,
}

/// A segment whose checksums are right.
#[derive(Clone, Debug)]
pub(super) struct Segment<'a> {
    pub(super) source: SocketAddrV4,
    pub(super) destination: SocketAddrV4,
    pub(super) sequence: u32,
    /// The field; it means something with ACK only.
    pub(super) acknowledgment: u32,
    pub(super) flags: Flags,
    pub(super) window: u16,
    pub(super) options: Options,
    pub(super) payload: &'a [u8],
    pub(super) codepoint: Codepoint,
}

impl Segment<'_> {
    /// SEG.LEN: SYN and FIN count.
    pub(super) fn length(&self) -> i64 {
        self.data_length() + i64::from(self.flags.syn) + i64::from(self.flags.fin)
    }

    /// How many bytes of text it has.
    pub(super) fn data_length(&self) -> i64 {
        i64::try_from(self.payload.len()).unwrap_or(i64::MAX)
    }
}
