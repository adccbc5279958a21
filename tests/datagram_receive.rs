//! Datagrams arrive: at the right socket, whole, in bounded memory, each frame accounted for.

use periplus_journey::{DropReason, Instant, Outcome};
use periplus_ring::{Arrival, Device, PoolLevel, RxBurst, RxChecksum, RxFrame};
use periplus_stack::{BindError, Closed, ReceiveFrom, ShardOptions};
use periplus_tests::{PEER, PEER_ETHERNET, STACK, STACK_ETHERNET, Script, content, options};
use periplus_wire::{ethernet, ipv4};
use std::net::{Ipv4Addr, SocketAddr};

const A: u16 = 40_001;
const UDP_CHECKSUM: usize = ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH + 6;

fn from(port: u16) -> SocketAddr {
    (PEER, port).into()
}

/// Frames dropped for `reason`, and nothing else dropped.
#[track_caller]
fn dropped(script: &Script, reason: DropReason) -> u64 {
    let ledger = script.stack.shard.ledger();
    assert!(ledger.is_balanced(), "{ledger:?}");
    assert_eq!(ledger.dropped(reason), ledger.dropped_in_all());
    ledger.dropped(reason)
}

#[test]
fn a_datagram_comes_with_its_source_and_an_empty_one_is_one() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    script.inject_datagram(A, 53, b"query");
    script.inject_datagram(A + 1, 53, b"");
    script.inject_datagram(A, 53, &content(0..1472));
    let received = script.receive_all(socket);
    assert_eq!(
        received,
        [
            (from(A), b"query".to_vec()),
            (from(A + 1), Vec::new()),
            (from(A), content(0..1472)),
        ]
    );
    script.expect_nothing();
    let (counters, ledger) = (
        script.stack.shard.counters(),
        script.stack.shard.ledger().clone(),
    );
    assert_eq!((counters.udp_in_datagrams, ledger.delivered), (3, 3));
    assert!(ledger.is_balanced());
}

#[test]
fn who_was_told_to_wait_is_told_when_there_is_one() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    let wait = script.stack.shard.receive_from(socket);
    assert_eq!(wait, Ok(ReceiveFrom::Wait));
    assert!(!script.stack.take_receivable(socket));
    script.inject_datagram(A, 53, b"query");
    assert!(script.stack.take_receivable(socket));
    script.inject_datagram(A, 53, b"nobody waits");
    assert!(!script.stack.take_receivable(socket));
}

#[test]
fn the_more_specific_socket_is_found_and_a_taken_port_is_refused() {
    let mut script = Script::new(options());
    let any = script.bind_udp(53);
    let ours = SocketAddr::from((STACK, 53));
    let specific = script.stack.shard.bind_udp(ours).unwrap();
    assert_eq!(
        script.stack.shard.bind_udp(ours),
        Err(BindError::AddressInUse(ours))
    );
    let theirs = from(53);
    assert_eq!(
        script.stack.shard.bind_udp(theirs),
        Err(BindError::AddressNotAvailable(theirs))
    );
    script.inject_datagram(A, 53, b"1");
    assert_eq!(script.receive_all(specific).len(), 1);
    script.stack.shard.close_udp(specific);
    script.inject_datagram(A, 53, b"2");
    assert_eq!(script.receive_all(any).len(), 1);
    assert_eq!(script.stack.shard.receive_from(specific), Err(Closed));
    assert_eq!(script.stack.shard.datagram_sockets().count(), 1);
}

/// RFC 6056: an answer to a guessed port would be believed.
#[test]
fn port_zero_is_a_free_port_that_does_not_count_up() {
    let mut script = Script::new(options());
    let ports: Vec<u16> = (0..100)
        .map(|_| {
            let socket = script.bind_udp(0);
            script
                .stack
                .shard
                .udp_socket(socket)
                .unwrap()
                .local()
                .port()
        })
        .collect();
    let steps = ports.windows(2).filter(|pair| pair[1] == pair[0] + 1);
    assert!(steps.count() < 5, "{ports:?}");
    assert!(ports.iter().all(|port| (32_768..61_000).contains(port)));
}

/// RFC 768 and RFC 1122 4.1.3.4.
#[test]
fn a_wrong_checksum_is_dropped_and_none_is_accepted() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    let datagram = script.datagram(A, 53, b"odd");
    let mut frame = datagram.to_frame(PEER_ETHERNET, STACK_ETHERNET);
    frame[UDP_CHECKSUM] ^= 1;
    script.inject_frame(&frame);
    assert!(script.receive_all(socket).is_empty());
    assert_eq!(dropped(&script, DropReason::UdpCsum), 1);
    let counters = script.stack.shard.counters();
    assert_eq!(
        (counters.udp_in_csum_errors, counters.udp_in_errors),
        (1, 1)
    );

    frame[UDP_CHECKSUM..][..2].fill(0);
    script.inject_frame(&frame);
    assert_eq!(script.receive_all(socket).len(), 1);
}

#[test]
fn a_length_that_lies_is_dropped_and_a_shorter_one_is_believed() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    let good = script
        .datagram(A, 53, b"query")
        .to_frame(PEER_ETHERNET, STACK_ETHERNET);
    for length in [0, 7, 14, 0xffff_u16] {
        let mut frame = good.clone();
        frame[UDP_CHECKSUM - 2..][..2].copy_from_slice(&length.to_be_bytes());
        script.inject_frame(&frame);
    }
    assert_eq!(dropped(&script, DropReason::PktTooSmall), 4);
    assert_eq!(script.stack.shard.counters().udp_in_errors, 4);
    let mut frame = good;
    frame[UDP_CHECKSUM - 2..][..4].copy_from_slice(&[0, 10, 0, 0]);
    script.inject_frame(&frame);
    assert_eq!(script.receive_all(socket), [(from(A), b"qu".to_vec())]);
}

/// Nobody reads: what the queue holds is bounded by the memory it takes, whatever the datagrams' size, and no frame of the
/// ring is kept.
#[test]
fn a_queue_that_nobody_reads_is_bounded_and_keeps_no_frames() {
    for size in [0u64, 1, 100, 1472] {
        let mut script = Script::new(options());
        let socket = script.bind_udp(53);
        let data = content(0..size);
        for _ in 0..5_000 {
            script.inject_datagram(A, 53, &data);
        }
        let refused = dropped(&script, DropReason::SocketRcvbuff);
        let queue = script
            .stack
            .shard
            .udp_socket(socket)
            .unwrap()
            .receive_queue();
        assert!(queue.charge() <= 212_992 && queue.charge() > 212_992 - 1_600);
        assert_eq!(queue.len() as u64 + refused, 5_000);
        assert_eq!(queue.refused(), refused);
        let counters = script.stack.shard.counters();
        assert_eq!(counters.udp_rcvbuf_errors, refused);
        assert_eq!(counters.udp_in_errors, refused);
        assert_eq!(script.stack.device.level(), PoolLevel::Ample);
        let received = script.receive_all(socket);
        assert_eq!(received.len() as u64, 5_000 - refused);
        assert!(received.iter().all(|(_, received)| *received == data));
        // Drained, it takes again.
        script.inject_datagram(A, 53, &data);
        assert_eq!(script.receive_all(socket).len(), 1);
    }
}

#[test]
fn an_empty_queue_takes_one_datagram_whatever_its_limit() {
    let mut script = Script::new(ShardOptions {
        rmem_default: 10,
        ..options()
    });
    let socket = script.bind_udp(53);
    script.inject_datagram(A, 53, &content(0..1000));
    script.inject_datagram(A, 53, b"");
    assert_eq!(script.receive_all(socket).len(), 1);
    assert_eq!(dropped(&script, DropReason::SocketRcvbuff), 1);
}

#[test]
fn broadcasts_and_groups_are_not_received_nor_answered() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    for address in [[10, 0, 0, 255], [255, 255, 255, 255], [224, 0, 0, 251]] {
        for port in [53, 54] {
            let mut datagram = script.datagram(A, port, &content(0..100));
            datagram.destination.set_ip(Ipv4Addr::from(address));
            script.inject_frame(&datagram.to_frame(PEER_ETHERNET, STACK_ETHERNET));
        }
    }
    script.expect_nothing();
    assert!(script.receive_all(socket).is_empty());
    assert_eq!(dropped(&script, DropReason::IpInAddrErrors), 6);
}

/// What a device hands over that merges (Linux's `UDP_SEGMENT` over a link without a wire): several datagrams, in a chain
/// of buffers.
fn train(script: &Script, stack_port: u16, data: &[u8], size: u16) -> Arrival {
    let frame = script
        .datagram(A, stack_port, data)
        .to_frame(PEER_ETHERNET, STACK_ETHERNET);
    let (first, rest) = frame.split_at(200);
    Arrival {
        frame: RxFrame::from(first.to_vec()),
        rest: rest
            .chunks(700)
            .map(|piece| RxFrame::from(piece.to_vec()))
            .collect(),
        arrived: Some(script.now),
        checksum: RxChecksum::Unverified,
        segments: data.len().div_ceil(size.into()) as u16,
        segmentation: Some(size),
    }
}

fn receive(script: &mut Script, arrival: Arrival) {
    let mut burst = RxBurst::new();
    burst.push(arrival);
    script
        .stack
        .shard
        .receive(Instant::from_millis(1_000), &mut burst, PoolLevel::Ample);
}

#[test]
fn a_train_of_datagrams_arrives_one_by_one() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(443);
    let arrival = train(&script, 443, &content(0..3_000), 1_200);
    receive(&mut script, arrival);
    let received: Vec<_> = script
        .receive_all(socket)
        .into_iter()
        .map(|(_, data)| data)
        .collect();
    assert_eq!(
        received,
        [
            content(0..1_200),
            content(1_200..2_400),
            content(2_400..3_000)
        ]
    );
    let ledger = script.stack.shard.ledger();
    assert!(ledger.is_balanced());
    assert_eq!(ledger.delivered, 3);
}

#[test]
fn a_train_for_a_closed_port_is_answered_for_its_first_datagram() {
    let mut script = Script::new(options());
    let arrival = train(&script, 443, &content(0..3_000), 600);
    receive(&mut script, arrival);
    let quoted = script.expect_unreachable(A, 3);
    let on_the_wire = script
        .datagram(A, 443, &content(0..600))
        .to_frame(PEER_ETHERNET, STACK_ETHERNET);
    assert_eq!(quoted, on_the_wire[ethernet::HEADER_LENGTH..][..548]);
    assert_eq!(script.stack.shard.ledger().refused, 5);
    assert_eq!(script.stack.shard.counters().udp_no_ports, 5);
}

#[test]
fn a_refusal_is_recorded_as_an_arrival() {
    let mut script = Script::new(options());
    script.inject_datagram(A, 53, b"query");
    script.run();
    let record = &script.stack.records[0];
    assert_eq!(
        (record.outcome, record.protocol, record.peer),
        (Outcome::Refused, Some("udp"), from(A))
    );
}
