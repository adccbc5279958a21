//! Frames by hand: a template, the fields that change, and checksums from sums that were made beforehand. Written apart
//! from `periplus-wire`, so that the two cannot share a mistake.
//!
//! ```text
//!  0          14       34        54 (66)                                 end of slot
//!  +----------+--------+---------+------------------------------+     +-----+
//!  | Ethernet | IPv4   | TCP     | payload, written once        | ... | its |
//!  |          |        | (+ TS)  |                              |     | sum |
//!  +----------+--------+---------+------------------------------+     +-----+
//! ```
//!
//! A NIC writes payloads without the CPU; so does the script nearly: a payload stays in its slot of the ring, with its sum
//! behind it, and only headers are written for each frame. A payload begins with the bytes of the SYN's options, so that
//! a SYN in the same slot leaves it as it was.

use super::{CLIENT, CLIENT_ETHERNET, End, PORT, SERVER, SERVER_ETHERNET, WINDOW_SHIFT};
use crate::content::Random;

/// Bytes of a slot of the ring, for frames of an Ethernet.
pub(crate) const SLOT: usize = 2048;
/// Bytes at its end, where it keeps the sum of its payload.
const PAYLOAD_SUM: usize = 4;

pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(super) const RST: u8 = 0x04;
pub(super) const PSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;

/// Where fields are.
pub(super) const ETHERTYPE: usize = 12;
const IP: usize = 14;
const TCP: usize = 34;
/// Bytes of the headers without options.
const PLAIN: usize = 54;
/// Bytes of the timestamps option with its padding, and of the headers with it.
const TIMESTAMPS: usize = 12;
const LONGEST: usize = PLAIN + TIMESTAMPS;

/// MSS, padding and SACK-permitted, padding and window scale. What the MSS is stands in the headers.
const SYN_OPTIONS: [u8; 12] = [2, 4, 0, 0, 1, 1, 4, 2, 1, 3, 3, WINDOW_SHIFT];

/// What changes from segment to segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: u8,
    pub(super) window: u16,
    /// TSval and TSecr, where there are timestamps.
    pub(super) timestamps: (u32, u32),
    pub(super) length: usize,
}

/// The headers of every connection.
#[derive(Debug)]
pub(super) struct Headers {
    bytes: [u8; LONGEST],
    syn_options: [u8; 12],
    timestamps: bool,
    /// Sums of what does not change: of the IPv4 header, of pseudo-header, TCP header and options, and of a SYN's options
    /// with what they add to the header's length field.
    ip_sum: u32,
    tcp_sum: u32,
    syn_sum: u32,
}

impl Headers {
    pub(super) fn new(timestamps: bool, mss: u16) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..6].copy_from_slice(&SERVER_ETHERNET);
        bytes[6..12].copy_from_slice(&CLIENT_ETHERNET);
        put_u16(&mut bytes, ETHERTYPE, 0x0800);
        bytes[IP] = 0x45;
        put_u16(&mut bytes, IP + 6, 0x4000); // Don't Fragment
        bytes[IP + 8] = 64;
        bytes[IP + 9] = 6;
        bytes[IP + 16..IP + 20].copy_from_slice(&SERVER.octets());
        put_u16(&mut bytes, TCP + 2, PORT);
        bytes[TCP + 12] = if timestamps { 8 << 4 } else { 5 << 4 };
        if timestamps {
            bytes[PLAIN..PLAIN + 4].copy_from_slice(&[1, 1, 8, 10]);
        }
        let mut syn_options = SYN_OPTIONS;
        put_u16(&mut syn_options, 2, mss);
        Self {
            ip_sum: words(&bytes[IP..TCP]),
            tcp_sum: words(&bytes[IP + 16..TCP]) + 6 + words(&bytes[TCP..]),
            syn_sum: words(&syn_options) + ((SYN_OPTIONS.len() as u32 / 4) << 12),
            bytes,
            syn_options,
            timestamps,
        }
    }

    pub(super) fn has_timestamps(&self) -> bool {
        self.timestamps
    }

    fn length(&self) -> usize {
        PLAIN + if self.timestamps { TIMESTAMPS } else { 0 }
    }

    /// Fills a slot with `length` bytes of payload and their sum.
    pub(super) fn fill_payload(&self, slot: &mut [u8], length: usize, random: &mut Random) {
        let payload = &mut slot[self.length()..self.length() + length];
        random.fill(payload);
        if !self.timestamps && length >= SYN_OPTIONS.len() {
            payload[..SYN_OPTIONS.len()].copy_from_slice(&self.syn_options);
        }
        let sum = words(payload);
        let end = slot.len() - PAYLOAD_SUM;
        slot[end..].copy_from_slice(&sum.to_le_bytes());
    }

    /// Writes the headers of `segment`, which `end` sends, before the payload in `slot`. Returns the frame's length.
    #[inline]
    pub(super) fn write(&self, slot: &mut [u8], end: End, segment: &Segment) -> usize {
        let mut sum = 0;
        if segment.length > 0 {
            let at = slot.len() - PAYLOAD_SUM;
            sum = fold(u32_le_at(slot, at)).into();
        }
        self.write_before(slot, end, segment, sum)
    }

    /// The same, before what has this `sum`.
    #[inline(always)]
    fn write_before(&self, slot: &mut [u8], end: End, segment: &Segment, mut sum: u32) -> usize {
        let Segment {
            seq,
            ack,
            flags,
            window,
            timestamps: (value, echo),
            length,
        } = *segment;
        let slot: &mut [u8; LONGEST] = slot.first_chunk_mut().expect("a slot of the ring");
        let headers = self.length();
        sum += self.tcp_sum;
        if self.timestamps {
            slot.copy_from_slice(&self.bytes);
            put_u32(slot, PLAIN + 4, value);
            put_u32(slot, PLAIN + 8, echo);
            sum += halves(value) + halves(echo);
        } else {
            slot[..PLAIN].copy_from_slice(&self.bytes[..PLAIN]);
        }
        let (address, port) = end;
        let total = headers - IP + length;
        put_u16(slot, IP + 2, total as u16);
        put_u16(
            slot,
            IP + 10,
            !fold(self.ip_sum + halves(address) + total as u32),
        );
        put_u32(slot, IP + 12, address);
        put_u16(slot, TCP, port);
        put_u32(slot, TCP + 4, seq);
        put_u32(slot, TCP + 8, ack);
        slot[TCP + 13] = flags;
        put_u16(slot, TCP + 14, window);
        sum += halves(seq) + halves(ack) + u32::from(flags) + u32::from(window);
        sum += halves(address) + u32::from(port) + (total - 20) as u32;
        put_u16(slot, TCP + 16, !fold(sum));
        headers + length
    }

    /// Writes a SYN that `end` sends. Returns the frame's length.
    pub(super) fn write_syn(&self, slot: &mut [u8], end: End, seq: u32, now: u32) -> usize {
        let options = &self.syn_options;
        let syn = Segment {
            seq,
            ack: 0,
            flags: SYN,
            window: u16::MAX,
            timestamps: (now, 0),
            length: options.len(),
        };
        let length = self.write_before(slot, end, &syn, self.syn_sum);
        slot[TCP + 12] += (options.len() as u8 / 4) << 4;
        slot[length - options.len()..length].copy_from_slice(options);
        length
    }
}

/// Writes an ARP packet of the client's about itself, to the server. Returns the frame's length.
pub(super) fn write_arp(slot: &mut [u8], operation: u16) -> usize {
    slot[..6].copy_from_slice(&SERVER_ETHERNET);
    slot[6..12].copy_from_slice(&CLIENT_ETHERNET);
    put_u16(slot, ETHERTYPE, 0x0806);
    slot[14..20].copy_from_slice(&[0, 1, 8, 0, 6, 4]);
    put_u16(slot, 20, operation);
    slot[22..28].copy_from_slice(&CLIENT_ETHERNET);
    slot[28..32].copy_from_slice(&CLIENT.octets());
    slot[32..38].copy_from_slice(&SERVER_ETHERNET);
    slot[38..42].copy_from_slice(&SERVER.octets());
    42
}

pub(super) fn is_arp_request(frame: &[u8]) -> bool {
    u16_at(frame, ETHERTYPE) == 0x0806 && u16_at(frame, 20) == 1
}

/// TSval, if the options have it.
pub(super) fn timestamp(options: &[u8]) -> Option<u32> {
    match *option(options, 8)? {
        [a, b, c, d, ..] => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

pub(super) fn has_window_scale(options: &[u8]) -> bool {
    option(options, 3).is_some()
}

/// What the option of this kind says.
fn option(mut options: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        match *options {
            [1, ref rest @ ..] => options = rest,
            [0, ..] => return None,
            [kind, length, ref rest @ ..] if kind == wanted => {
                return rest.get(..usize::from(length) - 2);
            }
            [_, length, ..] => options = options.get(length.max(2).into()..)?,
            _ => return None,
        }
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u32_le_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn put_u16(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
}

fn put_u32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

/// The sum of the 16-bit words of `bytes`, not folded.
pub(crate) fn words(bytes: &[u8]) -> u32 {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let words = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    let last = odd.first().map_or(0, |&last| u32::from(last) << 8);
    words.map(u32::from).sum::<u32>() + last
}

fn halves(value: u32) -> u32 {
    (value >> 16) + (value & 0xffff)
}

fn fold(sum: u32) -> u16 {
    let sum = halves(halves(sum));
    sum as u16
}
