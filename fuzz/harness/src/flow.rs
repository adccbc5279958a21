//! A flow as its peer sees it: the numbers of both directions, and what was sent.

use crate::content::{contents, is_content};
use crate::segment::{PEER, STACK, Segment};
use periplus_wire::SeqNum;
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use std::net::SocketAddrV4;

/// Pieces of text and SYNs that are kept of a flow. One that has more is not judged any further.
const KEPT: usize = 256;

/// What was seen of a flow.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) peer_port: u16,
    pub(crate) stack_port: u16,
    /// The number that the peer sends next.
    pub(crate) nxt: SeqNum,
    /// What the stack acknowledged last, and the furthest edge that it has offered.
    pub(crate) told: SeqNum,
    pub(crate) edge: SeqNum,
    /// The number that the stack sends next, as far as was seen, and what the peer has acknowledged of it.
    pub(crate) stack_nxt: SeqNum,
    pub(crate) una: SeqNum,
    /// The stack's last TSval; none where its SYN had none.
    pub(crate) timestamp: Option<u32>,
    /// Bytes that the backend has written, the most of all connections that the flow had.
    pub(crate) written: u64,
    /// Numbers of the first byte of text after each SYN, of the peer and of the stack.
    starts: Vec<SeqNum>,
    stack_starts: Vec<SeqNum>,
    shift: u8,
    /// The stack has acknowledged something.
    is_told: bool,
    /// The stack's SYN had timestamps.
    offers_timestamps: bool,
    /// The peer has sent a FIN, or timestamps that were not agreed on: then it may find a window another.
    has_ended: bool,
    /// Text that the peer has sent.
    sent: Vec<(SeqNum, u32)>,
    /// The peer has sent text that is not [`content`](crate::content), or more than was kept.
    is_tainted: bool,
}

impl Flow {
    pub(crate) fn new(peer_port: u16, stack_port: u16) -> Self {
        // So near the end of the sequence space that it is crossed.
        let iss = SeqNum(u32::MAX - 200) + u32::from(peer_port & 7) * 40;
        Self {
            peer_port,
            stack_port,
            nxt: iss,
            told: iss,
            edge: iss,
            stack_nxt: SeqNum(0),
            una: SeqNum(0),
            timestamp: None,
            written: 0,
            starts: Vec::new(),
            stack_starts: Vec::new(),
            shift: 0,
            is_told: false,
            offers_timestamps: false,
            has_ended: false,
            sent: Vec::new(),
            is_tainted: false,
        }
    }

    /// The peer's next segment, with `length` bytes of text, and without options.
    pub(crate) fn segment(&self, flags: TcpFlags, length: usize) -> Segment {
        let text_start = self.nxt + u32::from(flags.contains(TcpFlags::SYN));
        let acknowledges = flags.contains(TcpFlags::ACK);
        Segment {
            source: SocketAddrV4::new(PEER, self.peer_port),
            destination: SocketAddrV4::new(STACK, self.stack_port),
            sequence: self.nxt,
            acknowledgment: if acknowledges {
                self.stack_nxt
            } else {
                SeqNum(0)
            },
            flags,
            window: 8192,
            options: Vec::new(),
            ecn: 0,
            text: contents(text_start.0, length),
        }
    }

    /// The peer sends a segment.
    pub(crate) fn peer_sends(&mut self, segment: &Segment) {
        let mut start = segment.sequence;
        if segment.has(TcpFlags::SYN) {
            start += 1;
            note(&mut self.starts, start);
        }
        if !segment.text.is_empty() {
            self.is_tainted |= !is_content(start.0, &segment.text) || self.sent.len() >= KEPT;
            self.sent.push((start, segment.text.len() as u32));
        }
        if segment.has(TcpFlags::ACK) && !segment.has(TcpFlags::RST) {
            self.una = segment.acknowledgment;
        }
        let has_timestamps = TcpOptions::parse(&segment.options).timestamps.is_some();
        let breaks_its_word = has_timestamps && !self.offers_timestamps;
        self.has_ended |= segment.has(TcpFlags::FIN) || breaks_its_word;
        let end = start + segment.text.len() as u32 + u32::from(segment.has(TcpFlags::FIN));
        if segment.sequence == self.nxt && !segment.has(TcpFlags::RST) {
            self.nxt = end;
        }
    }

    /// The stack sends a segment.
    ///
    /// # Panics
    /// If its text is not what the backend wrote.
    pub(crate) fn stack_sends(&mut self, segment: &Segment) {
        let options = TcpOptions::parse(&segment.options);
        let mut start = segment.sequence;
        if segment.has(TcpFlags::SYN) {
            start += 1;
            note(&mut self.stack_starts, start);
            self.shift = options.window_scale.unwrap_or(0);
            self.offers_timestamps = options.timestamps.is_some();
            self.is_told = false;
            (self.una, self.stack_nxt) = (segment.sequence, start);
        }
        if segment.has(TcpFlags::RST) {
            return;
        }
        self.timestamp = options.timestamps.map(|timestamps| timestamps.value);
        if segment.has(TcpFlags::ACK) {
            if !segment.has(TcpFlags::SYN) {
                self.assert_goes_on(segment);
            }
            let shift = if segment.has(TcpFlags::SYN) {
                0
            } else {
                self.shift
            };
            let edge = segment.acknowledgment + (u32::from(segment.window) << shift);
            self.edge = if self.is_told {
                edge.max(self.edge)
            } else {
                edge
            };
            self.told = segment.acknowledgment;
            self.is_told = true;
        }
        if !segment.text.is_empty() {
            self.assert_written(start, &segment.text);
        }
        let end = start + segment.text.len() as u32 + u32::from(segment.has(TcpFlags::FIN));
        self.stack_nxt = self.stack_nxt.max(end);
    }

    /// What was acknowledged stays so, and what was offered (RFC 9293 3.8.6), but for what rounding takes. Of a peer that
    /// began more than once this cannot be said, nor of the window when nothing more can come.
    fn assert_goes_on(&self, segment: &Segment) {
        if !self.is_told || self.starts.len() != 1 || self.stack_starts.len() != 1 {
            return;
        }
        let told = segment.acknowledgment;
        assert!(
            told.at_or_after(self.told),
            "{told} is acknowledged after {}: {self:?}",
            self.told
        );
        let unit = 1 << self.shift;
        let edge = told + (u32::from(segment.window) << self.shift) + (unit - 1);
        assert!(
            self.has_ended || edge.at_or_after(self.edge),
            "the window ends at {edge}, after {}: {self:?}",
            self.edge
        );
    }

    /// Whether the peer has sent a SYN, and the stack its own, or an ACK that tells its number where the SYN/ACK was lost on the way to the
    /// link: without, there can be no connection.
    pub(crate) fn has_greeted(&self) -> bool {
        !self.starts.is_empty() && (!self.stack_starts.is_empty() || self.is_told)
    }

    fn assert_written(&self, start: SeqNum, text: &[u8]) {
        let fits = |first: &&SeqNum| {
            let offset = start - **first;
            let is_written = u64::from(offset) + text.len() as u64 <= self.written;
            is_written && is_content(self.place(offset), text)
        };
        assert!(
            self.stack_starts.iter().any(|first| fits(&first)),
            "{} bytes at {start} were never written: the streams begin at {:?}, {} bytes were written",
            text.len(),
            self.stack_starts,
            self.written
        );
    }

    /// Where the backend's bytes from `offset` on have their content.
    pub(crate) fn place(&self, offset: u32) -> u32 {
        (u32::from(self.peer_port) << 16).wrapping_add(offset)
    }

    /// The backend has read `data` at `offset` of a stream. `starts` are the numbers at which that may begin, as far as is known;
    /// those that do not fit are taken out.
    ///
    /// # Panics
    /// If it is not what the peer has sent, or the peer was not allowed to send it.
    pub(crate) fn assert_sent(&self, starts: &mut Option<Vec<SeqNum>>, offset: u32, data: &[u8]) {
        if self.is_tainted || self.starts.len() >= KEPT {
            return;
        }
        let starts = starts.get_or_insert_with(|| self.starts.clone());
        starts.retain(|&start| {
            let at = start + offset;
            is_content(at.0, data) && self.has_sent(at, data.len() as u32)
        });
        assert!(
            !starts.is_empty(),
            "{} bytes were read at {offset} that were never sent: {self:?}",
            data.len()
        );
        if let ([start], [_], [_]) = (&starts[..], &self.starts[..], &self.stack_starts[..]) {
            let end = *start + offset + data.len() as u32;
            assert!(end.at_or_before(self.edge), "beyond the window: {self:?}");
        }
    }

    fn has_sent(&self, mut at: SeqNum, length: u32) -> bool {
        let end = at + length;
        while at != end {
            let covers = |&&(start, length): &&(SeqNum, u32)| at - start < length;
            let Some((start, length)) = self.sent.iter().find(covers) else {
                return false;
            };
            at = (*start + *length).min(end);
        }
        true
    }
}

/// Adds what is not there yet.
fn note(starts: &mut Vec<SeqNum>, start: SeqNum) {
    if !starts.contains(&start) && starts.len() < KEPT {
        starts.push(start);
    }
}
