//! The TCP options (RFC 9293 3.2, RFC 7323, RFC 2018).

use super::SackBlocks;
use crate::SeqNum;
use crate::checksum::Sum;
use std::mem::take;

mod read;
#[cfg(test)]
mod tests;

/// Most bytes of options a header has room for.
pub const MAX_OPTIONS_LENGTH: usize = 40;

/// The largest window scale; a larger one is taken for this (RFC 7323 2.3).
pub const MAX_WINDOW_SCALE: u8 = 14;

const END_OF_OPTION_LIST: u8 = 0;
const NO_OPERATION: u8 = 1;
const MAXIMUM_SEGMENT_SIZE: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;

/// The word before the numbers of a timestamps option, where nothing shares it, and bytes of both (RFC 7323 appendix A).
const TIMESTAMPS_ALONE: [u8; 4] = [NO_OPERATION, NO_OPERATION, TIMESTAMPS, 10];
const TIMESTAMPS_LENGTH: usize = 12;

/// Bytes of a SACK option, padding included, before its blocks.
const SACK_BASE: usize = 4;
const SACK_BLOCK: usize = 8;

/// How a SYN's options follow one another. RFC 9293 leaves it to the sender, and fingerprints are made of it. Beyond the SYN
/// both write the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OptionOrder {
    /// MSS, SACK-permitted, timestamps, window scale.
    #[default]
    Linux,
    /// MSS, window scale, SACK-permitted, timestamps.
    FreeBsd,
}

/// The timestamps option (RFC 7323 3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Timestamps {
    /// TSval: the sender's clock.
    pub value: u32,
    /// TSecr: the newest of the receiver's clock that the sender has seen; of no meaning without ACK.
    pub echo_reply: u32,
}

/// The options of a segment. MSS, window scale and SACK-permitted mean something in a SYN only; that is for
/// the reader to observe.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TcpOptions {
    /// Most data the sender takes in a segment (RFC 9293 3.7.1).
    pub mss: Option<u16>,
    /// By how many bits the sender's windows are shifted, at most [`MAX_WINDOW_SCALE`] (RFC 7323 2.2).
    pub window_scale: Option<u8>,
    /// The sender understands SACK (RFC 2018 2).
    pub sack_permitted: bool,
    /// What the sender has received beyond the acknowledgment (RFC 2018 3).
    pub sack: SackBlocks,
    /// The sender's clock and its echo.
    pub timestamps: Option<Timestamps>,
    /// How they are written. Not read: a segment that was parsed says [`OptionOrder::Linux`].
    pub order: OptionOrder,
}

impl TcpOptions {
    /// Bytes [`write`](Self::write) fills: a multiple of 4, at most [`MAX_OPTIONS_LENGTH`].
    #[inline]
    pub fn encoded_length(&self) -> usize {
        if !self.has_timestamps_at_most() {
            return self.length_of_each();
        }
        match self.timestamps {
            None => 0,
            Some(_) => TIMESTAMPS_LENGTH,
        }
    }

    /// Nearly every segment after the SYN has timestamps or nothing.
    #[inline(always)]
    fn has_timestamps_at_most(&self) -> bool {
        self.sack.is_empty()
            && self.mss.is_none()
            && self.window_scale.is_none()
            && !self.sack_permitted
    }

    #[inline]
    fn length_of_each(&self) -> usize {
        self.length_without_sack() + self.sack_length()
    }

    /// [`write`](Self::write) to the whole of `out`, which is [`encoded_length`](Self::encoded_length) long, and adds to `sum`,
    /// of an even number of bytes, what was written.
    ///
    /// # Panics
    /// If `out` is shorter than that.
    #[inline]
    pub fn write_and_sum(&self, out: &mut [u8], sum: &mut Sum) {
        match (out.len(), self.timestamps) {
            (0, _) => {}
            (TIMESTAMPS_LENGTH, Some(timestamps)) if !self.sack_permitted => {
                let words = [
                    u32::from_be_bytes(TIMESTAMPS_ALONE),
                    timestamps.value,
                    timestamps.echo_reply,
                ];
                for (place, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(words) {
                    *place = word.to_be_bytes();
                    sum.add_u32(word);
                }
            }
            _ => {
                self.write_each(out, sum);
            }
        }
    }

    /// Bytes that [`write`](Self::write) fills with SACK blocks, as many as find room beside the other options.
    #[inline]
    pub fn sack_length(&self) -> usize {
        match self.sack_blocks_that_fit() {
            0 => 0,
            blocks => SACK_BASE + blocks * SACK_BLOCK,
        }
    }

    /// Writes the options to the front of `out`, laid out as a widespread system does (middleboxes have seen that often),
    /// every option's numbers aligned to four bytes. Returns [`encoded_length`](Self::encoded_length). SACK
    /// blocks that find no room are left out (RFC 2018 3).
    ///
    /// # Panics
    /// If `out` is shorter than that.
    pub fn write(&self, out: &mut [u8]) -> usize {
        let room = out.len();
        room - self.write_each(out, &mut Sum::new()).len()
    }

    /// [`write`](Self::write), adds to `sum`, of an even number of bytes, what was written, and returns what is left of `out`.
    fn write_each<'a>(&self, out: &'a mut [u8], sum: &mut Sum) -> &'a mut [u8] {
        let mut places = out;
        let mut word = |bytes: [u8; 4]| {
            let (place, rest) = take(&mut places).split_at_mut(4);
            place.copy_from_slice(&bytes);
            sum.add_array(&bytes);
            places = rest;
        };
        if let Some(mss) = self.mss {
            let [high, low] = mss.to_be_bytes();
            word([MAXIMUM_SEGMENT_SIZE, 4, high, low]);
        }
        let window_scale = self
            .window_scale
            .map(|shift| [NO_OPERATION, WINDOW_SCALE, 3, shift.min(MAX_WINDOW_SCALE)]);
        if let (OptionOrder::FreeBsd, Some(window_scale)) = (self.order, window_scale) {
            word(window_scale);
        }
        match (self.timestamps, self.sack_permitted, self.order) {
            (Some(_), true, _) => word([SACK_PERMITTED, 2, TIMESTAMPS, 10]),
            (Some(_), false, _) => word(TIMESTAMPS_ALONE),
            (None, true, OptionOrder::Linux) => {
                word([NO_OPERATION, NO_OPERATION, SACK_PERMITTED, 2])
            }
            (None, true, OptionOrder::FreeBsd) => {
                let padding = match self.sack_blocks_that_fit() {
                    0 => END_OF_OPTION_LIST,
                    _ => NO_OPERATION,
                };
                word([SACK_PERMITTED, 2, padding, padding]);
            }
            (None, false, _) => {}
        }
        if let Some(timestamps) = self.timestamps {
            word(timestamps.value.to_be_bytes());
            word(timestamps.echo_reply.to_be_bytes());
        }
        if let (OptionOrder::Linux, Some(window_scale)) = (self.order, window_scale) {
            word(window_scale);
        }
        let blocks = self.sack_blocks_that_fit();
        if blocks > 0 {
            word([
                NO_OPERATION,
                NO_OPERATION,
                SACK,
                (2 + blocks * SACK_BLOCK) as u8,
            ]);
        }
        for (left, right) in self.sack.iter().take(blocks) {
            word(left.0.to_be_bytes());
            word(right.0.to_be_bytes());
        }
        places
    }

    #[inline]
    fn length_without_sack(&self) -> usize {
        let sack_permitted_alone = self.sack_permitted && self.timestamps.is_none();
        4 * usize::from(self.mss.is_some())
            + TIMESTAMPS_LENGTH * usize::from(self.timestamps.is_some())
            + 4 * usize::from(sack_permitted_alone)
            + 4 * usize::from(self.window_scale.is_some())
    }

    #[inline]
    fn sack_blocks_that_fit(&self) -> usize {
        let room = MAX_OPTIONS_LENGTH - self.length_without_sack() - SACK_BASE;
        self.sack.len().min(room / SACK_BLOCK)
    }
}
