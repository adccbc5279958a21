//! From the stack to the interface: one frame a call, copied by the kernel at once.

use super::socket::PacketSocket;
use crate::transmit_buffer::TransmitBuffer;
use periplus_ring::TxDescriptor;
use std::future::Future;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Sleep, sleep};

/// How long a frame waits that found the interface's own queue full: of its having room nobody tells. Nor of the send
/// buffer's, while the process has no descriptor left to be told by.
const QUEUE_PAUSE: Duration = Duration::from_millis(1);

/// The transmit buffer, and what its frame waits for.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) buffer: TransmitBuffer,
    obstacle: Obstacle,
    wait: Wait,
}

/// What stopped the last frame that was stopped.
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
    Pause(Pin<Box<Sleep>>),
}

impl Outgoing {
    pub(super) fn new(longest: usize) -> Self {
        Self {
            buffer: TransmitBuffer::new(longest),
            obstacle: Obstacle::SendBuffer,
            wait: Wait::None,
        }
    }

    /// Room for a frame of `length` bytes, unless another waits there and still cannot be sent.
    pub(super) fn reserve(&mut self, socket: &PacketSocket, length: usize) -> Option<&mut [u8]> {
        self.send_waiting(socket);
        self.buffer.room(length)
    }

    /// Sends the frame that is in the room, or keeps it there.
    pub(super) fn commit(&mut self, socket: &PacketSocket, descriptor: &TxDescriptor) {
        self.buffer.hand_over(descriptor);
        self.send_waiting(socket);
    }

    /// Ready when [`reserve`](Self::reserve) gives room.
    pub(super) fn poll(&mut self, socket: &PacketSocket, context: &mut Context<'_>) -> Poll<()> {
        while self.buffer.waiting().is_some() {
            if matches!(self.wait, Wait::None) {
                self.wait = match self.obstacle {
                    Obstacle::SendBuffer => socket.watch(Interest::WRITABLE).ok(),
                    Obstacle::Queue => None,
                }
                .map_or_else(pause, Wait::SendBuffer);
            }
            match &mut self.wait {
                Wait::None => {}
                Wait::SendBuffer(descriptor) => drop(ready!(descriptor.poll_write_ready(context))),
                Wait::Pause(pause) => ready!(pause.as_mut().poll(context)),
            }
            // one that was once told of an error would be told for ever
            self.wait = Wait::None;
            self.send_waiting(socket);
        }
        Poll::Ready(())
    }

    fn send_waiting(&mut self, socket: &PacketSocket) {
        let Some(frame) = self.buffer.waiting() else {
            return;
        };
        match send(socket, frame) {
            Outcome::Sent => self.buffer.taken(),
            Outcome::Stopped(obstacle) => self.obstacle = obstacle,
            Outcome::Refused => self.buffer.refused(),
        }
    }
}

fn pause() -> Wait {
    Wait::Pause(Box::pin(sleep(QUEUE_PAUSE)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::virtio_header::VirtioHeader;
    use rustix::io::read;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    use std::fs::File;
    use std::future::poll_fn;

    const FRAME: usize = 1000;

    /// A socket of another kind, that fills up and tells of room as a packet socket does, and its other end.
    fn sockets() -> (PacketSocket, OwnedFd) {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
        (PacketSocket::from(ours), theirs)
    }

    fn numbered(outgoing: &mut Outgoing, socket: &PacketSocket, number: u32) -> bool {
        let Some(frame) = outgoing.reserve(socket, FRAME) else {
            return false;
        };
        frame[..4].copy_from_slice(&number.to_ne_bytes());
        outgoing.commit(socket, &TxDescriptor::complete(FRAME));
        true
    }

    fn next(peer: &OwnedFd) -> Option<u32> {
        let mut bytes = [0; VirtioHeader::LENGTH + FRAME];
        let length = read(peer, &mut bytes).ok()?;
        assert_eq!(length, bytes.len());
        let number = &bytes[VirtioHeader::LENGTH..][..4];
        Some(u32::from_ne_bytes(number.try_into().unwrap()))
    }

    #[tokio::test]
    async fn a_full_socket_stops_and_its_room_wakes_and_no_frame_is_lost() {
        let (socket, peer) = sockets();
        let mut outgoing = Outgoing::new(FRAME);
        let mut sent = 0;
        while numbered(&mut outgoing, &socket, sent) {
            sent += 1;
        }
        assert!(outgoing.buffer.waiting().is_some());
        let reader = async { (0..sent - 1).all(|number| next(&peer) == Some(number)) };
        let room = poll_fn(|context| outgoing.poll(&socket, context));
        let ((), in_order) = tokio::join!(room, reader);
        assert!(in_order);
        assert_eq!(next(&peer), Some(sent - 1), "the frame that waited");
        assert_eq!(next(&peer), None);
        assert!(numbered(&mut outgoing, &socket, sent));
        assert_eq!(next(&peer), Some(sent));
        let buffer = &outgoing.buffer;
        assert_eq!((buffer.transmitted, buffer.dropped), (sent as u64 + 1, 0));
    }

    #[tokio::test]
    async fn a_socket_that_cannot_be_watched_for_room_is_tried_again() {
        let (socket, peer) = sockets();
        let mut outgoing = Outgoing::new(FRAME);
        while numbered(&mut outgoing, &socket, 0) {}
        // of a file nobody can be told when it has room, as of a socket when there are no descriptors more
        let file = PacketSocket::from(OwnedFd::from(File::open("/proc/self/exe").unwrap()));
        poll_fn(|context| outgoing.poll(&file, context)).await;
        assert_eq!(outgoing.buffer.dropped, 1, "a file takes no frames");
        drop(peer);
    }

    #[test]
    fn a_link_that_is_gone_loses_frames_that_are_counted() {
        let (socket, peer) = sockets();
        let mut outgoing = Outgoing::new(FRAME);
        drop(peer);
        assert!(numbered(&mut outgoing, &socket, 0));
        assert!(numbered(&mut outgoing, &socket, 1));
        let buffer = &outgoing.buffer;
        assert_eq!((buffer.transmitted, buffer.dropped), (2, 2));
    }
}
