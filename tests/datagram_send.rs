//! Datagrams are sent: as they were given, to whom they are for, within bounds.

use periplus_stack::{SendError, SendTo, ShardOptions};
use periplus_tests::{
    Datagram, PEER, PEER_ETHERNET, STACK, STACK_ETHERNET, Script, content, options,
};
use periplus_wire::{ethernet, ipv4};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

const A: u16 = 40_001;

#[test]
fn a_datagram_goes_out_as_it_was_given() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    for data in [&b"answer"[..], b"", &content(0..1472)] {
        script.send_to(socket, data, A);
        let sent = script.next_datagram();
        assert_eq!(sent.source, SocketAddrV4::new(STACK, 53));
        assert_eq!(sent.destination, SocketAddrV4::new(PEER, A));
        assert_eq!(sent.data, data);
    }
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().udp_out_datagrams, 3);
}

/// RFC 768: a sum of 0 is sent as all ones, because 0 says that there is none. The cable checks that there is one.
#[test]
fn a_datagram_whose_checksum_is_zero_has_one() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    let without = Datagram {
        source: SocketAddrV4::new(STACK, 53),
        destination: SocketAddrV4::new(PEER, A),
        data: vec![0, 0],
    };
    // Data that brings the sum to all ones: what was left to it.
    let frame = without.to_frame(STACK_ETHERNET, PEER_ETHERNET);
    let data = &frame[ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH + 6..][..2];
    script.send_to(socket, data, A);
    assert_eq!(script.next_datagram().data, data);
}

#[test]
fn what_cannot_be_sent_is_refused_with_the_reason() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    let mut send = |data: &[u8], to: (Ipv4Addr, u16)| {
        let to = SocketAddr::from(to);
        script.stack.shard.send_to(socket, data, to)
    };
    assert_eq!(
        send(&[0; 1473], (PEER, A)),
        Err(SendError::MessageTooLong {
            length: 1473,
            largest: 1472
        })
    );
    let elsewhere = (Ipv4Addr::new(192, 0, 2, 1), A);
    assert_eq!(
        send(b"x", elsewhere),
        Err(SendError::NetworkUnreachable(elsewhere.into()))
    );
    for address in [
        [10, 0, 0, 255],
        [255, 255, 255, 255],
        [224, 0, 0, 1],
        [0; 4],
    ] {
        let to = (Ipv4Addr::from(address), A);
        assert_eq!(send(b"x", to), Err(SendError::NotUnicast(to.into())));
    }
    assert_eq!(
        send(b"x", (PEER, 0)),
        Err(SendError::NoPort((PEER, 0).into()))
    );
    script.stack.shard.close_udp(socket);
    let sent = script.stack.shard.send_to(socket, b"x", (PEER, A).into());
    assert_eq!(sent, Err(SendError::Closed));
    script.expect_nothing();
}

/// An absent neighbour: the datagrams wait, the latest 101 of them (Linux's `unres_qlen`), and go when it answers.
#[test]
fn datagrams_wait_for_the_link_address() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    let absent = Ipv4Addr::new(10, 0, 0, 77);
    script.answers_questions = false;
    for number in 0..150u8 {
        let sent = script
            .stack
            .shard
            .send_to(socket, &[number], (absent, A).into());
        assert_eq!(sent, Ok(SendTo::Accepted));
    }
    script.expect_nothing();
    assert_eq!(script.questions, 1, "asked once");
    assert_eq!(script.stack.shard.counters().ip_out_discards, 49);
    script.introduce(absent);
    for number in 49..150 {
        assert_eq!(script.next_datagram().data, [number]);
    }
    script.expect_nothing();
}

#[test]
fn datagrams_for_a_host_that_never_answers_are_lost_and_counted() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    let absent = Ipv4Addr::new(10, 0, 0, 77);
    script.answers_questions = false;
    let _ = script.stack.shard.send_to(socket, b"x", (absent, A).into());
    script.advance(Duration::from_secs(4));
    script.expect_nothing();
    let counters = script.stack.shard.counters();
    assert_eq!((counters.ip_out_discards, script.questions), (1, 3));
    // Asked for in vain a moment ago: the next one does not even wait.
    let _ = script.stack.shard.send_to(socket, b"x", (absent, A).into());
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().udp_out_datagrams, 0);
}

/// Nobody empties the ring: a socket has as much on its way as it may, and is told when there is room again.
#[test]
fn a_socket_waits_when_it_has_enough_on_its_way() {
    let mut script = Script::new(ShardOptions {
        wmem_default: 10_000,
        ..options()
    });
    let socket = script.bind_udp(53);
    let mut accepted = 0u64;
    let to = (PEER, A).into();
    while script.stack.shard.send_to(socket, &[0; 1000], to) == Ok(SendTo::Accepted) {
        accepted += 1;
    }
    assert_eq!(accepted, 9);
    assert!(!script.stack.take_sendable(socket));
    script.run();
    assert!(script.stack.take_sendable(socket));
    for _ in 0..accepted {
        script.next_datagram();
    }
    assert_eq!(script.stack.shard.udp_socket(socket).unwrap().sending(), 0);
    script.expect_nothing();
}

#[test]
fn what_was_sent_before_closing_still_goes() {
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    script.send_to(socket, b"farewell", A);
    script.stack.shard.close_udp(socket);
    assert_eq!(script.next_datagram().data, b"farewell");
    script.expect_nothing();
}
