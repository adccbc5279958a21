//! Whatever arrives, the stack stands, accounts for it, and still serves.

use periplus_ring::{Arrival, PoolLevel, RxBurst, RxChecksum, RxFrame, segments};
use periplus_tests::{
    PEER, PEER_ETHERNET, STACK, STACK_ETHERNET, Script, content, options, packet,
};
use periplus_wire::checksum::Sum;
use periplus_wire::icmpv4::{self, unreachable};
use periplus_wire::{ethernet, ipv4, tcp};
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 50_000;

/// What a peer sends in a connection's life.
const SEGMENTS: [&str; 8] = [
    "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,wscale 7>",
    ". 1:1(0) ack 1",
    "P. 1:101(100) ack 1",
    "P. 201:301(100) ack 1 win 0",
    ". 101:101(0) ack 9",
    "F. 101:101(0) ack 1",
    "R. 101:101(0) ack 1",
    "R 90:90(0)",
];

/// Steps of a linear congruential generator (Knuth's MMIX), its good high bits.
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// Puts right what a receiver would stumble over first, so that the damage gets further.
fn repair_checksums(frame: &mut [u8]) {
    let packet = &mut frame[ethernet::HEADER_LENGTH..];
    let header_length = usize::from(packet[0] & 0xf) * 4;
    if header_length < ipv4::HEADER_LENGTH || packet.len() < header_length + tcp::HEADER_LENGTH {
        return;
    }
    let (header, segment) = packet.split_at_mut(header_length);
    header[10..12].fill(0);
    let mut sum = Sum::new();
    sum.add(header);
    header[10..12].copy_from_slice(&sum.finish().to_be_bytes());
    if header[9] == ipv4::UDP {
        segment[6..8].fill(0);
    } else {
        tcp::write_checksum(PEER.into(), STACK.into(), segment);
    }
}

#[test]
fn damaged_datagrams_are_survived_and_accounted_for() {
    let mut noise = Noise(2);
    let mut script = Script::new(options());
    let socket = script.bind_udp(53);
    let mut received = 0;
    for _ in 0..20_000 {
        let data = content(0..noise.below(200) as u64 + 12);
        let datagram = script.datagram(A, 53, &data);
        let mut frame = datagram.to_frame(PEER_ETHERNET, STACK_ETHERNET);
        for _ in 0..noise.below(4) {
            let place = ethernet::HEADER_LENGTH + noise.below(ipv4::HEADER_LENGTH + 12);
            frame[place] ^= 1 << noise.below(8);
        }
        repair_checksums(&mut frame);
        script.inject_frame(&frame);
        script.drain();
        received += script.receive_all(socket).len() as u64;
        assert!(script.stack.shard.ledger().is_balanced());
    }
    let ledger = script.stack.shard.ledger();
    assert_eq!(ledger.delivered, received);
    assert!(
        received > 5_000 && ledger.dropped_in_all() > 1_000,
        "{ledger:?}"
    );
}

#[test]
fn damaged_frames_are_survived_and_accounted_for() {
    let mut noise = Noise(1);
    let (mut script, web) = Script::listening(options(), 4);
    for round in 0..20_000 {
        let text = SEGMENTS[noise.below(SEGMENTS.len())];
        let segment = script.segment(A, text);
        let mut frame = segment.to_frame(PEER_ETHERNET, STACK_ETHERNET);
        for _ in 0..noise.below(4) {
            let place =
                ethernet::HEADER_LENGTH + noise.below(frame.len() - ethernet::HEADER_LENGTH);
            frame[place] ^= 1 << noise.below(8);
        }
        repair_checksums(&mut frame);
        script.inject_frame(&frame);
        script.drain();
        if let Some(accepted) = script.stack.shard.accept(script.now, web) {
            let _ = script.stack.shard.write(script.now, accepted.id, b"hello");
            if round % 2 == 0 {
                script.stack.shard.close(script.now, accepted.id);
            }
        }
        if round % 100 == 0 {
            script.advance(Duration::from_secs(20));
            script.drain();
        }
        assert!(script.stack.shard.ledger().is_balanced());
    }
    script.advance(Duration::from_secs(600));
    script.drain();
    script.handshake(B);
    let id = script.accept(web).id;
    script.inject(B, "P. 1:101(100) ack 1");
    assert_eq!(script.read(id), Ok(content(0..100)));
}

/// Smallest buffers that a device copies frames into.
const BUFFER: usize = 256;

/// What a device hands over for `frame`: in one buffer or several, its checksum in any state, whole or to be cut.
fn arrival(noise: &mut Noise, frame: &[u8]) -> Arrival {
    let size = if noise.below(2) == 0 { BUFFER } else { 2048 };
    let mut buffers = frame
        .chunks(size)
        .map(|bytes| RxFrame::from(bytes.to_vec()));
    let first = buffers.next().unwrap_or_else(|| RxFrame::from(Vec::new()));
    let states = [
        RxChecksum::Unverified,
        RxChecksum::Partial,
        RxChecksum::Verified,
    ];
    let size = 1 + noise.below(600) as u16;
    let segments = match noise.below(2) {
        0 => segments(&first, size),
        _ => 1,
    };
    Arrival {
        rest: buffers.collect(),
        segments,
        segmentation: (segments > 1).then_some(size),
        ..Arrival::single(first, None, states[noise.below(states.len())])
    }
}

/// A frame of any kind that the stack knows, undamaged.
fn any_frame(noise: &mut Noise, script: &Script) -> Vec<u8> {
    let segment = script.segment(A, SEGMENTS[noise.below(SEGMENTS.len())]);
    let segment = segment.to_frame(PEER_ETHERNET, STACK_ETHERNET);
    match noise.below(5) {
        0 => segment,
        1 | 2 => {
            let port = [53, 54][noise.below(2)];
            let length = noise.below(3000) as u64;
            let datagram = script.datagram(A, port, &content(0..length));
            datagram.to_frame(PEER_ETHERNET, STACK_ETHERNET)
        }
        3 => {
            let quoted = &segment[ethernet::HEADER_LENGTH..];
            let mut message = vec![0; icmpv4::unreachable_length(quoted)];
            icmpv4::write_unreachable(&mut message, unreachable::PORT, quoted);
            packet(ipv4::ICMP, &message)
        }
        _ => {
            let mut message = content(0..noise.below(3000) as u64);
            message.splice(0..0, [8, 0, 0, 0, 1, 2, 3, 4]);
            let mut sum = Sum::new();
            sum.add(&message);
            message[2..4].copy_from_slice(&sum.finish().to_be_bytes());
            packet(ipv4::ICMP, &message)
        }
    }
}

#[test]
fn whatever_a_device_hands_over_is_survived_and_accounted_for() {
    let mut noise = Noise(2);
    let (mut script, web) = Script::listening(options(), 4);
    let socket = script.bind_udp(53);
    let mut burst = RxBurst::default();
    for round in 0..30_000 {
        let mut frame = any_frame(&mut noise, &script);
        for _ in 0..noise.below(4) {
            // headers are where damage does something
            let place = noise.below(frame.len().min(80));
            frame[place] = match noise.below(3) {
                0 => noise.below(256) as u8,
                1 => [0, 1, 0x7f, 0xff][noise.below(4)],
                _ => frame[place] ^ 1 << noise.below(8),
            };
        }
        match noise.below(8) {
            0 => frame.truncate(noise.below(frame.len() + 1)),
            1 => frame.resize(frame.len() + noise.below(600), 0),
            2 => drop(frame.splice(12..12, [0x81, 0, 0, 7])),
            _ => {}
        }
        if noise.below(4) > 0 && frame.len() > 60 {
            repair_checksums(&mut frame);
        }
        burst.push(arrival(&mut noise, &frame));
        script
            .stack
            .shard
            .receive(script.now, &mut burst, PoolLevel::Ample);
        script.drain();
        if let Some(accepted) = script.stack.shard.accept(script.now, web) {
            script.stack.shard.close(script.now, accepted.id);
        }
        if round % 100 == 0 {
            script.receive_all(socket);
            script.advance(Duration::from_secs(20));
            script.drain();
        }
        assert!(script.stack.shard.ledger().is_balanced());
    }
    script.receive_all(socket);
    script.inject_datagram(A, 53, b"query");
    assert_eq!(script.receive_all(socket).len(), 1);
    script.handshake(B);
    script.accept(web);
}
