use super::*;
use crate::flow_table::FlowKey;
use periplus_ring::memory::{LinkOptions, MemoryDevice, link};
use periplus_ring::{Arrival, RxBurst, of_arrival};
use periplus_wire::ethernet::EthernetAddress;
use periplus_wire::ipv4::Ipv4Header;
use periplus_wire::tcp::{SackBlocks, TcpOptions, Timestamps};
use periplus_wire::{Ecn, SeqNum};
use proptest::prelude::*;
use std::net::Ipv4Addr;

const LOCAL: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const REMOTE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// The frames on the wire that one call makes of `payload` on a link with offloads, or without, and how many it counted.
fn frames(
    offloads: bool,
    header: &SegmentHeader,
    payload: &[&[u8]],
    segment_size: usize,
) -> (Vec<Vec<u8>>, u64) {
    let (mut device, mut peer) = link(LinkOptions {
        offloads,
        ..LinkOptions::default()
    });
    let capabilities = *device.capabilities();
    let headers = headers();
    let mut writer = writer(&mut device, &capabilities, &headers);
    let length: usize = payload.iter().map(|piece| piece.len()).sum();
    assert!(length <= writer.largest_payload(segment_size).max(segment_size));
    writer.segment(header, payload, segment_size).unwrap();
    let sent = writer.sent;
    let mut frames = Vec::new();
    let mut burst = RxBurst::new();
    loop {
        peer.receive(Instant::ZERO, &mut burst);
        if burst.is_empty() {
            return (frames, sent);
        }
        for arrival in burst.drain() {
            frames.extend(checked(&arrival));
        }
    }
}

fn writer<'a>(
    device: &'a mut MemoryDevice,
    capabilities: &'a Capabilities,
    header: &'a FlowHeader,
) -> SegmentWriter<'a> {
    SegmentWriter {
        device,
        capabilities,
        header,
        now: Instant::ZERO,
        sent: 0,
    }
}

fn headers() -> FlowHeader {
    let key = FlowKey {
        local: (LOCAL, 80).into(),
        remote: (REMOTE, 40_000).into(),
    };
    let station = |n| EthernetAddress([2, 0, 0, 0, 0, n]);
    FlowHeader::new(&key.ends(), station(1), station(2)).unwrap()
}

/// The frames that `arrival` stands for, their checksums right; without the identification, which a device counts on.
fn checked(arrival: &Arrival) -> Vec<Vec<u8>> {
    let mut frames: Vec<_> = of_arrival(arrival).collect();
    for frame in &mut frames {
        let packet = &mut frame[ethernet::HEADER_LENGTH..];
        assert!(ipv4::verify_checksum(packet));
        let (ip, segment) = Ipv4Header::parse(packet).unwrap();
        assert_eq!(ip.total_length(), packet.len());
        assert!(tcp::verify_checksum(LOCAL.into(), REMOTE.into(), segment));
        packet[4..6].fill(0);
        ipv4::write_checksum(packet);
    }
    frames
}

prop_compose! {
    fn any_header()(
        seq: u32,
        ack: u32,
        wnd: u16,
        flags in prop_oneof![
            Just(TcpFlags::ACK),
            Just(TcpFlags::ACK | TcpFlags::PSH | TcpFlags::FIN),
            Just(TcpFlags::ACK | TcpFlags::CWR | TcpFlags::PSH),
            Just(TcpFlags::ACK | TcpFlags::CWR | TcpFlags::ECE | TcpFlags::FIN),
        ],
        timestamps in proptest::option::of(any::<(u32, u32)>()),
        block in proptest::option::of(any::<(u32, u32)>()),
        ecn in prop_oneof![Just(Ecn::NotEct), Just(Ecn::Ect0)],
    ) -> SegmentHeader {
        let timestamps = timestamps.map(|(value, echo_reply)| Timestamps { value, echo_reply });
        let mut sack = SackBlocks::new();
        if let Some((left, right)) = block {
            sack.push(SeqNum(left), SeqNum(right));
        }
        SegmentHeader {
            seq: SeqNum(seq),
            ack: SeqNum(ack),
            flags,
            wnd,
            options: TcpOptions { timestamps, sack, ..TcpOptions::default() },
            ecn,
        }
    }
}

proptest! {
    #[test]
    fn what_is_cut_here_is_what_a_device_would_cut(
        header in any_header(),
        payload in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 0..5),
        segment_size in 200usize..=1436, // with 24 bytes of options a frame is full
    ) {
        let payload: Vec<&[u8]> = payload.iter().map(|piece| &piece[..]).collect();
        let length: usize = payload.iter().map(|piece| piece.len()).sum();
        let (cut_here, sent) = frames(false, &header, &payload, segment_size);
        let (cut_there, handed_over) = frames(true, &header, &payload, segment_size);
        prop_assert_eq!(cut_here.len(), length.div_ceil(segment_size).max(1));
        prop_assert_eq!((sent, handed_over), (cut_here.len() as u64, 1));
        prop_assert_eq!(cut_here, cut_there);
    }
}

#[test]
fn no_more_is_cut_than_the_ring_has_room_for() {
    let options = LinkOptions {
        offloads: false,
        ring_size: 5,
        ..LinkOptions::default()
    };
    let (mut device, _peer) = link(options);
    let capabilities = *device.capabilities();
    let headers = headers();
    let mut writer = writer(&mut device, &capabilities, &headers);
    assert_eq!(writer.largest_payload(1000), 5000);
    let header = SegmentHeader {
        seq: SeqNum(1),
        ack: SeqNum(1),
        flags: TcpFlags::ACK,
        wnd: 1,
        options: TcpOptions::default(),
        ecn: Ecn::NotEct,
    };
    writer.segment(&header, &[&[0; 2500]], 1000).unwrap();
    assert_eq!(writer.largest_payload(1000), 2000);
    writer.segment(&header, &[&[0; 2000]], 1000).unwrap();
    assert_eq!(writer.largest_payload(1000), 1000);
    assert_eq!(writer.segment(&header, &[&[0; 1]], 1000), Err(RingFull));
}
