//! One direction of a link: a bounded ring over a pool of frames.

use super::LinkOptions;
use crate::{Arrival, FramePool, PoolLevel, RingStatistics, RxBurst, RxChecksum, RxFrame};
use periplus_journey::Instant;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What two ends share of a direction. On one thread the lock is never contended; no waker is called with it held.
#[derive(Debug)]
pub(super) struct Direction(Mutex<Ring>);

#[derive(Debug)]
struct Ring {
    arrivals: VecDeque<Arrival>,
    /// Descriptors there are, and those in use.
    size: usize,
    used: usize,
    pool: FramePool,
    frame_size: usize,
    statistics: RingStatistics,
    /// The receiving end is gone.
    closed: bool,
    waits_for_arrivals: Option<Waker>,
    waits_for_room: Option<Waker>,
}

/// A frame on its way.
pub(super) struct Frame<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) arrived: Instant,
    pub(super) checksum: RxChecksum,
    pub(super) segments: u16,
    pub(super) segmentation: Option<u16>,
}

impl Direction {
    pub(super) fn new(options: &LinkOptions) -> Self {
        Self(Mutex::new(Ring {
            arrivals: VecDeque::with_capacity(options.ring_size),
            size: options.ring_size,
            used: 0,
            pool: FramePool::new(options.frames, options.frame_size),
            frame_size: options.frame_size,
            statistics: RingStatistics::default(),
            closed: false,
            waits_for_arrivals: None,
            waits_for_room: None,
        }))
    }

    /// For the sending end: whether a frame of `length` finds room.
    pub(super) fn has_room(&self, length: usize) -> bool {
        self.lock().has_room(length)
    }

    /// For the sending end: how many frames of `length` find room; one at least, if the pool cannot tell of more.
    pub(super) fn room(&self, length: usize) -> usize {
        let mut ring = self.lock();
        if ring.closed {
            return usize::MAX;
        }
        let buffers = ring.buffers(length);
        let mut frames = (ring.size - ring.used) / buffers;
        while frames > 1 && !ring.pool.has(frames * buffers) {
            frames /= 2; // those that are free may be more, on their way back from another thread
        }
        frames.max(1)
    }

    /// For the sending end: copies `frame` into the ring, or drops it there.
    pub(super) fn bring(&self, frame: Frame<'_>) {
        let mut ring = self.lock();
        ring.bring(frame);
        let waker = ring.waits_for_arrivals.take();
        drop(ring);
        wake(waker);
    }

    /// For the sending end: ready when a frame of `length` finds room.
    pub(super) fn poll_room(&self, context: &mut Context<'_>, length: usize) -> Poll<()> {
        let mut ring = self.lock();
        if ring.has_room(length) {
            return Poll::Ready(());
        }
        ring.waits_for_room = Some(context.waker().clone());
        let buffers = ring.buffers(length);
        if ring.has_descriptors(buffers) && ring.pool.poll_free(context, buffers).is_ready() {
            return Poll::Ready(());
        }
        // frames may lie in the receiving thread's own list, where it has to collect them
        let collector = if ring.pool.is_settled_here() {
            None
        } else {
            ring.waits_for_arrivals.take()
        };
        drop(ring);
        wake(collector);
        Poll::Pending
    }

    /// For the receiving end: moves arrivals into `burst`.
    pub(super) fn take(&self, burst: &mut RxBurst) {
        let mut ring = self.lock();
        let mut made_room = ring.pool.settle() > 0;
        while !burst.is_full()
            && let Some(arrival) = ring.arrivals.pop_front()
        {
            ring.used -= arrival.buffers();
            ring.statistics.taken += u64::from(arrival.segments);
            ring.statistics.held -= u64::from(arrival.segments);
            burst.push(arrival);
            made_room = true;
        }
        let waker = ring.waits_for_room.take_if(|_| made_room);
        drop(ring);
        wake(waker);
    }

    /// For the receiving end: ready when there is an arrival.
    pub(super) fn poll_arrivals(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut ring = self.lock();
        let made_room = ring.pool.settle() > 0;
        let waker = ring.waits_for_room.take_if(|_| made_room);
        let poll = if ring.arrivals.is_empty() {
            ring.waits_for_arrivals = Some(context.waker().clone());
            Poll::Pending
        } else {
            Poll::Ready(())
        };
        drop(ring);
        wake(waker);
        poll
    }

    /// For the receiving end: it goes, and with it what waited for it.
    pub(super) fn close(&self) {
        let mut ring = self.lock();
        ring.closed = true;
        ring.waits_for_arrivals = None;
        let waiting = std::mem::take(&mut ring.arrivals);
        let waker = ring.waits_for_room.take();
        drop(ring);
        drop(waiting);
        wake(waker);
    }

    pub(super) fn level(&self) -> PoolLevel {
        self.lock().pool.level()
    }

    pub(super) fn free_frames(&self) -> (usize, usize) {
        let ring = self.lock();
        (ring.pool.free(), ring.pool.total())
    }

    pub(super) fn statistics(&self) -> RingStatistics {
        self.lock().statistics
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    /// Buffers that a frame of `length` takes.
    fn buffers(&self, length: usize) -> usize {
        length.div_ceil(self.frame_size).max(1)
    }

    fn has_descriptors(&self, buffers: usize) -> bool {
        self.size - self.used >= buffers
    }

    fn has_room(&mut self, length: usize) -> bool {
        let buffers = self.buffers(length);
        self.closed || self.has_descriptors(buffers) && self.pool.has(buffers)
    }

    fn bring(&mut self, frame: Frame<'_>) {
        if self.closed {
            return;
        }
        let segments = u64::from(frame.segments);
        self.statistics.received += segments;
        let chain = if self.has_room(frame.bytes.len()) {
            self.copy(frame.bytes)
        } else {
            None
        };
        let Some((first, rest)) = chain else {
            self.statistics.rx_ring_full += segments;
            return;
        };
        self.statistics.held += segments;
        self.used += 1 + rest.len();
        self.arrivals.push_back(Arrival {
            frame: first,
            rest,
            arrived: Some(frame.arrived),
            checksum: frame.checksum,
            segments: frame.segments,
            segmentation: frame.segmentation,
        });
    }

    /// The chain of buffers that holds `bytes`.
    fn copy(&mut self, bytes: &[u8]) -> Option<(RxFrame, Vec<RxFrame>)> {
        let (front, mut back) = bytes.split_at(bytes.len().min(self.frame_size));
        let first = self.copy_one(front)?;
        let mut rest = Vec::with_capacity(back.len().div_ceil(self.frame_size));
        while !back.is_empty() {
            let (piece, after) = back.split_at(back.len().min(self.frame_size));
            rest.push(self.copy_one(piece)?);
            back = after;
        }
        Some((first, rest))
    }

    fn copy_one(&mut self, bytes: &[u8]) -> Option<RxFrame> {
        let mut buffer = self.pool.take()?;
        buffer[..bytes.len()].copy_from_slice(bytes);
        Some(buffer.filled(bytes.len()))
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
