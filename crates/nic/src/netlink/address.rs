//! Addresses of links: what `ip address` shows and changes.

use super::message::{self, put};
use super::request::Request;
use std::fmt;
use std::net::IpAddr;

pub(super) const NEW: u16 = 20;
const DELETE: u16 = 21;
const GET: u16 = 22;

/// Of a point-to-point link, the address at its other end; else the link's own.
const ADDRESS: u16 = 1;
/// The link's own address.
const LOCAL: u16 = 2;

/// Do not ask the neighbours whether somebody has the address (IPv6): it can be used at once.
const NO_DUPLICATE_DETECTION: u8 = 0x02;
/// Bytes of `struct ifaddrmsg`.
const FIXED: usize = 8;

pub(super) const IPV4: u8 = 2;
pub(super) const IPV6: u8 = 10;

/// An address of a link.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// The link's number.
    pub index: u32,
    /// The address.
    pub address: IpAddr,
    /// Bits of it that are the network's.
    pub prefix: u8,
    /// All that the kernel said of it: scope, label, flags, lifetimes.
    body: Vec<u8>,
}

impl Address {
    /// `address` for the link `index`, in a network of `prefix` bits that the link then leads to.
    pub fn new(index: u32, address: IpAddr, prefix: u8) -> Self {
        let flags = if address.is_ipv6() {
            NO_DUPLICATE_DETECTION
        } else {
            0
        };
        let scope = 0; // universe
        let mut body = vec![family(address), prefix, flags, scope];
        body.extend_from_slice(&index.to_ne_bytes());
        put(&mut body, LOCAL, &octets(address));
        put(&mut body, ADDRESS, &octets(address));
        Self {
            index,
            address,
            prefix,
            body,
        }
    }

    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut address = None;
        for (kind, value) in message::attributes(body.get(FIXED..)?) {
            match kind {
                LOCAL => address = ip(value),
                ADDRESS => address = address.or(ip(value)),
                _ => {}
            }
        }
        Some(Self {
            index: message::read_u32(body, 4)?,
            address: address?,
            prefix: body[1],
            body: body.to_vec(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self} of link {})", self.index)
    }
}

pub(super) fn dump() -> Request {
    Request::dump(GET, &[0; FIXED])
}

/// Gives a link an address.
pub fn add_address(address: &Address) -> Request {
    Request::create(NEW, &address.body)
}

/// Takes an address from a link.
pub fn delete_address(address: &Address) -> Request {
    Request::change(DELETE, &address.body)
}

pub(super) fn family(address: IpAddr) -> u8 {
    if address.is_ipv4() { IPV4 } else { IPV6 }
}

pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

pub(super) fn ip(value: &[u8]) -> Option<IpAddr> {
    let ipv4 = <[u8; 4]>::try_from(value).map(IpAddr::from);
    let ipv6 = <[u8; 16]>::try_from(value).map(IpAddr::from);
    ipv4.or(ipv6).ok()
}
