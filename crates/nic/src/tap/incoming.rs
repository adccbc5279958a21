//! What the host sends us.

use super::TapOptions;
use super::options::LONGEST_FRAME;
use crate::descriptor::Descriptor;
use crate::virtio_header::VirtioHeader;
use arrayvec::ArrayVec;
use periplus_ring::{Arrival, FrameBuffer, FramePool, PoolLevel, RxBurst, segments};
use rustix::io::{Errno, readv};
use std::io::IoSliceMut;
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll, ready};

/// The header, and the longest chain of the smallest buffers.
const PIECES: usize = 1 + LONGEST_FRAME.div_ceil(1024);

/// The pool, and the buffers that the next read fills.
///
/// A read needs a chain for the longest frame there is, because a frame's length is known only when it has been read, and what does
/// not fit is cut off. While the pool cannot give that many, frames are left in the kernel's queue: buffers come home within
/// microseconds, and a frame that was read and thrown away would be sent again for nothing. That queue is bounded
/// (`txqueuelen`), and what the kernel drops when it is full is counted as the ring's own loss.
#[derive(Debug)]
pub(super) struct Incoming {
    pool: FramePool,
    frame_size: usize,
    /// The next to be filled is the last: of the few that a usual frame takes, it is the one that was used last.
    chain: Vec<FrameBuffer>,
    /// Buffers in a whole chain.
    whole: usize,
    /// Frames read, those that were cut off included, and those of them that were handed over; both as segments.
    pub(super) read: u64,
    pub(super) taken: u64,
}

impl Incoming {
    pub(super) fn new(options: &TapOptions) -> Self {
        options.check();
        Self {
            pool: FramePool::new(options.frames, options.frame_size),
            frame_size: options.frame_size,
            chain: Vec::with_capacity(options.longest_chain()),
            whole: options.longest_chain(),
            read: 0,
            taken: 0,
        }
    }

    pub(super) fn level(&self) -> PoolLevel {
        self.pool.level()
    }

    /// Reads until `burst` is full, the kernel's queue is empty or the pool is.
    pub(super) fn receive(&mut self, descriptor: &Descriptor, burst: &mut RxBurst) {
        self.pool.settle();
        while !burst.is_full() && self.refill() {
            match descriptor.read(|fd| self.read(fd)) {
                Ok(arrival) => {
                    if let Some(arrival) = arrival {
                        self.taken += u64::from(arrival.segments);
                        burst.push(arrival);
                    }
                }
                Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Ready when [`receive`](Self::receive) may give something.
    pub(super) fn poll(
        &mut self,
        descriptor: &mut Descriptor,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let missing = self.whole - self.chain.len();
        if missing > 0 {
            ready!(self.pool.poll_free(context, missing));
        }
        descriptor.poll_readable(context)
    }

    fn refill(&mut self) -> bool {
        while self.chain.len() < self.whole {
            let Some(buffer) = self.pool.take() else {
                return false;
            };
            self.chain.push(buffer);
        }
        true
    }

    /// One frame; `None` if it had to be thrown away.
    fn read(&mut self, fd: BorrowedFd<'_>) -> Result<Option<Arrival>, Errno> {
        let mut header = [0; VirtioHeader::LENGTH];
        let result = {
            let mut pieces = ArrayVec::<_, PIECES>::new();
            pieces.push(IoSliceMut::new(&mut header));
            let buffers = self.chain.iter_mut().rev();
            pieces.extend(buffers.map(|buffer| IoSliceMut::new(buffer)));
            readv(fd, &mut pieces)
        };
        match result {
            Ok(length) if length >= VirtioHeader::LENGTH => {
                let length = length - VirtioHeader::LENGTH;
                Ok(self.arrival(VirtioHeader::read(&header), length))
            }
            Err(Errno::INTR) => Err(Errno::INTR),
            // The interface is gone, if its queue is not merely empty. Nothing will come any more, and no answer may look as if
            // something had.
            _ => Err(Errno::WOULDBLOCK),
        }
    }

    /// The frame of `length` bytes that lies in the chain.
    fn arrival(&mut self, header: VirtioHeader, length: usize) -> Option<Arrival> {
        if length > self.whole * self.frame_size {
            self.read += 1;
            return None;
        }
        let frame_size = self.frame_size;
        let mut left = length;
        let mut next = || {
            let here = left.min(frame_size);
            left -= here;
            Some(self.chain.pop()?.filled(here))
        };
        let frame = next()?;
        let mut rest = Vec::new();
        if length > frame_size {
            rest.reserve_exact((length - 1) / frame_size);
            rest.extend(std::iter::from_fn(next).take((length - 1) / frame_size));
        }
        let segmentation = header.segmentation();
        let segments = segmentation.map_or(1, |size| segments(&frame, size));
        self.read += u64::from(segments);
        Some(Arrival {
            frame,
            rest,
            arrived: None,
            checksum: header.checksum(),
            segments,
            segmentation: segmentation.filter(|_| segments > 1),
        })
    }
}
