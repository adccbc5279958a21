//! Noise that belongs to no connection, or pretends to.

use super::connection::PeerConnection;
use super::tricks::honest;
use crate::packet::Packet;
use crate::random::Random;
use crate::world::{address, ethernet_address, router_error};
use periplus_wire::SeqNum;
use periplus_wire::tcp::TcpFlags;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Some frames.
pub(super) fn make(random: &mut Random, connections: &[PeerConnection]) -> Vec<Vec<u8>> {
    match random.below(6) {
        0 => flood(random, TcpFlags::SYN),
        1 => flood(random, TcpFlags::ACK),
        2 => flood(random, TcpFlags::RST),
        3 => duplicate_acks(random, connections),
        4 => vec![error(random, connections)],
        _ => vec![garbage(random)],
    }
}

/// Segments from many places to open and closed ports.
fn flood(random: &mut Random, flags: TcpFlags) -> Vec<Vec<u8>> {
    let many = random.magnitude(1..=200);
    let one = |_| {
        let network = random.pick(&[[10, 0, 0], [10, 1, 2], [198, 51, 100]]);
        let source = Ipv4Addr::new(
            network[0],
            network[1],
            network[2],
            random.between(3..=250) as u8,
        );
        let source = SocketAddrV4::new(source, random.between(1..=65_535) as u16);
        let port = random.pick(&[80, 80, 443, 9]);
        let destination = SocketAddrV4::new(address(0), port);
        let mut packet = Packet::new(source, destination, SeqNum(random.number() as u32));
        packet.flags = flags;
        packet.ack = SeqNum(random.number() as u32);
        packet.window = 1000;
        packet.options.mss = flags.contains(TcpFlags::SYN).then_some(1000);
        honest(&packet)
    };
    (0..many).map(one).collect()
}

fn duplicate_acks(random: &mut Random, connections: &[PeerConnection]) -> Vec<Vec<u8>> {
    if connections.is_empty() {
        return Vec::new();
    }
    let connection = &connections[random.below(connections.len() as u64) as usize];
    let many = random.magnitude(1..=200) as usize;
    vec![honest(&connection.bare()); many]
}

/// A router's error about a connection, which quotes what is in flight, or not.
fn error(random: &mut Random, connections: &[PeerConnection]) -> Vec<u8> {
    let Some(connection) = connections.get(random.below(8) as usize) else {
        return garbage(random);
    };
    let off = random.pick(&[0, 0, 1, 1 << 20]);
    let seq = connection.seen - 1 + off;
    let quoted = Packet::new(connection.remote, connection.local, seq);
    let code = random.below(16) as u8;
    let mtu = random.between(0..=1500) as u16;
    let frame = quoted.to_frame(ethernet_address(0), ethernet_address(1));
    router_error(&frame, code, mtu).unwrap_or_default()
}

/// Any bytes, often behind a header that is right.
fn garbage(random: &mut Random) -> Vec<u8> {
    let length = random.between(0..=200) as usize;
    let mut frame: Vec<u8> = (0..length).map(|_| random.number() as u8).collect();
    if length >= 14 && !random.one_in(4) {
        let types: [u16; 4] = [0x0800, 0x0800, 0x0806, 0x86dd];
        frame[..6].copy_from_slice(&ethernet_address(0).0);
        frame[6..12].copy_from_slice(&ethernet_address(1).0);
        frame[12..14].copy_from_slice(&random.pick(&types).to_be_bytes());
    }
    if length >= 34 && random.one_in(2) {
        frame[14] = 0x45;
    }
    frame
}
