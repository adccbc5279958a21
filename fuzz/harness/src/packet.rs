//! Packets of the peers' host that are no TCP segments: UDP, ICMP, ARP.

use crate::content::contents;
use crate::flow::Flow;
use crate::input::Input;
use crate::segment::{NETWORK, PEER, STACK, TRANSPORT, frame_of, repair};
use crate::stage::{UDP_PORT, arp_frame};
use periplus_wire::arp::Operation;
use periplus_wire::tcp::TcpFlags;
use periplus_wire::{icmpv4, ipv4, udp};
use std::net::Ipv4Addr;

/// The most bytes that one carries.
const LONGEST: usize = 560;

/// A packet that the script chooses.
pub(crate) fn described(flow: &Flow, input: &mut Input<'_>) -> Vec<u8> {
    let choice = input.byte();
    match choice & 7 {
        0 => datagram(choice, input),
        1 => too_long(flow, input),
        2 => echo(input),
        3 | 4 => error(flow, input, false),
        5 => error(flow, input, true),
        6 => arp_frame(Operation::Request, address(choice)),
        _ => arp_frame(Operation::Reply, address(choice)),
    }
}

/// A host on the link.
fn address(choice: u8) -> Ipv4Addr {
    match choice >> 3 {
        0 => PEER,
        1 => STACK,
        2 => Ipv4Addr::UNSPECIFIED,
        3 => Ipv4Addr::new(10, 0, 0, 254),
        host => Ipv4Addr::new(10, 0, 0, host),
    }
}

fn datagram(choice: u8, input: &mut Input<'_>) -> Vec<u8> {
    let length = usize::from(input.u16()) % LONGEST;
    let port = match choice >> 3 & 3 {
        0 | 1 => UDP_PORT,
        2 => 9,
        _ => input.u16(),
    };
    let mut frame = frame_of((PEER, STACK), ipv4::UDP, udp::HEADER_LENGTH + length);
    let datagram = &mut frame[TRANSPORT..];
    datagram[udp::HEADER_LENGTH..].copy_from_slice(&contents(0, length));
    udp::write(datagram, (PEER, 5353).into(), (STACK, port).into());
    frame
}

fn echo(input: &mut Input<'_>) -> Vec<u8> {
    let length = usize::from(input.u16()) % LONGEST;
    message([8, 0], [0; 4], &contents(0, length))
}

/// An error that quotes a packet of the shard: a segment of the flow, or a datagram.
fn error(flow: &Flow, input: &mut Input<'_>, of_datagram: bool) -> Vec<u8> {
    let kind = match input.byte() {
        choice @ 0..=15 => [3, choice],
        16 => [11, 0],
        17 => [12, 0],
        18 => [4, 0],
        choice => [choice, input.byte()],
    };
    let rest = input.u32().to_be_bytes();
    let quote = if of_datagram {
        let mut quote = frame_of((STACK, PEER), ipv4::UDP, udp::HEADER_LENGTH);
        let datagram = &mut quote[TRANSPORT..];
        udp::write(datagram, (STACK, UDP_PORT).into(), (PEER, 5353).into());
        quote
    } else {
        quoted(flow, input.byte())
    };
    message(kind, rest, &quote[NETWORK..])
}

/// A router takes no packet of the flow that is longer than this.
fn too_long(flow: &Flow, input: &mut Input<'_>) -> Vec<u8> {
    let mtu = 480 + u16::from(input.byte());
    let [high, low] = mtu.to_be_bytes();
    let quote = quoted(flow, input.byte());
    message([3, 4], [0, 0, high, low], &quote[NETWORK..])
}

/// A segment of the flow, near what is in flight.
fn quoted(flow: &Flow, near: u8) -> Vec<u8> {
    let mut segment = flow.segment(TcpFlags::ACK, 0);
    std::mem::swap(&mut segment.source, &mut segment.destination);
    segment.sequence = flow.una + i32::from(near as i8) as u32;
    segment.to_frame()
}

/// An ICMP message.
fn message([kind, code]: [u8; 2], rest: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = icmpv4::HEADER_LENGTH + body.len();
    let mut frame = frame_of((PEER, STACK), ipv4::ICMP, length);
    let message = &mut frame[TRANSPORT..];
    message[..2].copy_from_slice(&[kind, code]);
    message[4..8].copy_from_slice(&rest);
    message[8..].copy_from_slice(body);
    repair(&mut frame);
    frame
}
