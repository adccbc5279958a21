//! What we send to the host.

use crate::descriptor::Descriptor;
use crate::transmit_buffer::TransmitBuffer;
use periplus_ring::TxDescriptor;
use rustix::io::{Errno, retry_on_intr, write};
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll, ready};

/// The transmit buffer: a write is one frame, with its header in front.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) buffer: TransmitBuffer,
}

impl Outgoing {
    pub(super) fn new(longest: usize) -> Self {
        Self {
            buffer: TransmitBuffer::new(longest),
        }
    }

    /// Room for a frame.
    pub(super) fn reserve(&mut self, descriptor: &Descriptor, length: usize) -> Option<&mut [u8]> {
        self.write_waiting(descriptor);
        self.buffer.room(length)
    }

    /// Writes the frame that is in the room.
    pub(super) fn commit(&mut self, descriptor: &Descriptor, frame: &TxDescriptor) {
        self.buffer.hand_over(frame);
        self.write_waiting(descriptor);
    }

    /// Ready when [`reserve`](Self::reserve) gives room.
    pub(super) fn poll(
        &mut self,
        descriptor: &mut Descriptor,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        if let Some(frame) = self.buffer.waiting() {
            let result = ready!(descriptor.poll_write(context, |fd| write_all(fd, frame)));
            self.settle(result);
        }
        Poll::Ready(())
    }

    fn write_waiting(&mut self, descriptor: &Descriptor) {
        if let Some(frame) = self.buffer.waiting() {
            let result = descriptor.write(|fd| write_all(fd, frame));
            self.settle(result);
        }
    }

    /// Counts what became of the frame.
    fn settle(&mut self, result: Result<(), Errno>) {
        match result {
            Ok(()) => self.buffer.taken(),
            Err(Errno::WOULDBLOCK) => {}
            // The interface is down (EIO) or gone (EBADFD), or the kernel has no memory for the frame. TCP sends it again.
            Err(_) => self.buffer.refused(),
        }
    }
}

fn write_all(fd: BorrowedFd<'_>, frame: &[u8]) -> Result<(), Errno> {
    retry_on_intr(|| write(fd, frame)).map(drop)
}
