//! Reading options that a stranger wrote.

use super::*;

/// Options in a word of their own, or before two of timestamps.
const SMALLEST_SIZE: u32 = u32::from_be_bytes([MAXIMUM_SEGMENT_SIZE, 4, 0, 1]);
const LARGEST_SIZE: u32 = SMALLEST_SIZE | 0xffff;
const SHIFT_BY_0: u32 = u32::from_be_bytes([NO_OPERATION, WINDOW_SCALE, 3, 0]);
const SHIFT_BY_255: u32 = SHIFT_BY_0 | 0xff;
const SACK_PERMITTED_ALONE: u32 =
    u32::from_be_bytes([NO_OPERATION, NO_OPERATION, SACK_PERMITTED, 2]);
const SACK_PERMITTED_AND_TIMESTAMPS: u32 = u32::from_be_bytes([SACK_PERMITTED, 2, TIMESTAMPS, 10]);

impl TcpOptions {
    /// The options in `bytes`. Never fails: an option that is unknown or not of its proper length is skipped,
    /// and a length that cannot be (less than 2, or beyond the end) ends the list, with what was read before
    /// it kept. RFC 9293 3.1 (MUST-6, MUST-7) asks for as much; in what it keeps this sides with Linux.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut options = Self::default();
        options.read(bytes);
        options
    }

    /// [`parse`](Self::parse) into options of which there are none so far: what was written field by field is not copied at once, for
    /// which the processor would wait.
    #[inline]
    pub fn read(&mut self, bytes: &[u8]) {
        match bytes.as_chunks::<4>().0 {
            [] if bytes.is_empty() => {}
            // Timestamps as everybody writes them: nearly every segment has these or none (RFC 7323 appendix A).
            [TIMESTAMPS_ALONE, value, echo_reply] if bytes.len() == TIMESTAMPS_LENGTH => {
                self.timestamps = Some(Timestamps {
                    value: u32::from_be_bytes(*value),
                    echo_reply: u32::from_be_bytes(*echo_reply),
                });
            }
            _ => self.read_each(bytes),
        }
    }

    #[inline(never)]
    pub(super) fn read_each(&mut self, bytes: &[u8]) {
        let mut rest = self.take_words(bytes);
        while let Some((kind, data, after)) = next_option(rest) {
            self.take(kind, data);
            rest = after;
        }
    }

    /// Takes the options of a SYN as nearly everybody lays them out, each in words of its own: a word costs a comparison. Returns
    /// what is behind them, or laid out otherwise.
    #[inline]
    fn take_words<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut rest = bytes;
        while let Some((word, after)) = rest.split_first_chunk::<4>() {
            let word = u32::from_be_bytes(*word);
            rest = match word {
                SMALLEST_SIZE..=LARGEST_SIZE => {
                    self.mss = Some(word as u16);
                    after
                }
                SHIFT_BY_0..=SHIFT_BY_255 => {
                    self.window_scale = Some((word as u8).min(MAX_WINDOW_SCALE));
                    after
                }
                SACK_PERMITTED_ALONE => {
                    self.sack_permitted = true;
                    after
                }
                SACK_PERMITTED_AND_TIMESTAMPS => {
                    let Some((&[a, b, c, d, e, f, g, h], after)) = after.split_first_chunk() else {
                        return rest;
                    };
                    self.sack_permitted = true;
                    self.timestamps = Some(Timestamps {
                        value: u32::from_be_bytes([a, b, c, d]),
                        echo_reply: u32::from_be_bytes([e, f, g, h]),
                    });
                    after
                }
                _ => return rest,
            };
        }
        rest
    }

    pub(super) fn take(&mut self, kind: u8, data: &[u8]) {
        match (kind, data) {
            // a size of 0 would stop all sending: as if it were not there
            (MAXIMUM_SEGMENT_SIZE, &[high, low]) if (high, low) != (0, 0) => {
                self.mss = Some(u16::from_be_bytes([high, low]));
            }
            (WINDOW_SCALE, &[shift]) => self.window_scale = Some(shift.min(MAX_WINDOW_SCALE)),
            (SACK_PERMITTED, []) => self.sack_permitted = true,
            (SACK, blocks) => self.take_sack(blocks),
            (TIMESTAMPS, &[a, b, c, d, e, f, g, h]) => {
                self.timestamps = Some(Timestamps {
                    value: u32::from_be_bytes([a, b, c, d]),
                    echo_reply: u32::from_be_bytes([e, f, g, h]),
                });
            }
            _ => {}
        }
    }

    fn take_sack(&mut self, data: &[u8]) {
        let (edges, odd) = data.as_chunks::<4>();
        if !odd.is_empty() || edges.len() % 2 != 0 {
            return;
        }
        self.sack = SackBlocks::new();
        let mut edges = edges.iter().map(|&edge| SeqNum(u32::from_be_bytes(edge)));
        while let (Some(left), Some(right)) = (edges.next(), edges.next()) {
            self.sack.push(left, right);
        }
    }
}

/// The next option's kind and data, and what follows it.
pub(super) fn next_option(mut bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    loop {
        match bytes {
            [] | [END_OF_OPTION_LIST, ..] => return None,
            [NO_OPERATION, rest @ ..] => bytes = rest,
            &[kind, length, ..] => {
                let option = bytes.get(2..length.into())?;
                return Some((kind, option, &bytes[length.into()..]));
            }
            [_kind_without_length] => return None,
        }
    }
}
