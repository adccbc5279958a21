//! Segments as the machine sees them: headers taken apart, payload still in its frames.

use periplus_journey::Instant;
use periplus_ring::RxFrame;
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};
use std::time::Duration;

/// The payload of an arriving segment: the rest of its first frame and the frames chained to it.
#[derive(Debug, Default)]
pub struct Payload {
    first: Option<RxFrame>,
    rest: Vec<RxFrame>,
    length: usize,
}

impl Payload {
    /// The payload made of `first`, already cut to it, and of the chain after it.
    #[inline]
    pub fn new(first: RxFrame, rest: Vec<RxFrame>) -> Self {
        let mut length = first.len();
        if !rest.is_empty() {
            length += rest.iter().map(RxFrame::len).sum::<usize>();
        }
        Self {
            first: Some(first),
            rest,
            length,
        }
    }

    /// Bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Cuts `count` bytes off the front.
    pub fn advance(&mut self, mut count: usize) {
        count = count.min(self.length);
        self.length -= count;
        for frame in self.first.iter_mut().chain(&mut self.rest) {
            let cut = count.min(frame.len());
            frame.advance(cut);
            count -= cut;
        }
    }

    /// Keeps the first `length` bytes.
    #[inline]
    pub fn truncate(&mut self, length: usize) {
        if length < self.length {
            self.cut_to(length);
        }
    }

    fn cut_to(&mut self, length: usize) {
        self.length = length;
        let mut left = length;
        for frame in self.first.iter_mut().chain(&mut self.rest) {
            let keep = left.min(frame.len());
            frame.truncate(keep);
            left -= keep;
        }
    }

    /// The one frame that it lies in, if it is but one.
    #[inline]
    pub(crate) fn take_only_frame(&mut self) -> Option<RxFrame> {
        if !self.rest.is_empty() {
            return None;
        }
        self.length = 0;
        self.first.take()
    }

    /// The frames that still hold bytes, in order.
    pub fn into_frames(self) -> impl Iterator<Item = RxFrame> {
        self.first
            .into_iter()
            .chain(self.rest)
            .filter(|frame| !frame.is_empty())
    }
}

/// When a frame came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArrivalTime {
    /// When the device wrote it into the ring; where the device gives no stamp, when it was taken.
    pub arrived: Instant,
    /// When the shard took it off the ring. `None` where the device gives no stamp.
    pub taken: Option<Instant>,
    /// Where the device gives no stamp: time since the shard last saw its ring empty.
    pub rx_ring_at_most: Option<Duration>,
}

/// An arriving segment. Fields by their names in RFC 9293, section 3.3.1.
#[derive(Debug)]
pub struct Segment {
    /// SEG.SEQ.
    pub seq: SeqNum,
    /// SEG.ACK; valid where the ACK flag is set.
    pub ack: SeqNum,
    /// SEG.WND as on the wire, not scaled.
    pub wnd: u16,
    /// The control bits.
    pub flags: TcpFlags,
    /// The options.
    pub options: TcpOptions,
    /// What its packet says of congestion (RFC 3168).
    pub ecn: Ecn,
    /// The text.
    pub payload: Payload,
    /// When it came.
    pub time: ArrivalTime,
}

impl Segment {
    /// SEG.LEN: sequence numbers it occupies, SYN and FIN included.
    #[inline]
    pub fn len(&self) -> u32 {
        self.payload.len() as u32
            + u32::from(self.has(TcpFlags::SYN))
            + u32::from(self.has(TcpFlags::FIN))
    }

    /// Whether it occupies no sequence number.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a control bit is set.
    #[inline]
    pub fn has(&self, flag: TcpFlags) -> bool {
        self.flags.contains(flag)
    }
}

/// The header of a segment to send. Ports and addresses are the flow's, payload and checksum the sender's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// SEG.SEQ.
    pub seq: SeqNum,
    /// SEG.ACK, where the ACK flag is set.
    pub ack: SeqNum,
    /// The control bits.
    pub flags: TcpFlags,
    /// SEG.WND as on the wire, already shifted.
    pub wnd: u16,
    /// The options.
    pub options: TcpOptions,
    /// The ECN field of its packet.
    pub ecn: Ecn,
}
