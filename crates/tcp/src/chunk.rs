//! Bytes that were received, given away as they lie.

use crate::receive_queue::Held;
use bytes::Bytes;
use std::fmt;
use std::ops::Deref;

/// Bytes off a receive queue, its holder's alone: mostly still in the frame that the device wrote, which goes back to its ring
/// when the chunk is dropped, from whatever thread. So it is not to be kept for long. As [`Bytes`] it can be divided and shared.
#[derive(Default)]
pub struct Chunk(Option<Held>);

impl Chunk {
    #[inline]
    pub(crate) fn new(held: Held) -> Self {
        Self(Some(held))
    }

    /// Whether the bytes lie in a frame of the ring, and not in memory of their own.
    pub fn is_frame(&self) -> bool {
        self.0.as_ref().is_some_and(Held::is_frame)
    }

    /// Cuts `count` bytes off the front.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn advance(&mut self, count: usize) {
        assert!(
            count <= self.len(),
            "{count} bytes cut off a chunk of {}",
            self.len()
        );
        if let Some(held) = &mut self.0 {
            held.advance(count);
        }
    }
}

impl Deref for Chunk {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], Held::bytes)
    }
}

impl AsRef<[u8]> for Chunk {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// A chunk in memory of its own.
impl From<Vec<u8>> for Chunk {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(Held::Heap { bytes, start: 0 })
    }
}

/// Without a copy.
impl From<Chunk> for Bytes {
    fn from(chunk: Chunk) -> Self {
        match chunk.0 {
            None => Bytes::new(),
            Some(Held::Frame(frame)) => Bytes::from_owner(frame),
            Some(Held::Heap { bytes, start }) => {
                let mut bytes = Bytes::from(bytes);
                let _read = bytes.split_to(start);
                bytes
            }
        }
    }
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.is_frame() { "frame" } else { "heap" };
        write!(f, "Chunk({} bytes, {place})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use periplus_ring::RxFrame;

    #[test]
    fn as_bytes_it_is_where_it_was() {
        let mut frame = RxFrame::from(b"header.data".to_vec());
        frame.advance(7);
        let heap = Held::Heap {
            bytes: b"read.data".to_vec(),
            start: 5,
        };
        for (held, is_frame) in [(Held::Frame(frame), true), (heap, false)] {
            let chunk = Chunk::new(held);
            assert_eq!(chunk.is_frame(), is_frame);
            let at = chunk.as_ptr();
            let bytes = Bytes::from(chunk);
            assert_eq!((&bytes[..], bytes.as_ptr()), (&b"data"[..], at));
        }
        assert_eq!(Bytes::from(Chunk::default()), Bytes::new());
    }

    #[test]
    fn what_was_looked_at_can_be_cut_off() {
        let mut chunk = Chunk::new(Held::Frame(b"ab".to_vec().into()));
        chunk.advance(1);
        assert_eq!(&chunk[..], b"b");
        fn is_send<T: Send + 'static>(_: &T) {}
        is_send(&chunk);
    }

    #[test]
    #[should_panic = "3 bytes cut off a chunk of 2"]
    fn no_more_can_be_cut_off_than_is_there() {
        Chunk::new(Held::Frame(b"ab".to_vec().into())).advance(3);
    }
}
