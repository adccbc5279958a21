//! From the stack to the interface: one frame a call, copied by the kernel at once.

use super::socket::PacketSocket;
use crate::virtio_header::VirtioHeader;
use periplus_ring::{TxDescriptor, segments};
use std::future::Future;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Sleep, sleep};

/// How long a frame waits that found the interface's own queue full: of its having room nobody tells.
const QUEUE_PAUSE: Duration = Duration::from_millis(1);

/// The transmit buffer, and what becomes of it.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Virtio's header, and behind it the frame.
    buffer: Box<[u8]>,
    waiting: Option<Waiting>,
    wait: Wait,
    /// Frames handed over, and those that the link did not take; both as segments.
    pub(super) transmitted: u64,
    pub(super) dropped: u64,
}

/// The frame in the buffer was handed over and is not sent.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// Bytes of it, with its header.
    length: usize,
    segments: u64,
    /// What it waits for.
    obstacle: Obstacle,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Obstacle {
    /// As many bytes as may be are on their way: the kernel tells when they are fewer.
    SendBuffer,
    /// The interface's queue, or the kernel's memory.
    Queue,
}

/// Who wakes the task that waits for room. Made for each wait: the descriptor is not watched for room while nobody wants any,
/// because the kernel tells of it with every frame that has left.
#[derive(Debug)]
enum Wait {
    None,
    SendBuffer(AsyncFd<OwnedFd>),
    Queue(Pin<Box<Sleep>>),
}

impl Outgoing {
    pub(super) fn new(longest: usize) -> Self {
        Self {
            buffer: vec![0; VirtioHeader::LENGTH + longest].into_boxed_slice(),
            waiting: None,
            wait: Wait::None,
            transmitted: 0,
            dropped: 0,
        }
    }

    /// Room for a frame of `length` bytes, unless another waits there and still cannot be sent.
    pub(super) fn reserve(&mut self, socket: &PacketSocket, length: usize) -> Option<&mut [u8]> {
        if !self.send_waiting(socket) {
            return None;
        }
        let longest = self.buffer.len() - VirtioHeader::LENGTH;
        assert!(
            length <= longest,
            "a frame of {length} bytes on an interface that carries {longest}"
        );
        Some(&mut self.buffer[VirtioHeader::LENGTH..][..length])
    }

    /// Sends the frame that is in the room, or keeps it there.
    pub(super) fn commit(&mut self, socket: &PacketSocket, descriptor: &TxDescriptor) {
        let (header, room) = self.buffer.split_at_mut(VirtioHeader::LENGTH);
        let frame = &room[..descriptor.length];
        VirtioHeader::of(frame, descriptor).write(header);
        let segments = descriptor
            .segmentation
            .map_or(1, |size| segments(frame, size));
        self.transmitted += u64::from(segments);
        self.waiting = Some(Waiting {
            length: VirtioHeader::LENGTH + descriptor.length,
            segments: segments.into(),
            obstacle: Obstacle::SendBuffer,
        });
        self.send_waiting(socket);
    }

    /// Ready when [`reserve`](Self::reserve) gives room.
    pub(super) fn poll(&mut self, socket: &PacketSocket, context: &mut Context<'_>) -> Poll<()> {
        while let Some(waiting) = self.waiting {
            if matches!(self.wait, Wait::None) {
                self.wait = match waiting.obstacle {
                    Obstacle::SendBuffer => Wait::SendBuffer(socket.watch(Interest::WRITABLE)),
                    Obstacle::Queue => Wait::Queue(Box::pin(sleep(QUEUE_PAUSE))),
                };
            }
            match &mut self.wait {
                Wait::None => {}
                Wait::SendBuffer(descriptor) => drop(ready!(descriptor.poll_write_ready(context))),
                Wait::Queue(pause) => ready!(pause.as_mut().poll(context)),
            }
            self.wait = Wait::None;
            self.send_waiting(socket);
        }
        Poll::Ready(())
    }

    /// Whether no frame waits any more.
    fn send_waiting(&mut self, socket: &PacketSocket) -> bool {
        let Some(waiting) = &mut self.waiting else {
            return true;
        };
        match send(socket, &self.buffer[..waiting.length]) {
            Outcome::Sent => {}
            Outcome::Stopped(obstacle) => {
                waiting.obstacle = obstacle;
                return false;
            }
            Outcome::Refused => self.dropped += waiting.segments,
        }
        self.waiting = None;
        true
    }
}

enum Outcome {
    Sent,
    Stopped(Obstacle),
    /// The link is down or gone, or the frame is longer than it takes by now. TCP sends it again.
    Refused,
}

fn send(socket: &PacketSocket, bytes: &[u8]) -> Outcome {
    let mut tries = 0;
    loop {
        let Err(error) = socket.send(bytes) else {
            return Outcome::Sent;
        };
        tries += 1;
        match error.raw_os_error() {
            Some(libc::EAGAIN) => return Outcome::Stopped(Obstacle::SendBuffer),
            Some(libc::ENOBUFS | libc::ENOMEM) => return Outcome::Stopped(Obstacle::Queue),
            Some(libc::EINTR) => {}
            // that the link went down is told once, and may be long over
            Some(libc::ENETDOWN) if tries == 1 => {}
            _ => return Outcome::Refused,
        }
    }
}
