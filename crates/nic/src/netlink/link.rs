//! Links: what `ip link` shows and changes.

use super::message::{self, put, put_nested, put_text, put_u32};
use super::request::Request;
use periplus_wire::ethernet::EthernetAddress;
use std::os::fd::{AsRawFd, BorrowedFd};

pub(super) const NEW: u16 = 16;
const DELETE: u16 = 17;
const GET: u16 = 18;

const ADDRESS: u16 = 1;
const NAME: u16 = 3;
const MTU: u16 = 4;
const QUEUE_LENGTH: u16 = 13;
const MASTER: u16 = 10;
const LINK_INFO: u16 = 18;
const STATISTICS: u16 = 23;
const NAMESPACE: u16 = 28;
const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const VETH_PEER: u16 = 1;

const UP: u32 = 1;
/// Kinds of links (`ARPHRD_*`).
const ETHERNET: u16 = 1;
const LOOPBACK: u16 = 772;
/// Bytes of `struct ifinfomsg`.
const FIXED: usize = 16;
/// Where in `struct rtnl_link_stats64` `tx_dropped` is.
const TRANSMIT_DROPPED: usize = 7 * 8;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number in the namespace.
    pub index: u32,
    /// Its name in the namespace.
    pub name: String,
    /// Whether it is administratively up.
    pub is_up: bool,
    /// Largest IP packet it carries.
    pub mtu: usize,
    /// Its link address; zero if it has none of six bytes.
    pub ethernet: EthernetAddress,
    /// Frames that may wait to leave by it (`txqueuelen`).
    pub queue_length: usize,
    /// Frames that were to leave by it and were dropped, most often because its queue was full.
    pub transmit_dropped: u64,
    /// The link it is a part of, as of a bridge or a bond, if it is.
    pub master: Option<u32>,
    /// `ARPHRD_*`.
    hardware: u16,
}

impl Link {
    /// Whether it carries Ethernet frames to other stations.
    pub fn is_ethernet(&self) -> bool {
        self.hardware == ETHERNET
    }

    /// Whether it leads back to the host.
    pub fn is_loopback(&self) -> bool {
        self.hardware == LOOPBACK
    }

    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut link = Self {
            index: message::read_u32(body, 4)?,
            name: String::new(),
            is_up: message::read_u32(body, 8)? & UP != 0,
            mtu: 0,
            ethernet: EthernetAddress::default(),
            queue_length: 0,
            transmit_dropped: 0,
            master: None,
            hardware: message::read_u16(body, 2)?,
        };
        for (kind, value) in message::attributes(body.get(FIXED..)?) {
            match kind {
                NAME => link.name = message::text(value),
                QUEUE_LENGTH => link.queue_length = message::read_u32(value, 0)? as usize,
                STATISTICS => link.transmit_dropped = message::read_u64(value, TRANSMIT_DROPPED)?,
                MTU => link.mtu = message::read_u32(value, 0)? as usize,
                MASTER => link.master = message::read_u32(value, 0).filter(|&master| master != 0),
                ADDRESS => {
                    if let Ok(address) = value.try_into() {
                        link.ethernet = EthernetAddress(address);
                    }
                }
                _ => {}
            }
        }
        Some(link)
    }
}

pub(super) fn dump() -> Request {
    Request::dump(GET, &fixed(0, 0, 0))
}

pub(super) fn get(index: u32) -> Request {
    Request::change(GET, &fixed(index, 0, 0))
}

/// `struct ifinfomsg`: of the flags, those in `mask` are set to `flags`.
fn fixed(index: u32, flags: u32, mask: u32) -> Vec<u8> {
    let unspecified = [0; 4]; // family, padding, hardware type
    [
        unspecified,
        index.to_ne_bytes(),
        flags.to_ne_bytes(),
        mask.to_ne_bytes(),
    ]
    .concat()
}

/// Makes two links that are each other's wire. Both are down.
pub fn create_veth(name: &str, peer: &str) -> Request {
    let mut body = fixed(0, 0, 0);
    put_text(&mut body, NAME, name);
    put_nested(&mut body, LINK_INFO, |info| {
        put(info, INFO_KIND, b"veth");
        put_nested(info, INFO_DATA, |data| {
            let mut end = fixed(0, 0, 0);
            put_text(&mut end, NAME, peer);
            put(data, VETH_PEER, &end);
        });
    });
    Request::create(NEW, &body)
}

/// Brings a link up.
pub fn set_up(index: u32) -> Request {
    Request::change(NEW, &fixed(index, UP, UP))
}

/// Takes a link down.
pub fn set_down(index: u32) -> Request {
    Request::change(NEW, &fixed(index, 0, UP))
}

/// Changes nothing of a link, and is refused where a change would be.
pub(crate) fn change_nothing(index: u32) -> Request {
    Request::change(NEW, &fixed(index, 0, 0))
}

/// Changes the largest IP packet that a link carries.
pub fn set_mtu(index: u32, mtu: usize) -> Request {
    let mut body = fixed(index, 0, 0);
    put_u32(&mut body, MTU, mtu as u32);
    Request::change(NEW, &body)
}

/// Changes how many frames may wait to leave by a link (`txqueuelen`).
pub fn set_queue_length(index: u32, frames: usize) -> Request {
    let mut body = fixed(index, 0, 0);
    put_u32(&mut body, QUEUE_LENGTH, frames as u32);
    Request::change(NEW, &body)
}

/// Moves a link to another network namespace, an open `/proc/PID/ns/net`. It is down there, and has no addresses.
pub fn move_link(index: u32, namespace: BorrowedFd<'_>) -> Request {
    let mut body = fixed(index, 0, 0);
    put_u32(&mut body, NAMESPACE, namespace.as_raw_fd() as u32);
    Request::change(NEW, &body)
}

/// Removes a link; of a veth pair both.
pub fn delete_link(index: u32) -> Request {
    Request::change(DELETE, &fixed(index, 0, 0))
}
