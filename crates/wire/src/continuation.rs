//! Which frames continue a segment: those with the same headers, whose data comes next (what generic receive offload compares, as
//! Linux's `tcp_gro_receive` does).

use crate::checksum::Sum;
use crate::ordinary::{END, ENDS, ENDS_LENGTH, NETWORK, OrdinaryHeaders, TRANSPORT};
use crate::tcp::{MAX_OPTIONS_LENGTH, TcpFlags};
use crate::{SeqNum, ipv4};
use std::ops::Range;
use zerocopy::{FromBytes, IntoBytes};

#[cfg(test)]
mod tests;

/// Ethernet's header, version and length of IPv4's, and the DS field with its ECN code point.
const FIRST: usize = 0;
/// Whether it may be cut, time to live and protocol.
const FRAGMENT: usize = NETWORK + 6;
/// SEG.ACK, where the data begins, the control bits and SEG.WND, in one word.
const ACKNOWLEDGMENT: usize = TRANSPORT + 8;
/// That word without PSH.
const BUT_PUSH: u64 = !((TcpFlags::PSH.0 as u64) << 16);

/// The headers of a segment, and where the next begins.
#[derive(Clone, Debug)]
pub struct Continuation {
    headers: [u8; END],
    options: [u8; MAX_OPTIONS_LENGTH],
    options_length: usize,
    /// Of the addresses and the protocol.
    pseudo_header: Sum,
    next: SeqNum,
}

/// What a frame brings that continues a segment.
#[derive(Clone, Debug)]
pub struct Continued {
    /// Where in the frame its data lies.
    pub text: Range<usize>,
    /// The control bits.
    pub flags: TcpFlags,
}

impl Continuation {
    /// What continues the segment with these headers and `options`.
    #[inline]
    pub fn of(headers: &OrdinaryHeaders, options: &[u8]) -> Self {
        let (source, destination) = headers.addresses();
        let mut continuation = Self {
            pseudo_header: Sum::pseudo_header(source.into(), destination.into(), ipv4::TCP, 0),
            headers: [0; END],
            options: [0; MAX_OPTIONS_LENGTH],
            options_length: options.len(),
            next: headers.tcp().sequence() + headers.payload_length() as u32,
        };
        continuation.headers.copy_from_slice(headers.as_bytes());
        continuation.options[..options.len()].copy_from_slice(options);
        continuation
    }

    /// What `frame` brings, if it continues what came before: data that comes next, at most `most` bytes, under a header that says
    /// nothing else but that it was pushed. The TCP checksum is not looked at.
    #[inline]
    pub fn find(&self, frame: &[u8], most: usize) -> Option<Continued> {
        let bytes: &[u8; END] = frame.first_chunk()?;
        let is_alike = self.is_same::<16>(bytes, FIRST)
            && self.is_same::<ENDS_LENGTH>(bytes, ENDS)
            && self.is_same::<4>(bytes, FRAGMENT)
            && (word(&self.headers) ^ word(bytes)) & BUT_PUSH == 0;
        let headers = OrdinaryHeaders::ref_from_bytes(bytes).ok()?;
        if !is_alike || headers.tcp().sequence() != self.next {
            return None;
        }
        let start = END + self.options_length;
        let end = NETWORK + headers.total_length();
        let has_text = start < end && end <= frame.len() && end - start <= most;
        if !has_text || !self.has_options(&frame[END..start]) {
            return None;
        }
        let mut sum = Sum::new();
        sum.add_array::<{ ipv4::HEADER_LENGTH }>(bytes[NETWORK..].first_chunk()?);
        let flags = headers.tcp().flags();
        let text = start..end;
        (sum.finish() == 0).then_some(Continued { text, flags })
    }

    /// Whether the segment found in `frame` holds its correct checksum (RFC 9293 3.1).
    #[inline]
    pub fn is_checksum_right(&self, frame: &[u8], found: &Continued) -> bool {
        let segment = &frame[TRANSPORT..found.text.end];
        let mut sum = self.pseudo_header;
        sum.add_u32(segment.len() as u32);
        sum.add(segment);
        sum.finish() == 0
    }

    /// The segment found was taken, and the next is looked for after it.
    #[inline]
    pub fn advance(&mut self, found: &Continued) {
        self.next += found.text.len() as u32;
    }

    #[inline]
    fn has_options(&self, options: &[u8]) -> bool {
        options.is_empty() || *options == self.options[..self.options_length]
    }

    #[inline]
    fn is_same<const N: usize>(&self, other: &[u8; END], at: usize) -> bool {
        self.headers[at..at + N] == other[at..at + N]
    }
}

#[inline]
fn word(headers: &[u8; END]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&headers[ACKNOWLEDGMENT..ACKNOWLEDGMENT + 8]);
    u64::from_be_bytes(word)
}
