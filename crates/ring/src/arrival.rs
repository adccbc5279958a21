//! What a device hands to the stack: arrivals, in bursts.

use crate::RxFrame;
use arrayvec::ArrayVec;
use periplus_journey::Instant;
use std::ops::Range;

/// Most arrivals that are taken off a ring at once.
pub const BURST: usize = 64;

/// What the device knows of an arrival's transport checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RxChecksum {
    /// The device found it correct (Linux's `CHECKSUM_UNNECESSARY`).
    Verified,
    /// The field holds the folded sum of the pseudo-header only: the frame never left the machine and is to
    /// be trusted (`CHECKSUM_PARTIAL`).
    Partial,
    /// The device did not look: the stack has to (`CHECKSUM_NONE`).
    Unverified,
}

/// A frame that arrived: one buffer, or a chain of them.
#[derive(Debug)]
pub struct Arrival {
    /// The first buffer. It holds all headers, up to and with TCP's options.
    pub frame: RxFrame,
    /// What follows it; empty for nearly every frame.
    pub rest: Vec<RxFrame>,
    /// When the device wrote it into memory, if it says.
    pub arrived: Option<Instant>,
    /// What is known of the transport checksum.
    pub checksum: RxChecksum,
    /// Frames on the wire that this stands for: more than one if it was never cut or was merged again.
    pub segments: u16,
    /// Bytes of data in each of those but the last (virtio's `gso_size`), if there are several.
    pub segmentation: Option<u16>,
}

impl Arrival {
    /// An arrival of one frame on the wire, in one buffer.
    pub fn single(frame: RxFrame, arrived: Option<Instant>, checksum: RxChecksum) -> Self {
        Self {
            frame,
            rest: Vec::new(),
            arrived,
            checksum,
            segments: 1,
            segmentation: None,
        }
    }

    /// Takes what came out of its place, where an arrival without bytes stays.
    #[inline]
    pub fn take(&mut self) -> Self {
        Self {
            frame: std::mem::take(&mut self.frame),
            rest: std::mem::take(&mut self.rest),
            ..*self
        }
    }

    /// Whether it holds no memory.
    #[inline]
    fn is_taken(&self) -> bool {
        !self.frame.has_buffer() && self.rest.capacity() == 0
    }

    /// Bytes of the whole chain.
    #[inline]
    pub fn length(&self) -> usize {
        match &self.rest[..] {
            [] => self.frame.len(),
            rest => self.frame.len() + rest.iter().map(|frame| frame.len()).sum::<usize>(),
        }
    }

    /// Buffers in the chain: the descriptors it takes in a ring.
    pub fn buffers(&self) -> usize {
        1 + self.rest.len()
    }

    /// The chain's bytes in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.length());
        self.pieces(0..self.length())
            .for_each(|piece| bytes.extend_from_slice(piece));
        bytes
    }

    /// The chain's bytes in `range`, as they lie; what of it is beyond the end is left out.
    pub fn pieces(&self, range: Range<usize>) -> impl Iterator<Item = &[u8]> {
        let (mut skip, mut left) = (range.start, range.len());
        let frames = std::iter::once(&self.frame).chain(&self.rest);
        frames.filter_map(move |frame| {
            let start = skip.min(frame.len());
            let end = frame.len().min(start + left);
            skip -= start;
            left -= end - start;
            (start < end).then(|| &frame[start..end])
        })
    }
}

/// Up to [`BURST`] arrivals, taken off a ring together.
#[derive(Debug, Default)]
pub struct RxBurst {
    /// When they were taken.
    pub taken: Instant,
    arrivals: ArrayVec<Arrival, BURST>,
}

impl RxBurst {
    /// An empty burst.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an arrival.
    ///
    /// # Panics
    /// If the burst [is full](Self::is_full).
    pub fn push(&mut self, arrival: Arrival) {
        self.arrivals.push(arrival);
    }

    /// Takes all arrivals out, in order.
    pub fn drain(&mut self) -> impl ExactSizeIterator<Item = Arrival> + '_ {
        self.arrivals.drain(..)
    }

    /// The arrivals, in order.
    pub fn as_slice(&self) -> &[Arrival] {
        &self.arrivals
    }

    /// The arrivals, to be taken where they are.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [Arrival] {
        &mut self.arrivals
    }

    /// Forgets all arrivals.
    #[inline]
    pub fn clear(&mut self) {
        while let Some(last) = self.arrivals.last() {
            if last.is_taken() {
                // To look is less work than to drop what holds nothing.
                std::mem::forget(self.arrivals.pop());
            } else {
                self.arrivals.pop();
            }
        }
    }

    /// How many arrivals there are.
    pub fn len(&self) -> usize {
        self.arrivals.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.arrivals.is_empty()
    }

    /// Whether no more find room.
    pub fn is_full(&self) -> bool {
        self.arrivals.is_full()
    }
}
