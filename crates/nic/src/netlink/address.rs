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
/// `struct ifa_cacheinfo`: for how many seconds it is preferred and valid, and when it was added and changed.
const CACHE_INFO: u16 = 6;
/// All flags: there are more than the fixed part has room for.
const FLAGS: u16 = 8;

/// Do not ask the neighbours whether somebody has the address (IPv6): it can be used at once.
const NO_DUPLICATE_DETECTION: u8 = 0x02;
/// The kernel made it up for a while (IPv6, RFC 8981), and makes up others.
const TEMPORARY: u32 = 0x01;
/// A lifetime without end.
const FOREVER: u32 = u32::MAX;
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
            body: without_stamps(body),
        })
    }

    /// Whether the kernel made it up and does not take it back.
    pub(crate) fn is_temporary(&self) -> bool {
        self.address.is_ipv6() && self.flags() & TEMPORARY != 0
    }

    fn flags(&self) -> u32 {
        let flags = self.attribute(FLAGS);
        flags.map_or(self.body[2].into(), |(_, value)| {
            message::read_u32(value, 0).unwrap_or(0)
        })
    }

    /// Where the two lifetimes are in a [`Request`] that gives the address, if it has an end.
    pub(crate) fn lifetimes_in_request(&self) -> Option<usize> {
        let (at, value) = self.attribute(CACHE_INFO)?;
        let valid = message::read_u32(value, 4)?;
        (valid != FOREVER).then_some(message::HEADER_LENGTH + at)
    }

    /// An attribute's value, and where in the body it is.
    fn attribute(&self, kind: u16) -> Option<(usize, &[u8])> {
        let mut attributes = message::attributes(&self.body[FIXED..]);
        let (_, value) = attributes.find(|(found, _)| *found == kind)?;
        let at = value.as_ptr() as usize - self.body.as_ptr() as usize;
        Some((at, value))
    }
}

/// When it was added and changed, the kernel says and is not told.
fn without_stamps(body: &[u8]) -> Vec<u8> {
    let mut kept = body[..FIXED].to_vec();
    for (kind, value) in message::attributes(&body[FIXED..]) {
        match value {
            [lifetimes @ .., _, _, _, _, _, _, _, _] if kind == CACHE_INFO => {
                put(&mut kept, kind, &[lifetimes, &[0; 8]].concat());
            }
            _ => put(&mut kept, kind, value),
        }
    }
    kept
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

/// Gives a link an address that can be used at once, even for IPv6: the neighbours are not asked whether they have it.
pub(crate) fn add_address_unasked(address: &Address) -> Request {
    let mut body = address.body.clone();
    let flags = address.flags() | u32::from(NO_DUPLICATE_DETECTION);
    // of several the last counts
    message::put_u32(&mut body, FLAGS, flags);
    Request::create(NEW, &body)
}

/// Gives an address of a link the flags and lifetimes that `address` has.
pub(crate) fn change_address(address: &Address) -> Request {
    Request::replace(NEW, &address.body)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An address as the kernel lists it, valid for `valid` seconds.
    fn listed(valid: u32) -> Address {
        let ours = Address::new(7, [10, 1, 2, 3].into(), 24);
        let mut body = ours.body;
        let cache_info = [valid.min(50), valid, 1111, 2222];
        let cache_info: Vec<u8> = cache_info.into_iter().flat_map(u32::to_ne_bytes).collect();
        put(&mut body, CACHE_INFO, &cache_info);
        message::put_u32(&mut body, FLAGS, 0x80);
        Address::read(&body).unwrap()
    }

    #[test]
    fn when_it_was_added_makes_no_difference() {
        let address = listed(1000);
        let (_, cache_info) = address.attribute(CACHE_INFO).unwrap();
        assert_eq!(cache_info[8..], [0; 8]);
        assert_eq!(address.flags(), 0x80);
    }

    #[test]
    fn an_address_with_an_end_says_where_its_lifetimes_are() {
        let address = listed(1000);
        let at = address.lifetimes_in_request().unwrap();
        for request in [add_address(&address), add_address_unasked(&address)] {
            let lifetimes = [50u32.to_ne_bytes(), 1000u32.to_ne_bytes()].concat();
            assert_eq!(request.as_bytes()[at..at + 8], lifetimes);
        }
        assert_eq!(listed(FOREVER).lifetimes_in_request(), None);
        let made = Address::new(7, [10, 1, 2, 3].into(), 24);
        assert_eq!(made.lifetimes_in_request(), None);
    }
}
