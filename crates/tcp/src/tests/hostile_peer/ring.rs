//! The way out.

use super::byte;
use crate::{Emit, RingFull, SegmentHeader};
use periplus_wire::SeqNum;
use periplus_wire::tcp::TcpFlags;

/// A frame of text on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) fin: bool,
    pub(super) value: Option<u32>,
}

/// Takes segments while it has room, and looks at their bytes.
pub(super) struct Ring {
    pub(super) iss: SeqNum,
    pub(super) room: usize,
    pub(super) longest: usize,
    pub(super) frames: Vec<Text>,
}

impl Emit for Ring {
    fn largest_payload(&self, segment_size: usize) -> usize {
        segment_size * self.longest
    }

    fn segment(
        &mut self,
        header: &SegmentHeader,
        payload: &[&[u8]],
        segment_size: usize,
    ) -> Result<(), RingFull> {
        if self.room == 0 {
            return Err(RingFull);
        }
        self.room -= 1;
        let first = u64::from(header.seq - (self.iss + 1));
        let bytes: Vec<u8> = payload.concat();
        let fin = header.flags.contains(TcpFlags::FIN);
        if header.flags.contains(TcpFlags::SYN) || bytes.is_empty() && !fin {
            return Ok(());
        }
        for (at, &found) in (first..).zip(&bytes) {
            assert_eq!(found, byte(at), "at {at}");
        }
        let end = first + bytes.len() as u64;
        let mut start = first;
        loop {
            let next = end.min(start + segment_size.max(1) as u64);
            self.frames.push(Text {
                start,
                end: next,
                fin: fin && next == end,
                value: header.options.timestamps.map(|t| t.value),
            });
            start = next;
            if start >= end {
                return Ok(());
            }
        }
    }
}
