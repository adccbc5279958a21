//! Which addresses are ours, which are on the link, and who carries the rest.

use std::net::{IpAddr, Ipv4Addr};

/// The interface's address and prefix, and the gateway beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routes {
    address: IpAddr,
    prefix: u8,
    gateway: Option<IpAddr>,
    any_address: bool,
}

impl Routes {
    /// An interface with `address`, on whose link the addresses that share its first `prefix` bits are.
    ///
    /// With `any_address` the link lies inside one host: every destination is ours, every unicast source passes, and
    /// what no gateway carries is on the link (as Linux with `IP_TRANSPARENT` and `route_localnet`).
    pub fn new(address: IpAddr, prefix: u8, gateway: Option<IpAddr>, any_address: bool) -> Self {
        Self {
            address,
            prefix: prefix.min(bits(address)),
            gateway,
            any_address,
        }
    }

    /// The interface's address: the source of what is sent of our own accord.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// To whom a packet for `destination` is handed on the link (RFC 1122 3.3.1.1); `None`: the network is unreachable.
    #[inline]
    pub fn next_hop(&self, destination: IpAddr) -> Option<IpAddr> {
        if self.is_on_link(destination) {
            return Some(destination);
        }
        let same_family = |gateway: &IpAddr| gateway.is_ipv4() == destination.is_ipv4();
        match self.gateway.filter(same_family) {
            Some(gateway) => Some(gateway),
            None => self.any_address.then_some(destination),
        }
    }

    /// Whether a packet for `destination` is for us. Broadcasts and multicasts are not: nothing here serves them, and
    /// TCP must ignore them (RFC 1122 4.2.3.10).
    #[inline]
    pub fn is_ours(&self, destination: IpAddr) -> bool {
        if self.any_address {
            !self.is_broadcast(destination)
                && !destination.is_multicast()
                && !destination.is_unspecified()
        } else {
            destination == self.address
        }
    }

    /// Whether `address` is the limited broadcast or that of our prefix. Prefixes of 31 and 32 bits have none
    /// (RFC 3021); the all-zeros form of 4.2BSD is an ordinary address (as in Linux since 5.14).
    pub fn is_broadcast(&self, address: IpAddr) -> bool {
        match (address, self.address) {
            (IpAddr::V4(Ipv4Addr::BROADCAST), _) => true,
            (IpAddr::V4(last), IpAddr::V4(_)) if self.prefix < 31 => {
                let host_bits = u32::MAX >> self.prefix;
                u32::from(last) | !host_bits == u32::MAX && self.is_on_link(address)
            }
            _ => false,
        }
    }

    /// Whether no packet can rightly come from `source` (RFC 1122 3.2.1.3): it is to be dropped in silence. As Linux,
    /// we count our own address among these, and let 240.0.0.0/4 pass.
    #[inline]
    pub fn is_martian_source(&self, source: IpAddr) -> bool {
        // {0, any}, {net, -1}, {-1, -1} and class D name no single sender.
        let in_net_zero = matches!(source, IpAddr::V4(source) if source.octets()[0] == 0);
        if in_net_zero
            || source.is_unspecified()
            || source.is_multicast()
            || self.is_broadcast(source)
        {
            return true;
        }
        // {127, any} and our own address never come from outside a host.
        !self.any_address && (source.is_loopback() || source == self.address)
    }

    fn is_on_link(&self, address: IpAddr) -> bool {
        match (address, self.address) {
            (IpAddr::V4(address), IpAddr::V4(ours)) => {
                let differs = u32::from(address) ^ u32::from(ours);
                differs.leading_zeros() >= self.prefix.into()
            }
            (IpAddr::V6(address), IpAddr::V6(ours)) => {
                let differs = u128::from(address) ^ u128::from(ours);
                differs.leading_zeros() >= self.prefix.into()
            }
            _ => false,
        }
    }
}

fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    fn routes(address: &str, prefix: u8, gateway: Option<&str>) -> Routes {
        Routes::new(ip(address), prefix, gateway.map(ip), false)
    }

    #[test]
    fn a_peer_on_the_link_is_its_own_next_hop_and_others_go_by_the_gateway() {
        let routes = routes("10.0.0.1", 24, Some("10.0.0.254"));
        assert_eq!(routes.next_hop(ip("10.0.0.7")), Some(ip("10.0.0.7")));
        assert_eq!(routes.next_hop(ip("10.0.1.7")), Some(ip("10.0.0.254")));
        assert_eq!(routes.next_hop(ip("2001:db8::1")), None);
    }

    #[test]
    fn without_a_gateway_other_networks_are_unreachable() {
        let routes = routes("10.0.0.1", 24, None);
        assert_eq!(routes.next_hop(ip("192.0.2.1")), None);
    }

    #[test]
    fn every_prefix_length_is_legal() {
        for prefix in 0..=40 {
            let routes = routes("10.0.0.1", prefix, None);
            assert_eq!(routes.next_hop(ip("10.0.0.1")), Some(ip("10.0.0.1")));
            assert_eq!(routes.next_hop(ip("138.0.0.1")).is_some(), prefix == 0);
        }
        let routes = routes("fd00::1", 64, Some("fd00::ff"));
        assert_eq!(routes.next_hop(ip("fd00::2")), Some(ip("fd00::2")));
        assert_eq!(routes.next_hop(ip("fd01::2")), Some(ip("fd00::ff")));
    }

    #[test]
    fn broadcasts_are_the_limited_one_and_the_last_of_the_prefix() {
        let on_24 = routes("10.0.0.1", 24, None);
        assert!(on_24.is_broadcast(ip("255.255.255.255")));
        assert!(on_24.is_broadcast(ip("10.0.0.255")));
        assert!(!on_24.is_broadcast(ip("10.0.0.0")));
        assert!(!on_24.is_broadcast(ip("10.0.1.255")));
        assert!(!routes("10.0.0.2", 31, None).is_broadcast(ip("10.0.0.3")));
        assert!(!routes("10.0.0.3", 32, None).is_broadcast(ip("10.0.0.3")));
    }

    #[test]
    fn sources_that_name_no_single_other_host_are_martian() {
        let routes = routes("10.0.0.1", 24, None);
        for martian in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.255",
            "255.255.255.255",
            "224.0.0.1",
            "127.0.0.1",
            "10.0.0.1",
            "::",
            "::1",
            "ff02::1",
        ] {
            assert!(routes.is_martian_source(ip(martian)), "{martian}");
        }
        for legal in ["10.0.0.2", "192.0.2.255", "240.0.0.1", "2001:db8::1"] {
            assert!(!routes.is_martian_source(ip(legal)), "{legal}");
        }
    }

    #[test]
    fn inside_one_host_every_unicast_address_is_ours_and_may_be_a_source() {
        let routes = Routes::new(ip("10.0.0.1"), 24, None, true);
        for address in ["127.0.0.1", "10.0.0.1", "198.51.100.7"] {
            assert!(routes.is_ours(ip(address)), "{address}");
            assert!(!routes.is_martian_source(ip(address)), "{address}");
            assert_eq!(routes.next_hop(ip(address)), Some(ip(address)));
        }
        for address in ["0.0.0.0", "255.255.255.255", "10.0.0.255", "224.0.0.1"] {
            assert!(!routes.is_ours(ip(address)), "{address}");
            assert!(routes.is_martian_source(ip(address)), "{address}");
        }
    }
}
