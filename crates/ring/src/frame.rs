//! One buffer of bytes that arrived.

use crate::pool::{Buffer, go_home};
use std::fmt;
use std::ops::{Deref, DerefMut, Range};

/// A received frame, or a piece of one: bytes in a buffer that is the holder's alone until dropped. Dropping
/// it gives the buffer back to its [pool](crate::FramePool), from whatever thread. The default has no bytes and holds no
/// buffer.
#[derive(Default)]
pub struct RxFrame {
    /// None: no bytes, or it is being dropped.
    buffer: Option<Box<Buffer>>,
    start: u32,
    end: u32,
}

// It is moved from hand to hand on its way to the reader.
const _: () = assert!(size_of::<RxFrame>() == 16);

impl RxFrame {
    #[inline]
    pub(crate) fn new(buffer: Box<Buffer>) -> Self {
        let end = buffer.len() as u32;
        Self {
            buffer: Some(buffer),
            start: 0,
            end,
        }
    }

    /// Bytes it has.
    #[inline]
    pub fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it has none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Cuts `count` bytes off the front: a header that has been read, data that has been delivered.
    ///
    /// # Panics
    /// If there are fewer.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        assert!(
            count <= self.len(),
            "{count} bytes cut off a frame of {}",
            self.len()
        );
        self.start += count as u32;
    }

    /// Cuts bytes off the end so that at most `length` are left.
    #[inline]
    pub fn truncate(&mut self, length: usize) {
        if length < self.len() {
            self.end = self.start + length as u32;
        }
    }

    /// Keeps the bytes in `range`.
    ///
    /// # Panics
    /// If there are fewer.
    #[inline]
    pub fn cut_to(&mut self, range: Range<usize>) {
        let is_inside = range.start <= range.end && range.end <= self.len();
        assert!(is_inside, "{range:?} of a frame of {} bytes", self.len());
        self.end = self.start + range.end as u32;
        self.start += range.start as u32;
    }

    /// Bytes of memory that it holds, whatever its length: what a receive buffer is charged (Linux's
    /// `truesize`).
    #[inline]
    pub fn capacity(&self) -> usize {
        self.buffer.as_ref().map_or(0, |buffer| buffer.len())
    }

    #[inline]
    pub(crate) fn has_buffer(&self) -> bool {
        self.buffer.is_some()
    }

    #[inline]
    fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A frame on the heap that belongs to no pool.
impl From<Vec<u8>> for RxFrame {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(Box::new(Buffer::homeless(bytes)))
    }
}

impl Deref for RxFrame {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        let range = self.range();
        self.buffer
            .as_ref()
            .map_or(&[], |buffer| &buffer.bytes()[range])
    }
}

impl DerefMut for RxFrame {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        let range = self.range();
        self.buffer
            .as_mut()
            .map_or(&mut [], |buffer| &mut buffer.bytes_mut()[range])
    }
}

impl AsRef<[u8]> for RxFrame {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Drop for RxFrame {
    #[inline]
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            go_home(buffer);
        }
    }
}

impl fmt::Debug for RxFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RxFrame({} of {} bytes)", self.len(), self.capacity())
    }
}

/// A buffer taken from a [pool](crate::FramePool), for a device to fill: all of it, with whatever its last
/// frame left there. Dropping it gives it back.
#[derive(Debug)]
pub struct FrameBuffer(RxFrame);

impl FrameBuffer {
    #[inline]
    pub(crate) fn new(buffer: Box<Buffer>) -> Self {
        Self(RxFrame::new(buffer))
    }

    /// The frame made of the first `length` bytes.
    ///
    /// # Panics
    /// If the buffer is shorter.
    #[inline]
    pub fn filled(self, length: usize) -> RxFrame {
        let mut frame = self.0;
        assert!(
            length <= frame.len(),
            "a frame of {length} bytes in a buffer of {}",
            frame.len()
        );
        frame.truncate(length);
        frame
    }
}

impl Deref for FrameBuffer {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for FrameBuffer {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_both_ends_leaves_the_middle_and_the_charge() {
        let mut frame = RxFrame::from(b"header.data.padding".to_vec());
        frame.advance(7);
        frame.truncate(4);
        assert_eq!(&frame[..], b"data");
        frame.truncate(400);
        assert_eq!((frame.len(), frame.capacity()), (4, 19));
        frame.advance(4);
        assert!(frame.is_empty());
    }

    #[test]
    fn a_frame_may_go_to_another_thread_and_lives_as_long_as_it_likes() {
        fn is_send<T: Send + 'static>(_: &T) {}
        is_send(&RxFrame::from(vec![0; 4]));
    }

    #[test]
    fn a_cut_to_a_range_is_a_cut_at_both_ends() {
        let mut frame = RxFrame::from(b"header.data.padding".to_vec());
        frame.cut_to(3..18);
        frame.cut_to(4..8);
        assert_eq!((&frame[..], frame.capacity()), (&b"data"[..], 19));
        frame.cut_to(4..4);
        assert!(frame.is_empty());
    }

    #[test]
    #[should_panic = "0..5 of a frame of 4 bytes"]
    fn a_range_that_is_not_there_is_no_cut() {
        RxFrame::from(vec![0; 4]).cut_to(0..5);
    }

    #[test]
    #[should_panic = "5 bytes cut off a frame of 4"]
    fn no_more_can_be_cut_off_than_is_there() {
        RxFrame::from(vec![0; 4]).advance(5);
    }
}
