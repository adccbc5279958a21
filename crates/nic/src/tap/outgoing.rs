//! What we send to the host.

use crate::descriptor::Descriptor;
use crate::virtio_header::VirtioHeader;
use periplus_ring::{TxDescriptor, segments};
use rustix::io::{Errno, retry_on_intr, write};
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll, ready};

/// The transmit buffer: a write is one frame, with its header in front.
#[derive(Debug)]
pub(super) struct Outgoing {
    buffer: Vec<u8>,
    /// The frame in the buffer was handed over, and the kernel had no room for it.
    waiting: Option<Waiting>,
    /// Frames on the wire that were handed over, and those of them that the kernel refused.
    pub(super) transmitted: u64,
    pub(super) dropped: u64,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// Bytes of it, header included.
    length: usize,
    segments: u64,
}

impl Outgoing {
    pub(super) fn new(longest: usize) -> Self {
        Self {
            buffer: vec![0; VirtioHeader::LENGTH + longest],
            waiting: None,
            transmitted: 0,
            dropped: 0,
        }
    }

    /// Room for a frame.
    pub(super) fn reserve(&mut self, descriptor: &Descriptor, length: usize) -> Option<&mut [u8]> {
        if let Some(waiting) = self.waiting {
            let result = descriptor.write(|fd| self.write(fd, waiting));
            self.settle(waiting, result);
        }
        if self.waiting.is_some() {
            return None;
        }
        let longest = self.buffer.len() - VirtioHeader::LENGTH;
        assert!(
            length <= longest,
            "a frame of {length} bytes on a TAP that carries {longest}"
        );
        Some(&mut self.buffer[VirtioHeader::LENGTH..][..length])
    }

    /// Writes the frame that is in the room.
    pub(super) fn commit(&mut self, descriptor: &Descriptor, frame: &TxDescriptor) {
        let (header, bytes) = self.buffer.split_at_mut(VirtioHeader::LENGTH);
        let bytes = &bytes[..frame.length];
        VirtioHeader::of(bytes, frame).write(header);
        let whole = Waiting {
            length: VirtioHeader::LENGTH + frame.length,
            segments: frame
                .segmentation
                .map_or(1, |size| segments(bytes, size))
                .into(),
        };
        self.transmitted += whole.segments;
        let result = descriptor.write(|fd| self.write(fd, whole));
        self.settle(whole, result);
    }

    /// Ready when [`reserve`](Self::reserve) gives room.
    pub(super) fn poll(
        &mut self,
        descriptor: &mut Descriptor,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        if let Some(waiting) = self.waiting {
            let result = ready!(descriptor.poll_write(context, |fd| self.write(fd, waiting)));
            self.settle(waiting, result);
        }
        Poll::Ready(())
    }

    fn write(&self, fd: BorrowedFd<'_>, frame: Waiting) -> Result<(), Errno> {
        retry_on_intr(|| write(fd, &self.buffer[..frame.length])).map(drop)
    }

    /// Counts what became of the frame.
    fn settle(&mut self, frame: Waiting, result: Result<(), Errno>) {
        self.waiting = None;
        match result {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => self.waiting = Some(frame),
            // The interface is down (EIO) or gone (EBADFD), or the kernel has no memory for the frame. TCP sends it again.
            Err(_) => self.dropped += frame.segments,
        }
    }
}
