//! A range of adjacent bytes that wait, as the pieces that they came in.

use super::Piece;
use crate::receive_queue::Held;
use crate::segment::ArrivalTime;
use std::collections::VecDeque;

/// Pieces up to this size are put together with their neighbours, lest single bytes cost a hundred each.
const SMALL: usize = 256;
/// Blocks made of small pieces are no longer: what is put at their front moves all the rest.
const BLOCK: usize = 2048;

/// Bytes without a hole.
#[derive(Debug)]
pub(super) struct Range {
    /// The stream offset of the first byte.
    pub(super) start: u64,
    /// The stream offset after the last.
    pub(super) end: u64,
    pieces: VecDeque<Piece>,
    /// Memory of the pieces themselves.
    charge: usize,
    frames: usize,
}

impl Range {
    pub(super) fn new(start: u64, held: Held, time: ArrivalTime) -> Self {
        let mut range = Self {
            start,
            end: start,
            pieces: VecDeque::with_capacity(1),
            charge: 0,
            frames: 0,
        };
        range.append(held, time);
        range
    }

    pub(super) fn length(&self) -> usize {
        (self.end - self.start) as usize
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes of memory.
    pub(super) fn charge(&self) -> usize {
        self.charge + self.pieces.len() * size_of::<Piece>()
    }

    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// Puts a payload at the end.
    pub(super) fn append(&mut self, held: Held, time: ArrivalTime) {
        let length = held.len();
        self.end += length as u64;
        if length == 0 {
            return;
        }
        if let Some(Piece {
            held: Held::Heap { bytes, start: _ },
            time: last,
        }) = self.pieces.back_mut()
            && length <= SMALL
            && bytes.len() + length <= BLOCK
        {
            self.charge -= bytes.capacity();
            bytes.extend_from_slice(held.bytes());
            self.charge += bytes.capacity();
            *last = time;
            return;
        }
        self.count(&held);
        self.pieces.push_back(Piece { held, time });
    }

    /// Puts a payload before the first byte.
    pub(super) fn prepend(&mut self, held: Held, time: ArrivalTime) {
        let length = held.len();
        self.start -= length as u64;
        if length == 0 {
            return;
        }
        if let Some(Piece {
            held: Held::Heap { bytes, start: 0 },
            time: last,
        }) = self.pieces.front_mut()
            && length <= SMALL
            && bytes.len() + length <= BLOCK
        {
            self.charge -= bytes.capacity();
            bytes.splice(..0, held.bytes().iter().copied());
            self.charge += bytes.capacity();
            *last = time;
            return;
        }
        self.count(&held);
        self.pieces.push_front(Piece { held, time });
    }

    fn count(&mut self, held: &Held) {
        self.charge += held.charge();
        self.frames += usize::from(held.is_frame());
    }

    /// Puts the range that begins at its end behind it. The shorter of the two is moved: however often a peer joins ranges, a piece is
    /// moved only as often as its range doubles.
    pub(super) fn join(&mut self, mut next: Self) {
        self.end = next.end;
        self.charge += next.charge;
        self.frames += next.frames;
        if self.pieces.len() >= next.pieces.len() {
            self.pieces.append(&mut next.pieces);
        } else {
            while let Some(piece) = self.pieces.pop_back() {
                next.pieces.push_front(piece);
            }
            self.pieces = next.pieces;
        }
    }

    /// Takes the first piece off.
    pub(super) fn pop(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        self.start += piece.held.len() as u64;
        self.charge -= piece.held.charge();
        self.frames -= usize::from(piece.held.is_frame());
        Some(piece)
    }

    /// Moves every frame's bytes to the heap. Returns the bytes moved.
    pub(super) fn compact(&mut self) -> usize {
        if self.frames == 0 {
            return 0;
        }
        let mut moved = 0;
        let held = self.pieces.iter_mut().map(|piece| &mut piece.held);
        for held in held.filter(|held| held.is_frame()) {
            moved += held.len();
            self.charge -= held.charge();
            *held = Held::Heap {
                bytes: held.bytes().to_vec(),
                start: 0,
            };
            self.charge += held.charge();
        }
        self.frames = 0;
        moved
    }
}
