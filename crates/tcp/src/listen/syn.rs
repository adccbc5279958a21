//! What a listener looks at of a SYN. Its data is not among it: the client sends that again.

use crate::{ArrivalTime, Segment};
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};

/// A SYN at a listener.
#[derive(Clone, Copy, Debug)]
pub struct Syn<'a> {
    /// SEG.SEQ.
    pub seq: SeqNum,
    /// The control bits.
    pub flags: TcpFlags,
    /// The options.
    pub options: &'a TcpOptions,
    /// What its packet says of congestion.
    pub ecn: Ecn,
    /// When it came.
    pub time: ArrivalTime,
}

impl<'a> From<&'a Segment> for Syn<'a> {
    fn from(segment: &'a Segment) -> Self {
        Self {
            seq: segment.seq,
            flags: segment.flags,
            options: &segment.options,
            ecn: segment.ecn,
            time: segment.time,
        }
    }
}
