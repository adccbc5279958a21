//! A serving shard with its gateway, in one call.

use super::Gateway;
use crate::{Recorder, ShardHandle};
use periplus_ring::memory::{LinkOptions, link};
use periplus_stack::{ShardOptions, Sysctls};
use periplus_wire::ethernet::EthernetAddress;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use tokio::net::TcpListener;

/// The two ends of the link, from the range set aside for a translator inside a host (RFC 7335): no client has one of these.
/// Everyone else lies behind the other end, so that one neighbour is all that either has.
const SERVING: (Ipv4Addr, EthernetAddress) = end(1);
const CLIENT_SIDE: (Ipv4Addr, EthernetAddress) = end(2);
const PREFIX: u8 = 30;

const fn end(number: u8) -> (Ipv4Addr, EthernetAddress) {
    // Locally administered (IEEE 802c), and "peri".
    (
        Ipv4Addr::new(192, 0, 0, number),
        EthernetAddress([0x02, b'p', b'e', b'r', b'i', number]),
    )
}

/// A shard that is reached through a host socket.
#[derive(Debug)]
pub struct Embedded {
    /// The shard that serves and records.
    pub shard: ShardHandle,
    /// What carries the host's connections into it.
    pub gateway: Gateway,
}

/// Makes a serving shard, and carries the connections of `listener` into it. `options` are the serving shard's; its
/// addresses are chosen here. The backend then listens on the address of `listener`.
///
/// All of it lives on this thread, on the current tokio runtime, which must be a current-thread one with I/O and time
/// enabled.
pub fn embed(
    listener: TcpListener,
    options: ShardOptions,
    recorder: Option<Recorder>,
) -> io::Result<Embedded> {
    let (serving_end, client_end) = link(LinkOptions::default());
    let serving = ShardOptions {
        address: SERVING.0,
        ethernet: SERVING.1,
        prefix: PREFIX,
        gateway: Some(IpAddr::V4(CLIENT_SIDE.0)),
        any_address: true,
        ..options
    };
    let client_side = ShardOptions {
        address: CLIENT_SIDE.0,
        ethernet: CLIENT_SIDE.1,
        gateway: Some(IpAddr::V4(SERVING.0)),
        recording: false,
        // What it holds is only on its way: over this link a quarter is as good.
        tcp: Sysctls {
            tcp_mem: serving.tcp.tcp_mem / 4,
            ..serving.tcp
        },
        ..serving.clone()
    };
    let shard = ShardHandle::spawn(serving, serving_end, recorder)?;
    let client_side = ShardHandle::spawn(client_side, client_end, None)?;
    Ok(Embedded {
        shard,
        gateway: Gateway::spawn(listener, client_side)?,
    })
}
