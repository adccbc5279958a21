//! A frame copied into buffers of the pool: one, or several for a large one.

use periplus_ring::{FramePool, RxFrame};

/// Buffers of `size` bytes that `length` bytes take.
pub(super) fn buffers(length: usize, size: usize) -> usize {
    length.div_ceil(size).max(1)
}

/// `pieces`, one after the other, in as many buffers of `size` bytes as they take; `None`, and nothing taken, if the pool
/// has fewer.
pub(super) fn copy(
    pool: &mut FramePool,
    size: usize,
    pieces: &[&[u8]],
) -> Option<(RxFrame, Vec<RxFrame>)> {
    let length = pieces.iter().map(|piece| piece.len()).sum();
    let count = buffers(length, size);
    if count > 1 && pool.free() < count {
        return None;
    }
    let mut left = length;
    let mut source = Source { pieces, offset: 0 };
    let mut next = || {
        let mut buffer = pool.take()?;
        let here = left.min(size);
        source.fill(&mut buffer[..here]);
        left -= here;
        Some(buffer.filled(here))
    };
    let first = next()?;
    let mut rest = Vec::new();
    if count > 1 {
        rest.reserve_exact(count - 1);
        rest.extend((1..count).map_while(|_| next()));
    }
    Some((first, rest))
}

/// What is left of some pieces.
struct Source<'a> {
    pieces: &'a [&'a [u8]],
    /// Bytes of the first piece that are gone.
    offset: usize,
}

impl Source<'_> {
    fn fill(&mut self, mut place: &mut [u8]) {
        while let [piece, after @ ..] = self.pieces
            && !place.is_empty()
        {
            let bytes = &piece[self.offset..];
            let here = bytes.len().min(place.len());
            let (filled, unfilled) = place.split_at_mut(here);
            filled.copy_from_slice(&bytes[..here]);
            place = unfilled;
            self.offset += here;
            if self.offset == piece.len() {
                self.pieces = after;
                self.offset = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined((first, rest): (RxFrame, Vec<RxFrame>)) -> (Vec<usize>, Vec<u8>) {
        let frames: Vec<_> = std::iter::once(first).chain(rest).collect();
        let lengths = frames.iter().map(RxFrame::len).collect();
        (lengths, frames.iter().flat_map(|f| f.to_vec()).collect())
    }

    #[test]
    fn pieces_follow_each_other_across_buffers() {
        let mut pool = FramePool::new(4, 8);
        let chain = copy(&mut pool, 8, &[b"one.", b"", b"two..", b"and the third"]).unwrap();
        let (lengths, bytes) = joined(chain);
        assert_eq!(lengths, [8, 8, 6]);
        assert_eq!(bytes, b"one.two..and the third");
        assert_eq!(joined(copy(&mut pool, 8, &[b"12345678"]).unwrap()).0, [8]);
        assert_eq!(joined(copy(&mut pool, 8, &[]).unwrap()).0, [0]);
    }

    #[test]
    fn a_pool_with_too_few_keeps_what_it_has() {
        let mut pool = FramePool::new(2, 8);
        assert!(copy(&mut pool, 8, &[&[0; 17]]).is_none());
        assert_eq!(pool.free(), 2);
        let held = copy(&mut pool, 8, &[&[0; 16]]).unwrap();
        assert!(copy(&mut pool, 8, &[&[0; 1]]).is_none());
        drop(held);
        assert!(copy(&mut pool, 8, &[&[0; 16]]).is_some());
    }
}
