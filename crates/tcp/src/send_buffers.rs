//! How the send queue is divided: into what Linux calls socket buffers (`sk_buff`).
//!
//! A write fills buffers up to the goal that half of the peer's largest window and a super-frame's length set. What is let out
//! in one go is cut off as a buffer of its own, and the last segment of it carries PSH. So the places where the stream is cut,
//! and where the receiver is told not to wait for more, are those of a Linux peer.

use periplus_journey::Instant;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// What one buffer counts beside its bytes: Linux's `truesize` of an empty one.
pub(crate) const BUFFER_OVERHEAD: usize = 1280;

/// A run of bytes that was written in one or several writes, or let out in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buffer {
    /// The stream offset of its end.
    pub(crate) end: u64,
    /// When it was let out, or the latest write to it.
    pub(crate) at: Instant,
    /// Segments it was let out as; 0 before.
    pub(crate) segments: u16,
    /// A write ended here.
    pub(crate) push: bool,
    /// Nothing may be appended: a record ends here (`MSG_EOR`).
    pub(crate) end_of_record: bool,
}

impl Buffer {
    /// Whether its last segment carries PSH. Where several segments go out together the receiver is told in any case: its
    /// merging of them need not wait for more (as on Linux).
    pub(crate) fn is_pushed(&self) -> bool {
        self.push || self.segments > 1
    }
}

/// The buffers from SND.UNA on. The first has its place here: most answers need no other.
#[derive(Clone, Debug, Default)]
pub(crate) struct SendBuffers {
    first: Option<Buffer>,
    rest: VecDeque<Buffer>,
    /// The stream offset of the first byte that is not acknowledged.
    start: u64,
    /// The stream offset up to which bytes were let out: they are sent as soon as the ring has room.
    pub(crate) released: u64,
    /// Segments let out and not acknowledged.
    pub(crate) packets_out: u32,
    /// Bytes that they may hold, as far as that has grown with the congestion window.
    pub(crate) grown: u32,
    /// The stream offset after the last segment let out that was not full (Minshall's modification of Nagle's algorithm).
    pub(crate) small: u64,
    /// The stream offset of the last push.
    pub(crate) pushed: u64,
    /// When something was last let out.
    pub(crate) latest: Option<Instant>,
    /// The FIN was let out.
    pub(crate) fin_released: bool,
    /// Everything that waits goes at the next opportunity: the options were set so.
    pub(crate) push_now: bool,
    /// Something happened that may let more out.
    pub(crate) push_due: bool,
}

impl SendBuffers {
    /// The stream offset after the last byte written.
    pub(crate) fn written(&self) -> u64 {
        self.last().map_or(self.start, |last| last.end)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    /// Bytes written and not let out.
    pub(crate) fn unreleased(&self) -> u64 {
        self.written() - self.released
    }

    fn last(&self) -> Option<&Buffer> {
        self.rest.back().or(self.first.as_ref())
    }

    fn last_mut(&mut self) -> Option<&mut Buffer> {
        self.rest.back_mut().or(self.first.as_mut())
    }

    /// The last buffer and where it begins, if nothing of it was let out.
    pub(crate) fn tail(&mut self) -> Option<(u64, &mut Buffer)> {
        let before = match self.rest.len() {
            0 => None,
            1 => self.first.as_ref(),
            length => self.rest.get(length - 2),
        };
        let start = before.map_or(self.start, |before| before.end);
        let released = self.released;
        let tail = self.last_mut().filter(|last| last.end > released)?;
        Some((start.max(released), tail))
    }

    /// A new buffer of `length` bytes at the end.
    pub(crate) fn push(&mut self, length: u32, now: Instant) {
        let buffer = Buffer {
            end: self.written() + u64::from(length),
            at: now,
            segments: 0,
            push: false,
            end_of_record: false,
        };
        if self.first.is_none() {
            self.first = Some(buffer);
        } else {
            self.rest.push_back(buffer);
        }
    }

    /// The place in `rest` of the buffer with the byte at `offset`, one more than it: 0 is `first`.
    fn place(&self, offset: u64) -> usize {
        if self.first.is_some_and(|first| offset < first.end) {
            return 0;
        }
        1 + self.rest.partition_point(|buffer| buffer.end <= offset)
    }

    fn at(&self, place: usize) -> Option<&Buffer> {
        match place {
            0 => self.first.as_ref(),
            place => self.rest.get(place - 1),
        }
    }

    /// The buffer with the byte at `offset`.
    pub(crate) fn containing(&self, offset: u64) -> Option<Buffer> {
        self.at(self.place(offset)).copied()
    }

    /// The buffer to be let out next, and whether it is the last.
    pub(crate) fn next(&self) -> Option<(Buffer, bool)> {
        let place = self.place(self.released);
        let next = self.at(place)?;
        Some((*next, place + 1 == self.len()))
    }

    /// The next buffer's first `length` bytes are let out, as `segments` segments.
    pub(crate) fn release(&mut self, length: u32, segments: u32, now: Instant) {
        let end = self.released + u64::from(length);
        let place = self.place(self.released);
        let buffer = match place {
            0 => self.first.as_mut(),
            place => self.rest.get_mut(place - 1),
        };
        let Some(buffer) = buffer else { return };
        let whole = *buffer;
        buffer.at = now;
        buffer.segments = segments.min(u32::from(u16::MAX)) as u16;
        if end < whole.end {
            // What says that something ends stays with the end.
            (buffer.end, buffer.push, buffer.end_of_record) = (end, false, false);
            self.rest.insert(place, whole);
        }
        self.released = end;
        self.packets_out += segments;
        self.latest = Some(now);
    }

    /// What was let out last is to be handed to the reader.
    pub(crate) fn push_released(&mut self) {
        let place = self.place(self.released.saturating_sub(1));
        let buffer = match place {
            0 => self.first.as_mut(),
            place => self.rest.get_mut(place - 1),
        };
        if let Some(buffer) = buffer {
            buffer.push = true;
        }
        self.pushed = self.pushed.max(self.released);
    }

    /// Everything before the stream offset `una` is acknowledged; segments have `segment_size` bytes. Returns when the oldest and
    /// the newest of what is newly acknowledged were let out.
    pub(crate) fn acknowledge(
        &mut self,
        una: u64,
        segment_size: u32,
    ) -> Option<RangeInclusive<Instant>> {
        let oldest = self.first.filter(|first| first.segments > 0);
        let newest = self.take_off(una, segment_size);
        oldest.map(|first| first.at..=newest.unwrap_or(first.at))
    }

    /// Returns when the last buffer was let out of which something is acknowledged.
    fn take_off(&mut self, una: u64, segment_size: u32) -> Option<Instant> {
        let mut newest = None;
        self.start = una;
        self.released = self.released.max(una);
        while let Some(first) = &mut self.first {
            if first.end > una {
                let left = ((first.end - una) as u32).div_ceil(segment_size) as u16;
                let acknowledged = first.segments.saturating_sub(left);
                first.segments -= acknowledged;
                self.packets_out -= u32::from(acknowledged);
                return if acknowledged > 0 {
                    Some(first.at)
                } else {
                    newest
                };
            }
            newest = Some(first.at);
            self.packets_out -= u32::from(first.segments);
            self.first = self.rest.pop_front();
        }
        self.rest = VecDeque::new(); // an idle connection is small
        newest
    }

    /// Forgets everything: the connection was reset.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::ZERO;

    fn ends(buffers: &SendBuffers) -> Vec<(u64, u16, bool)> {
        let all = buffers.first.iter().chain(&buffers.rest);
        all.map(|buffer| (buffer.end, buffer.segments, buffer.push))
            .collect()
    }

    #[test]
    fn what_is_let_out_is_cut_off_and_the_push_stays_with_the_end() {
        let mut buffers = SendBuffers::default();
        buffers.push(2500, NOW);
        buffers.tail().unwrap().1.push = true;
        buffers.release(2000, 2, NOW);
        assert_eq!(ends(&buffers), [(2000, 2, false), (2500, 0, true)]);
        assert_eq!((buffers.packets_out, buffers.unreleased()), (2, 500));
        assert_eq!(buffers.tail().unwrap().0, 2000);
        buffers.push(100, NOW);
        assert_eq!(
            buffers.next().map(|(next, last)| (next.end, last)),
            Some((2500, false))
        );
        buffers.release(500, 1, NOW);
        buffers.release(100, 1, NOW);
        assert!(buffers.next().is_none() && buffers.tail().is_none());
        assert_eq!(buffers.containing(2000).unwrap().end, 2500);
    }

    #[test]
    fn an_acknowledgment_in_a_buffer_takes_its_whole_segments_off() {
        let mut buffers = SendBuffers::default();
        buffers.push(2500, NOW);
        buffers.release(2500, 3, NOW);
        buffers.acknowledge(700, 1000);
        assert_eq!(buffers.packets_out, 2);
        buffers.acknowledge(1500, 1000);
        assert_eq!(buffers.packets_out, 1);
        buffers.acknowledge(2500, 1000);
        assert_eq!((buffers.packets_out, buffers.len()), (0, 0));
        assert_eq!(buffers.written(), 2500);
    }
}
