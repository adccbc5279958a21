//! Routes: what `ip route` shows and changes.

use super::address::{IPV4, IPV6, family, ip, octets};
use super::message::{self, put, put_u32};
use super::request::Request;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const NEW: u16 = 24;
const DELETE: u16 = 25;
const GET: u16 = 26;

const DESTINATION: u16 = 1;
const OUTPUT: u16 = 4;
const GATEWAY: u16 = 5;
const MULTIPATH: u16 = 9;
const CACHE_INFO: u16 = 12;
const TABLE: u16 = 15;
const VIA: u16 = 18;
const EXPIRES: u16 = 23;
const NEXT_HOP: u16 = 30;

const MAIN_TABLE: u8 = 254;
/// `RTPROT_BOOT`: made by hand.
const BOOT: u8 = 3;
const UNICAST: u8 = 1;
const LOCAL: u8 = 2;
/// `RTPROT_KERNEL`: it comes and goes with an address.
const KERNEL: u8 = 2;
const LOCAL_TABLE: u32 = 255;
const SCOPE_UNIVERSE: u8 = 0;
const SCOPE_LINK: u8 = 253;
/// `RTM_F_CLONED`: not a route, what was made of one for a destination.
const CLONED: u32 = 0x200;
/// `RTNH_F_ONLINK`: of the flags, the one that is asked for and not found out.
const ONLINK: u8 = 4;
/// Of `struct rtnexthop`: bytes of it, where its flags are, and where the link's number.
const NEXT_HOP_FIXED: usize = 8;
const NEXT_HOP_FLAGS: usize = 2;
const NEXT_HOP_LINK: usize = 4;
/// Where in `struct rta_cacheinfo` it says how long the route holds, in hundredths of a second.
const CACHE_INFO_EXPIRES: usize = 8;
/// Bytes of `struct rtmsg`.
const FIXED: usize = 12;

/// A route.
#[derive(Clone, PartialEq, Eq)]
pub struct Route {
    /// The network it leads to.
    pub destination: IpAddr,
    /// Bits of it that are the network's; 0 is the default route.
    pub prefix: u8,
    /// Who takes the packets, if they do not go to their destination directly.
    pub gateway: Option<IpAddr>,
    /// The link they leave by; of several, the first.
    pub index: Option<u32>,
    /// That link's name, of a route that was listed.
    pub interface: Option<String>,
    /// The table it stands in.
    pub table: u32,
    kind: u8,
    /// All that the kernel said of it: scope, preferred source, metrics.
    body: Vec<u8>,
}

impl Route {
    /// A route of the main table to a network of `prefix` bits by the link `index`.
    pub fn new(destination: IpAddr, prefix: u8, gateway: Option<IpAddr>, index: u32) -> Self {
        // IPv6 does not look at the scope
        let scope = if gateway.is_some() || destination.is_ipv6() {
            SCOPE_UNIVERSE
        } else {
            SCOPE_LINK
        };
        let (source, service) = (0, 0);
        let mut body = vec![family(destination), prefix, source, service];
        body.extend_from_slice(&[MAIN_TABLE, BOOT, scope, UNICAST]);
        body.extend_from_slice(&0u32.to_ne_bytes());
        put(&mut body, DESTINATION, &octets(destination));
        if let Some(gateway) = gateway {
            put(&mut body, GATEWAY, &octets(gateway));
        }
        put_u32(&mut body, OUTPUT, index);
        Self {
            destination,
            prefix,
            gateway,
            index: Some(index),
            interface: None,
            table: MAIN_TABLE.into(),
            kind: UNICAST,
            body,
        }
    }

    /// Whether it is of the kernel's own keeping for an address of the host, and comes and goes with that.
    pub fn is_local(&self) -> bool {
        self.kind == LOCAL
    }

    /// Whether packets take it to somewhere else, and not only to the host itself or to a broadcast address.
    pub fn is_unicast(&self) -> bool {
        self.kind == UNICAST
    }

    /// Whether a network of `prefix` bits around `address` and this route's have addresses in common.
    pub fn overlaps(&self, address: IpAddr, prefix: u8) -> bool {
        let common = u32::from(prefix.min(self.prefix));
        let differ = match (self.destination, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                u128::from((ours.to_bits() ^ theirs.to_bits()).unbounded_shr(32 - common.min(32)))
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).unbounded_shr(128 - common.min(128))
            }
            _ => return false,
        };
        differ == 0
    }

    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let unspecified = match *body.first()? {
            IPV4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IPV6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            _ => return None,
        };
        let flags = message::read_u32(body, 8)?;
        if flags & CLONED != 0 {
            return None;
        }
        let mut route = Self {
            destination: unspecified,
            prefix: body[1],
            gateway: None,
            index: None,
            interface: None,
            table: body[4].into(),
            kind: body[7],
            // the other flags say how the route fares, and the kernel does not take them back
            body: [&body[..8], &(flags & u32::from(ONLINK)).to_ne_bytes()].concat(),
        };
        let attributes = || message::attributes(&body[FIXED..]);
        let has_next_hop = attributes().any(|(kind, _)| kind == NEXT_HOP);
        for (kind, value) in attributes() {
            match kind {
                DESTINATION => route.destination = ip(value)?,
                GATEWAY => route.gateway = ip(value),
                OUTPUT => route.index = message::read_u32(value, 0),
                MULTIPATH => route.index = next_hop_links(value).next(),
                TABLE => route.table = message::read_u32(value, 0)?,
                _ => {}
            }
            match kind {
                CACHE_INFO => {
                    let expires = message::read_u32(value, CACHE_INFO_EXPIRES)? as i32;
                    if expires > 0 {
                        put_u32(&mut route.body, EXPIRES, expires as u32 / 100);
                    }
                }
                // told for the reader's sake: whoever names the object must not name what is in it
                OUTPUT | GATEWAY | VIA | MULTIPATH if has_next_hop => {}
                MULTIPATH => put(&mut route.body, kind, &next_hops(value)),
                _ => put(&mut route.body, kind, value),
            }
        }
        Some(route)
    }

    /// Whether the kernel made it for an address, and makes it again when that comes back.
    pub(crate) fn comes_with_address(&self) -> bool {
        self.body[5] == KERNEL && (self.destination.is_ipv6() || self.table == LOCAL_TABLE)
    }

    /// The links that packets take.
    pub(crate) fn links(&self) -> Vec<u32> {
        match self.attribute(MULTIPATH) {
            Some((_, hops)) => next_hop_links(hops).collect(),
            None => self.index.into_iter().collect(),
        }
    }

    /// How near its destination is, the nearest first: by those, the gateways of the others are found.
    pub(crate) fn distance(&self) -> u8 {
        u8::MAX - self.body[6]
    }

    /// Where in a [`Request`] that adds the route it says for how many seconds it holds, if it has an end.
    pub(crate) fn expiry_in_request(&self) -> Option<usize> {
        let (at, _) = self.attribute(EXPIRES)?;
        Some(message::HEADER_LENGTH + at)
    }

    /// An attribute's value, and where in the body it is.
    fn attribute(&self, kind: u16) -> Option<(usize, &[u8])> {
        let mut attributes = message::attributes(&self.body[FIXED..]);
        let (_, value) = attributes.find(|(found, _)| *found == kind)?;
        let at = value.as_ptr() as usize - self.body.as_ptr() as usize;
        Some((at, value))
    }
}

/// The `struct rtnexthop`s in a list of them, each with its attributes.
fn each_next_hop(mut hops: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = usize::from(message::read_u16(hops, 0)?);
        let hop = hops.get(..length.max(NEXT_HOP_FIXED))?;
        hops = hops
            .get(hop.len().next_multiple_of(4)..)
            .unwrap_or_default();
        Some(hop)
    })
}

fn next_hop_links(hops: &[u8]) -> impl Iterator<Item = u32> {
    each_next_hop(hops).filter_map(|hop| message::read_u32(hop, NEXT_HOP_LINK))
}

/// The next hops without the flags that say how they fare.
fn next_hops(hops: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(hops.len());
    for hop in each_next_hop(hops) {
        let start = kept.len();
        kept.extend_from_slice(hop);
        kept[start + NEXT_HOP_FLAGS] &= ONLINK;
        message::pad(&mut kept);
    }
    kept
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.destination, self.prefix)?;
        match (&self.interface, self.index) {
            (Some(interface), _) => write!(f, " by {interface}"),
            (None, Some(index)) => write!(f, " by link {index}"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({self}, table {})", self.table)
    }
}

pub(super) fn dump() -> Request {
    Request::dump(GET, &[0; FIXED])
}

/// Adds a route.
pub fn add_route(route: &Route) -> Request {
    Request::create(NEW, &route.body)
}

/// Adds a route that was there, beside or in the place of what is there of it.
pub(crate) fn put_back_route(route: &Route) -> Request {
    if route.destination.is_ipv4() {
        Request::append(NEW, &route.body)
    } else if route.attribute(MULTIPATH).is_some() {
        // for IPv6, each hop is a route: those by other links are still there
        Request::replace(NEW, &route.body)
    } else {
        Request::create(NEW, &route.body)
    }
}

/// Removes a route.
pub fn delete_route(route: &Route) -> Request {
    Request::change(DELETE, &route.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(destination: [u8; 4], prefix: u8) -> Route {
        Route::new(destination.into(), prefix, None, 1)
    }

    #[test]
    fn networks_overlap_if_one_holds_the_other() {
        let network = route([10, 77, 0, 0], 24);
        let overlaps = |address: [u8; 4], prefix| network.overlaps(address.into(), prefix);
        assert!(overlaps([10, 77, 0, 2], 24));
        assert!(overlaps([10, 77, 0, 200], 30));
        assert!(overlaps([10, 0, 0, 1], 8));
        assert!(!overlaps([10, 77, 1, 2], 24));
        assert!(!overlaps([10, 78, 0, 2], 16));
        assert!(!network.overlaps(Ipv6Addr::LOCALHOST.into(), 0));
        assert!(route([0; 4], 0).overlaps([10, 77, 0, 2].into(), 24));
    }

    #[test]
    fn what_was_made_is_read_back() {
        let made = Route::new([10, 1, 0, 0].into(), 16, Some([10, 0, 0, 1].into()), 7);
        assert_eq!(Route::read(&made.body), Some(made));
    }

    /// A route as the kernel lists it.
    fn listed(flags: u32, attributes: &[(u16, &[u8])]) -> Route {
        let mut body = vec![IPV4, 16, 0, 0, MAIN_TABLE, BOOT, SCOPE_UNIVERSE, UNICAST];
        body.extend_from_slice(&flags.to_ne_bytes());
        for (kind, value) in attributes {
            put(&mut body, *kind, value);
        }
        Route::read(&body).unwrap()
    }

    /// A `struct rtnexthop` with one attribute.
    fn next_hop(flags: u8, link: u32, gateway: [u8; 4]) -> Vec<u8> {
        let mut hop = vec![0, 0, flags, 2];
        hop.extend_from_slice(&link.to_ne_bytes());
        put(&mut hop, GATEWAY, &gateway);
        let length = hop.len() as u16;
        hop[..2].copy_from_slice(&length.to_ne_bytes());
        hop
    }

    #[test]
    fn how_a_route_fares_is_not_put_back_and_that_its_gateway_is_on_the_link_is() {
        let (dead, onlink, linkdown) = (1, 4, 16);
        let fares = listed(u32::from(onlink | linkdown), &[]);
        assert_eq!(fares.body[8..12], u32::from(onlink).to_ne_bytes());

        let hop = |flags, link| next_hop(flags, link, [10, 0, 0, 1]);
        let found = [hop(dead | linkdown, 7), hop(onlink | dead, 9)].concat();
        let route = listed(0, &[(MULTIPATH, &found)]);
        assert_eq!((route.index, route.links()), (Some(7), vec![7, 9]));
        let kept = [hop(0, 7), hop(onlink, 9)].concat();
        assert_eq!(route.attribute(MULTIPATH).unwrap().1, kept);
        // a hop without a length ends nothing and begins nothing
        assert_eq!(next_hop_links(&[0; 20]).count(), 2);
    }

    #[test]
    fn a_route_that_names_an_object_of_hops_does_not_name_the_hops() {
        let attributes = [
            (NEXT_HOP, &5u32.to_ne_bytes()[..]),
            (OUTPUT, &7u32.to_ne_bytes()),
            (GATEWAY, &[10, 0, 0, 1]),
        ];
        let route = listed(0, &attributes);
        assert_eq!(route.links(), [7]);
        let kinds: Vec<_> = message::attributes(&route.body[FIXED..]).collect();
        assert_eq!(kinds, attributes[..1]);
    }

    #[test]
    fn a_route_with_an_end_says_in_how_many_seconds() {
        let mut cache_info = [0; 32];
        cache_info[8..12].copy_from_slice(&12_345u32.to_ne_bytes());
        let route = listed(0, &[(CACHE_INFO, &cache_info)]);
        let request = put_back_route(&route);
        let at = route.expiry_in_request().unwrap();
        assert_eq!(request.as_bytes()[at..at + 4], 123u32.to_ne_bytes());
        assert_eq!(
            listed(0, &[(CACHE_INFO, &[0; 32])]).expiry_in_request(),
            None
        );
    }
}
