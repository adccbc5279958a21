//! From what the path knows of a connection to a frame that pretends to be of it.

use super::Forgery;
use crate::oracle::Connection;
use crate::packet::Packet;
use crate::world::{Host, Talk, World, ethernet_address, router_error};
use periplus_wire::SeqNum;
use periplus_wire::icmpv4::unreachable;
use periplus_wire::tcp::TcpFlags;
use std::net::{IpAddr, SocketAddr};

/// The frame that `forgery` comes to now at `host`, if flow number `flow` has come far enough for it.
pub fn forge(world: &World, host: usize, flow: usize, forgery: Forgery) -> Option<Vec<u8>> {
    let victim = world.hosts.get(host)?;
    if let Forgery::Again(place) = forgery {
        return victim.port.witness.talks.last.get(place).cloned();
    }
    let connection = ends_of(world, host, flow)?;
    let talk = victim.port.witness.talks.by_connection.get(&connection)?;
    let from_peer = |seq| Packet::new(connection.remote, connection.local, seq);
    let next = next_expected(victim, world, flow, host, talk)?;
    let (sent, newest) = talk.sent?;
    let (_, window) = talk.told?;
    let window = u32::from(window) << talk.scale;
    let packet = match forgery {
        Forgery::ExactReset => reset(from_peer(next)),
        Forgery::ResetInWindow(offset) => {
            let seq = next + 2 + offset.checked_rem(window.saturating_sub(2))?;
            // what was told by SACK may be where the peer has come to (RFC 5961 3.2 as Linux reads it)
            let is_edge = talk.blocks.iter().any(|(_, right)| right == seq);
            (!is_edge).then(|| reset(from_peer(seq)))?
        }
        Forgery::ResetOutside(offset) => reset(from_peer(next - outside(offset, window))),
        Forgery::SynInWindow(offset) => {
            let mut packet = from_peer(next + offset.checked_rem(window)?);
            packet.flags = TcpFlags::SYN;
            packet
        }
        Forgery::OldText(before, off) => {
            let mut packet = from_peer(next - (before + 200));
            packet.flags = TcpFlags::ACK | TcpFlags::PSH;
            packet.ack = sent + off as u32;
            packet.text = vec![b'?'; 200];
            packet
        }
        Forgery::AckOfTheFuture(beyond) => {
            let mut packet = from_peer(next);
            packet.flags = TcpFlags::ACK;
            packet.ack = sent + 1 + beyond;
            packet.window = 1000;
            packet
        }
        Forgery::Unreachable(code) => return Some(error(connection, host, newest, code, 0)),
        Forgery::UnreachableElsewhere(code, off) => {
            return Some(error(connection, host, sent + off, code, 0));
        }
        Forgery::Narrow(mtu) => {
            let code = unreachable::FRAGMENTATION_NEEDED;
            return Some(error(connection, host, newest, code, mtu));
        }
        Forgery::Again(_) => return None,
    };
    let station = ethernet_address(1 - host);
    Some(packet.to_frame(station, ethernet_address(host)))
}

fn reset(packet: Packet) -> Packet {
    Packet {
        flags: TcpFlags::RST,
        ..packet
    }
}

/// A way back that leads before the window, and not so far that it comes out behind it.
fn outside(offset: u32, window: u32) -> u32 {
    // one before RCV.NXT is where the peer may be once its FIN is here
    2 + offset % (1 << 30).max(window)
}

/// The ends of a flow's connection at `host`.
fn ends_of(world: &World, host: usize, flow: usize) -> Option<Connection> {
    let flow = world.flows.get(flow)?;
    let (SocketAddr::V4(opener), SocketAddr::V4(acceptor)) = (flow.local?, flow.remote()) else {
        return None;
    };
    let (local, remote) = if flow.plan.from == host {
        (opener, acceptor)
    } else {
        (acceptor, opener)
    };
    Some(Connection { local, remote })
}

/// RCV.NXT, which a stranger would have to guess: from the stack itself, where its user still holds the connection.
fn next_expected(
    victim: &Host,
    world: &World,
    flow: usize,
    host: usize,
    talk: &Talk,
) -> Option<SeqNum> {
    let flow = world.flows.get(flow)?;
    let user = if flow.plan.from == host {
        &flow.opener
    } else {
        &flow.acceptor
    };
    let id = user.connection().filter(|_| !user.is_over())?;
    let info = victim.shard.tcp_info(world.now, id)?;
    let next = talk.irs? + 1 + info.bytes_received as u32;
    // the peer's FIN is one more, and not among the bytes
    let told = talk.told.map_or(next, |(told, _)| told);
    Some(next.max(told))
}

fn error(connection: Connection, host: usize, seq: SeqNum, code: u8, mtu: u16) -> Vec<u8> {
    let quoted = Packet::new(connection.local, connection.remote, seq);
    let stations = [ethernet_address(host), ethernet_address(1 - host)];
    let frame = quoted.to_frame(stations[0], stations[1]);
    debug_assert_eq!(IpAddr::from(*connection.local.ip()), world_address(host));
    router_error(&frame, code, mtu).unwrap_or_default()
}

fn world_address(host: usize) -> IpAddr {
    crate::world::address(host).into()
}
