//! Frames for the tests of this crate.

use crate::{Arrival, Device, RxBurst, TxChecksum, TxDescriptor};
use periplus_journey::Instant;
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet::{self, EtherType, EthernetAddress};
use periplus_wire::ipv4::{self, Ipv4Fields};
use periplus_wire::tcp::{self, TcpFields, TcpFlags, TcpOptions};
use periplus_wire::{SeqNum, udp};
use std::net::Ipv4Addr;

pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// The transport checksum of [`segment`] is partial, here.
pub(crate) const PARTIAL: TxChecksum = TxChecksum::Partial {
    start: 34,
    offset: 16,
};

/// A frame with a TCP segment, its checksum partial.
pub(crate) fn segment(data: &[u8]) -> Vec<u8> {
    segment_with(TcpFlags::ACK, &TcpOptions::default(), data)
}

pub(crate) fn segment_with(flags: TcpFlags, options: &TcpOptions, data: &[u8]) -> Vec<u8> {
    let fields = TcpFields {
        source_port: 40_000,
        destination_port: 80,
        sequence: SeqNum(1000),
        acknowledgment: SeqNum(2000),
        flags,
        window: 512,
    };
    let header_length = tcp::HEADER_LENGTH + options.encoded_length();
    let length = header_length + data.len();
    let mut frame = network(ipv4::TCP, length);
    let transport = &mut frame[34..];
    fields.write(transport, options);
    transport[header_length..].copy_from_slice(data);
    let sum = Sum::pseudo_header(CLIENT.into(), SERVER.into(), ipv4::TCP, length as u32);
    transport[16..18].copy_from_slice(&sum.partial().to_be_bytes());
    frame
}

/// A frame with a UDP datagram, its checksum complete.
pub(crate) fn datagram(data: &[u8]) -> Vec<u8> {
    let mut frame = network(ipv4::UDP, udp::HEADER_LENGTH + data.len());
    frame[34 + udp::HEADER_LENGTH..].copy_from_slice(data);
    udp::write(&mut frame[34..], (CLIENT, 5000).into(), (SERVER, 53).into());
    frame
}

fn network(protocol: u8, length: usize) -> Vec<u8> {
    let mut frame = vec![0; 34 + length];
    let station = |n| EthernetAddress([2, 0, 0, 0, 0, n]);
    ethernet::write(&mut frame, station(2), station(1), EtherType::IPV4);
    let fields = Ipv4Fields {
        source: CLIENT,
        destination: SERVER,
        protocol,
        ttl: 64,
        identification: 7,
        dont_fragment: true,
        ecn_dscp: 0,
        payload_length: length as u16,
    };
    fields.write(&mut frame[14..]);
    frame
}

/// Sends `frame` if there is room.
pub(crate) fn send(device: &mut impl Device, now: Instant, frame: &[u8]) -> bool {
    send_with(device, now, frame, TxDescriptor::complete(frame.len()))
}

pub(crate) fn send_with(
    device: &mut impl Device,
    now: Instant,
    frame: &[u8],
    descriptor: TxDescriptor,
) -> bool {
    let Some(buffer) = device.reserve(frame.len()) else {
        return false;
    };
    buffer.copy_from_slice(frame);
    device.commit(now, descriptor);
    true
}

/// Everything that can be received.
pub(crate) fn receive_all(device: &mut impl Device, now: Instant) -> Vec<Arrival> {
    let (mut burst, mut arrivals) = (RxBurst::new(), Vec::new());
    loop {
        device.receive(now, &mut burst);
        if burst.is_empty() {
            return arrivals;
        }
        arrivals.extend(burst.drain());
    }
}
