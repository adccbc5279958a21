//! The two directions of a TAP over a pair of sockets that keep the bounds of what is written, as the kernel's descriptor does.

use super::TapOptions;
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use crate::descriptor::Descriptor;
use crate::virtio_header::VirtioHeader;
use periplus_ring::{RxBurst, TxDescriptor};
use rustix::io::{Errno, read, write};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::future::poll_fn;
use std::os::fd::OwnedFd;

fn pair() -> (Descriptor, OwnedFd) {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (ours, kernels) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
    (Descriptor::new(ours), kernels)
}

fn content(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + seed) as u8).collect()
}

fn send(kernel: &OwnedFd, frame: &[u8]) {
    let bytes = [&[0; VirtioHeader::LENGTH], frame].concat();
    assert_eq!(write(kernel, &bytes), Ok(bytes.len()));
}

fn small_pool() -> TapOptions {
    TapOptions {
        frames: 40,
        ..TapOptions::default()
    }
}

#[test]
fn frames_of_every_length_lie_in_as_many_buffers_as_they_need() {
    let (descriptor, kernel) = pair();
    let mut incoming = Incoming::new(&small_pool());
    let mut burst = RxBurst::new();
    for (length, buffers) in [
        (14, 1),
        (2047, 1),
        (2048, 1),
        (2049, 2),
        (4096, 2),
        (4097, 3),
        (65_549, 33),
    ] {
        let frame = content(length, length);
        send(&kernel, &frame);
        incoming.receive(&descriptor, &mut burst);
        let arrival = burst.drain().next().unwrap();
        assert_eq!((arrival.length(), arrival.buffers()), (length, buffers));
        assert_eq!(arrival.to_vec(), frame);
        assert_eq!((arrival.segments, arrival.segmentation), (1, None));
    }
    assert_eq!((incoming.read, incoming.taken), (7, 7));
}

#[test]
fn a_burst_ends_when_it_is_full_and_the_rest_waits() {
    let (descriptor, kernel) = pair();
    let mut incoming = Incoming::new(&TapOptions::default());
    (0..70).for_each(|number| send(&kernel, &content(60, number)));
    let mut burst = RxBurst::new();
    incoming.receive(&descriptor, &mut burst);
    assert_eq!(burst.drain().len(), 64);
    incoming.receive(&descriptor, &mut burst);
    assert_eq!(burst.drain().len(), 6);
}

#[tokio::test]
async fn with_too_few_buffers_frames_wait_in_the_kernel_until_some_come_home() {
    let (mut descriptor, kernel) = pair();
    let mut incoming = Incoming::new(&small_pool());
    (0..10).for_each(|number| send(&kernel, &content(60, number)));
    let mut burst = RxBurst::new();
    poll_fn(|context| incoming.poll(&mut descriptor, context)).await;
    incoming.receive(&descriptor, &mut burst);
    let mut held: Vec<_> = burst.drain().collect();
    assert_eq!(held.len(), 8, "40 buffers, 33 for the next read");

    let next = poll_fn(|context| incoming.poll(&mut descriptor, context));
    let home = async { held.truncate(6) };
    let ((), ()) = tokio::join!(next, home);
    incoming.receive(&descriptor, &mut burst);
    let rest: Vec<_> = burst.drain().collect();
    assert_eq!(rest.len(), 2);
    assert_eq!(rest[1].to_vec(), content(60, 9));
    assert_eq!((incoming.read, incoming.taken), (10, 10));
}

#[tokio::test]
async fn a_frame_that_finds_no_room_waits_and_is_not_lost() {
    let (mut descriptor, kernel) = pair();
    let mut outgoing = Outgoing::new(2000);
    let mut sent = 0;
    while let Some(buffer) = outgoing.reserve(&descriptor, 1000) {
        buffer.copy_from_slice(&content(1000, sent));
        outgoing.commit(&descriptor, &TxDescriptor::complete(1000));
        sent += 1;
    }
    assert!(outgoing.reserve(&descriptor, 60).is_none(), "still none");

    let mut arrived = Vec::new();
    let mut drain = || {
        let mut bytes = [0; 2048];
        while let Ok(length) = read(&kernel, &mut bytes) {
            arrived.push(bytes[VirtioHeader::LENGTH..length].to_vec());
        }
    };
    let room = poll_fn(|context| outgoing.poll(&mut descriptor, context));
    let ((), ()) = tokio::join!(room, async { drain() });
    assert!(outgoing.reserve(&descriptor, 60).is_some());
    drain();
    let expected: Vec<_> = (0..sent).map(|number| content(1000, number)).collect();
    assert_eq!(arrived, expected);
    assert_eq!(outgoing.buffer.transmitted, sent as u64);
    assert_eq!(outgoing.buffer.dropped, 0);
}

#[test]
fn a_frame_that_the_kernel_refuses_is_counted() {
    let (descriptor, kernel) = pair();
    let mut outgoing = Outgoing::new(2000);
    drop(kernel);
    assert!(outgoing.reserve(&descriptor, 60).is_some());
    outgoing.commit(&descriptor, &TxDescriptor::complete(60));
    assert_eq!(
        (outgoing.buffer.transmitted, outgoing.buffer.dropped),
        (1, 1)
    );
    assert!(outgoing.reserve(&descriptor, 60).is_some());
}

#[test]
fn a_closed_descriptor_is_an_empty_one() {
    let (descriptor, kernel) = pair();
    let mut incoming = Incoming::new(&small_pool());
    drop(kernel);
    let mut burst = RxBurst::new();
    incoming.receive(&descriptor, &mut burst);
    assert!(burst.is_empty());
    let nothing = descriptor.read(|fd| read(fd, &mut [0u8; 8]));
    assert!(matches!(nothing, Ok(0) | Err(Errno::CONNRESET)));
}
