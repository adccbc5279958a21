//! How the send queue is divided: into what Linux calls socket buffers (`sk_buff`).
//!
//! A write fills buffers up to the goal that half of the peer's largest window and a super-frame's length set. What is let out
//! in one go is cut off as a buffer of its own, and the last segment of it carries PSH. So the places where the stream is cut,
//! and where the receiver is told not to wait for more, are those of a Linux peer.

//!
//! What is let out is what Linux's retransmit queue holds: a buffer is a run of segments that share one fate, with
//! [tags](Tags) that say which, and is split where their fates part ([`marking`]). Everything that loss recovery asks is
//! answered by counters over these tags, kept as they change: no ACK has to look through the window.

#[cfg(test)]
mod checking;
mod judging;
mod marking;
mod repeating;
mod tags;

pub(crate) use judging::Lost;
pub(crate) use tags::Tags;

use crate::loss::AckReport;
use marking::Marks;
use periplus_journey::Instant;
use std::collections::VecDeque;

/// What one buffer counts beside its bytes: Linux's `truesize` of an empty one.
pub(crate) const BUFFER_OVERHEAD: usize = 1280;

/// Places for buffers that a connection keeps while it rests.
const PLACES: usize = 16;

/// A run of bytes that was written in one or several writes, or let out in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buffer {
    /// The stream offset of its end. A FIN has the place after the last byte.
    pub(crate) end: u64,
    /// When it was last sent; before, when it was let out, or the latest write to it.
    pub(crate) at: Instant,
    /// Segments it was let out as; 0 before.
    pub(crate) segments: u16,
    /// Bytes of each of them but the last.
    pub(crate) size: u16,
    /// What became of them.
    pub(crate) tags: Tags,
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

/// What an ACK tells while all is well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) segments: u32,
    /// When the oldest of them was sent.
    pub(crate) oldest: Instant,
    /// When the newest was, and the stream offset of its end.
    pub(crate) newest: (Instant, u64),
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
    /// The last buffer ends with the FIN.
    pub(crate) fin: bool,
    /// Segments let out and not acknowledged.
    pub(crate) packets_out: u32,
    /// Of them, those that the peer has; without SACK, as many as duplicate ACKs came.
    pub(crate) sacked_out: u32,
    /// Of them, those taken for lost.
    pub(crate) lost_out: u32,
    /// Of them, those of which a copy is in the network.
    pub(crate) retrans_out: u32,
    /// Of those, the ones that still count as lost: of others an undoing has found that they were not.
    repaired_out: u32,
    /// What is known of losses, while something is out that has tags.
    marks: Option<Box<Marks>>,
    /// Bytes that they may hold, as far as that has grown with the congestion window.
    pub(crate) grown: u32,
    /// The stream offset after the last segment let out that was not full (Minshall's modification of Nagle's algorithm).
    pub(crate) small: u64,
    /// The stream offset of the last push.
    pub(crate) pushed: u64,
    /// When something was last let out.
    pub(crate) latest: Option<Instant>,
    /// Everything that waits goes at the next opportunity: the options were set so.
    pub(crate) push_now: bool,
    /// Something happened that may let more out.
    pub(crate) push_due: bool,
}

impl SendBuffers {
    /// The stream offset after the last byte written.
    pub(crate) fn written(&self) -> u64 {
        self.end() - u64::from(self.fin)
    }

    /// The stream offset of the end, the FIN included.
    pub(crate) fn end(&self) -> u64 {
        self.last().map_or(self.start, |last| last.end)
    }

    /// The stream offset of SND.UNA, the FIN included.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// Whether the FIN was let out.
    pub(crate) fn is_fin_released(&self) -> bool {
        self.fin && self.released == self.end()
    }

    /// When the oldest segment was last sent.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        let first = self.first.as_ref().filter(|first| first.segments > 0)?;
        Some(first.at)
    }

    /// Segments that left the network.
    pub(crate) fn left_out(&self) -> u32 {
        self.sacked_out + self.lost_out
    }

    /// Segments in the network, as far as is known.
    pub(crate) fn packets_in_flight(&self) -> u32 {
        (self.packets_out + self.retrans_out).saturating_sub(self.left_out())
    }

    /// Whether something counts as lost of which no copy is out.
    pub(crate) fn is_repair_needed(&self) -> bool {
        self.lost_out > self.repaired_out
    }

    /// Whether none is there, everything before `una` being acknowledged.
    pub(crate) fn is_at_rest(&self, una: u64) -> bool {
        self.len() == 0
            && self.start == una
            && self.released == una
            && self.small <= una
            && !self.fin
            && self.packets_out == 0
            && self.sacked_out == 0
            && self.lost_out == 0
            && self.retrans_out == 0
            && self.repaired_out == 0
            && self.marks.is_none()
    }

    /// Those of a connection [at rest](crate::Parked) that wakes: everything before `una` is acknowledged.
    pub(crate) fn woken(&mut self, una: u64, grown: u32, latest: Option<Instant>) {
        self.rest.shrink_to(PLACES);
        *self = Self {
            rest: std::mem::take(&mut self.rest),
            start: una,
            released: una,
            grown,
            small: una,
            pushed: una,
            latest,
            ..Self::default()
        };
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    /// Bytes written and not let out.
    pub(crate) fn unreleased(&self) -> u64 {
        self.written().saturating_sub(self.released)
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
            end: self.end() + u64::from(length),
            at: now,
            segments: 0,
            size: 0,
            tags: Tags::default(),
            push: false,
            end_of_record: false,
        };
        if self.first.is_none() {
            self.first = Some(buffer);
        } else {
            self.rest.push_back(buffer);
        }
    }

    /// A new buffer of `length` bytes that is let out at once as one segment, a push at its end.
    #[inline]
    pub(crate) fn push_and_release(&mut self, length: u32, size: u32, now: Instant) {
        let end = self.end() + u64::from(length);
        let buffer = Buffer {
            end,
            at: now,
            segments: 1,
            size: size.min(u32::from(u16::MAX)) as u16,
            tags: Tags::default(),
            push: true,
            end_of_record: false,
        };
        if self.first.is_none() {
            self.first = Some(buffer);
        } else {
            self.rest.push_back(buffer);
        }
        (self.released, self.pushed) = (end, end);
        self.packets_out += 1;
        self.latest = Some(now);
    }

    /// No more is written: the FIN follows, with the last bytes if they were not let out yet.
    pub(crate) fn push_fin(&mut self) {
        if let Some((_, tail)) = self.tail() {
            tail.end += 1;
        } else {
            self.push(1, Instant::ZERO);
        }
        self.fin = true;
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

    fn at_mut(&mut self, place: usize) -> Option<&mut Buffer> {
        match place {
            0 => self.first.as_mut(),
            place => self.rest.get_mut(place - 1),
        }
    }

    /// The stream offset at which the buffer at `place` begins.
    fn start_of(&self, place: usize) -> u64 {
        let before = place.checked_sub(1).and_then(|before| self.at(before));
        before.map_or(self.start, |before| before.end)
    }

    /// The stream offset of the end of the bytes in the buffer at `place`, less the FIN.
    fn text_end(&self, place: usize) -> u64 {
        let end = self.at(place).map_or(self.start, |buffer| buffer.end);
        end - u64::from(self.fin && place + 1 == self.len())
    }

    fn insert(&mut self, place: usize, buffer: Buffer) {
        match place {
            0 => {
                if let Some(first) = self.first.replace(buffer) {
                    self.rest.push_front(first);
                }
            }
            place => self.rest.insert(place - 1, buffer),
        }
    }

    fn remove(&mut self, place: usize) {
        match place {
            0 => self.first = self.rest.pop_front(),
            place => drop(self.rest.remove(place - 1)),
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

    /// The next buffer's first `length` bytes, or the FIN, are let out, as `segments` segments of `size` bytes.
    pub(crate) fn release(&mut self, length: u32, segments: u32, size: u32, now: Instant) {
        let end = self.released + u64::from(length);
        let place = self.place(self.released);
        let Some(buffer) = self.at_mut(place) else {
            return;
        };
        let whole = *buffer;
        buffer.at = now;
        buffer.segments = segments.min(u32::from(u16::MAX)) as u16;
        buffer.size = size.min(u32::from(u16::MAX)) as u16;
        if end < whole.end {
            // What says that something ends stays with the end.
            (buffer.end, buffer.push, buffer.end_of_record) = (end, false, false);
            self.rest.insert(place, whole);
        }
        self.released = end;
        self.packets_out += segments;
        self.latest = Some(now);
    }

    /// The FIN, which waits alone, goes with the last bytes that were let out and not sent.
    pub(crate) fn release_fin_with_last(&mut self) {
        let Some(before) = self.len().checked_sub(2) else {
            return;
        };
        self.remove(before + 1);
        if let Some(last) = self.at_mut(before) {
            last.end += 1;
            self.released = last.end;
        }
    }

    /// Something of the buffer with the byte at `offset` was sent: later than it was let out, if the ring had no room.
    pub(crate) fn sent(&mut self, offset: u64, now: Instant) {
        let place = self.place(offset);
        if let Some(buffer) = self.at_mut(place) {
            buffer.at = now;
        }
    }

    /// What was let out last is to be handed to the reader.
    pub(crate) fn push_released(&mut self) {
        let place = self.place(self.released.saturating_sub(1));
        if let Some(buffer) = self.at_mut(place) {
            buffer.push = true;
        }
        self.pushed = self.pushed.max(self.released);
    }

    /// Everything before the stream offset `una` is acknowledged: what that tells goes into the report.
    pub(crate) fn acknowledge(&mut self, una: u64, report: &mut AckReport) {
        let mut start = std::mem::replace(&mut self.start, una);
        self.released = self.released.max(una);
        while let Some(first) = self.first {
            if first.end > una {
                self.acknowledge_part(first, start, report);
                return;
            }
            self.count_off(&first, first.segments);
            report.acknowledged(&first, start, first.segments);
            start = first.end;
            self.first = self.rest.pop_front();
        }
        self.rest = VecDeque::new(); // an idle connection is small
        self.marks = None;
    }

    /// Whether nothing that is out was SACKed, lost or sent again.
    #[inline]
    pub(crate) fn is_all_well(&self) -> bool {
        self.marks.is_none() && self.sacked_out == 0
    }

    /// The same as [`acknowledge`](Self::acknowledge) while [all is well](Self::is_all_well). `None` if not even one segment is
    /// acknowledged whole.
    #[inline]
    pub(crate) fn acknowledge_sent_once(&mut self, una: u64) -> Option<Arrived> {
        let mut start = std::mem::replace(&mut self.start, una);
        self.released = self.released.max(una);
        let mut news: Option<Arrived> = None;
        while let Some(first) = &mut self.first {
            let is_whole = first.end <= una;
            let (run, segments) = if !is_whole {
                if start >= una || first.segments == 0 {
                    return news;
                }
                let end = first.end - u64::from(self.fin && self.rest.is_empty());
                let left = end
                    .saturating_sub(una)
                    .div_ceil(u64::from(first.size.max(1)));
                let gone = u64::from(first.segments).saturating_sub(left.max(1)) as u16;
                first.segments -= gone;
                (Buffer { end: una, ..*first }, gone)
            } else {
                (*first, first.segments)
            };
            self.packets_out -= u32::from(segments);
            if segments > 0 {
                let newest = (run.at, run.end);
                news = Some(match news {
                    None => Arrived {
                        segments: segments.into(),
                        oldest: run.at,
                        newest,
                    },
                    Some(before) => Arrived {
                        segments: before.segments + u32::from(segments),
                        newest,
                        ..before
                    },
                });
            }
            if !is_whole {
                return news;
            }
            start = run.end;
            self.first = self.rest.pop_front();
        }
        if self.rest.capacity() > 0 {
            self.rest = VecDeque::new(); // an idle connection is small
        }
        news
    }

    /// The `first` buffer, which began at `start`, is acknowledged in part: its whole segments go.
    fn acknowledge_part(&mut self, first: Buffer, start: u64, report: &mut AckReport) {
        let una = self.start;
        if start >= una || first.segments == 0 {
            return;
        }
        let left = self.text_end(0).saturating_sub(una);
        let left = left.div_ceil(u64::from(first.size.max(1))).max(1);
        let gone = u64::from(first.segments).saturating_sub(left) as u16;
        let part = Buffer { end: una, ..first };
        self.count_off(&part, gone);
        report.acknowledged(&part, start, gone);
        if let Some(first) = &mut self.first {
            first.segments -= gone;
        }
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
        buffers.release(2000, 2, 1000, NOW);
        assert_eq!(ends(&buffers), [(2000, 2, false), (2500, 0, true)]);
        assert_eq!((buffers.packets_out, buffers.unreleased()), (2, 500));
        assert_eq!(buffers.tail().unwrap().0, 2000);
        buffers.push(100, NOW);
        assert_eq!(
            buffers.next().map(|(next, last)| (next.end, last)),
            Some((2500, false))
        );
        buffers.release(500, 1, 1000, NOW);
        buffers.release(100, 1, 1000, NOW);
        assert!(buffers.next().is_none() && buffers.tail().is_none());
        assert_eq!(buffers.containing(2000).unwrap().end, 2500);
    }

    #[test]
    fn an_acknowledgment_in_a_buffer_takes_its_whole_segments_off() {
        let mut buffers = SendBuffers::default();
        buffers.push(2500, NOW);
        buffers.release(2500, 3, 1000, NOW);
        let report = &mut AckReport::default();
        buffers.acknowledge(700, report);
        assert_eq!(buffers.packets_out, 2);
        buffers.acknowledge(1500, report);
        assert_eq!(buffers.packets_out, 1);
        buffers.acknowledge(2500, report);
        assert_eq!((buffers.packets_out, buffers.len()), (0, 0));
        assert_eq!(buffers.written(), 2500);
    }
}
