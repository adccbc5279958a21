//! The RST that a segment gets that belongs to no connection.

use crate::{Segment, SegmentHeader};
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};

/// The answer of RFC 9293, section 3.10.7.1 (CLOSED) and 3.5.2: a RST gets none, a segment with ACK gets
/// `<SEQ=SEG.ACK><CTL=RST>`, any other `<SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>`.
pub fn answer_to(segment: &Segment) -> Option<SegmentHeader> {
    answer_to_length(segment, segment.len())
}

/// The same for a segment whose payload is not attached: its SEG.LEN is `length`.
pub fn answer_to_length(segment: &Segment, length: u32) -> Option<SegmentHeader> {
    if segment.has(TcpFlags::RST) {
        return None;
    }
    let (seq, ack, flags) = if segment.has(TcpFlags::ACK) {
        (segment.ack, SeqNum::new(0), TcpFlags::RST)
    } else {
        (
            SeqNum::new(0),
            segment.seq + length,
            TcpFlags::RST | TcpFlags::ACK,
        )
    };
    Some(SegmentHeader {
        seq,
        ack,
        flags,
        wnd: 0,
        options: TcpOptions::default(),
        ecn: Ecn::NotEct,
    })
}
