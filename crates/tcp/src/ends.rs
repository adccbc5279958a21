//! The two ends of a connection as bytes: what it is looked up by, and what its secrets are made from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Local address, remote address, local port, remote port, as they stand on the wire. Hashed several times for each SYN of a flood:
/// the compiler knows the length of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Of IPv4.
    V4([u8; 12]),
    /// Of IPv6.
    V6([u8; 36]),
}

impl Ends {
    /// Those of a connection.
    #[inline(always)] // of addresses whose family is known nothing but the bytes is left
    pub fn new(local: SocketAddr, remote: SocketAddr) -> Self {
        let ports = [local.port().to_be_bytes(), remote.port().to_be_bytes()];
        match (local.ip(), remote.ip()) {
            (IpAddr::V4(local), IpAddr::V4(remote)) => Self::V4(joined(
                [local.octets(), remote.octets()].as_flattened(),
                ports.as_flattened(),
            )),
            (local, remote) => Self::V6(joined(
                [local, remote].map(|ip| widen(ip).octets()).as_flattened(),
                ports.as_flattened(),
            )),
        }
    }

    /// The remote address.
    #[inline]
    pub fn remote_address(&self) -> IpAddr {
        match self {
            Self::V4([_, _, _, _, a, b, c, d, ..]) => IpAddr::from([*a, *b, *c, *d]),
            Self::V6(ends) => IpAddr::from(*ends[16..].first_chunk().unwrap_or(&[0; 16])),
        }
    }

    /// Our end and the peer's.
    #[inline]
    pub fn addresses(&self) -> (SocketAddr, SocketAddr) {
        match self {
            Self::V4(ends) => {
                let (local, remote) = ipv4_ends(*ends);
                (local.into(), remote.into())
            }
            Self::V6(ends) => {
                let (addresses, rest) = ends.as_chunks::<16>();
                let ports = rest.as_chunks().0;
                let end = |at: usize| (addresses[at], u16::from_be_bytes(ports[at])).into();
                (end(0), end(1))
            }
        }
    }

    /// The same of IPv4.
    #[inline]
    pub fn ipv4(&self) -> Option<(EndV4, EndV4)> {
        match self {
            Self::V4(ends) => Some(ipv4_ends(*ends)),
            Self::V6(_) => None,
        }
    }
}

/// An address and a port.
type EndV4 = (Ipv4Addr, u16);

#[inline]
fn ipv4_ends([a, b, c, d, e, f, g, h, i, j, k, l]: [u8; 12]) -> (EndV4, EndV4) {
    let [local, remote] = [[a, b, c, d], [e, f, g, h]].map(Ipv4Addr::from);
    let [local_port, remote_port] = [[i, j], [k, l]].map(u16::from_be_bytes);
    ((local, local_port), (remote, remote_port))
}

/// `front` and `back` in one piece, whose length they have together.
#[inline(always)]
pub(crate) fn joined<const LENGTH: usize>(front: &[u8], back: &[u8]) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let (first, second) = bytes.split_at_mut(front.len());
    first.copy_from_slice(front);
    second.copy_from_slice(back);
    bytes
}

/// No packet has addresses of two families; widening the IPv4 one (RFC 4291 2.5.5.2) only makes the ends total.
fn widen(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_laid_out_as_on_the_wire() {
        let ends =
            |local: &str, remote: &str| Ends::new(local.parse().unwrap(), remote.parse().unwrap());
        assert_eq!(
            ends("10.0.0.1:80", "10.0.0.2:258"),
            Ends::V4([10, 0, 0, 1, 10, 0, 0, 2, 0, 80, 1, 2])
        );
        let Ends::V6(wide) = ends("[fd00::1]:80", "[fd00::2]:258") else {
            panic!("of another family");
        };
        assert_eq!((wide[0], wide[15], wide[31]), (0xfd, 1, 2));
        assert_eq!(wide[32..], [0, 80, 1, 2]);
    }

    #[test]
    fn ends_are_taken_apart_again() {
        for [local, remote] in [
            ["10.0.0.1:80", "192.0.2.7:258"],
            ["[fd00::1]:80", "[fd00::2]:258"],
        ] {
            let (local, remote): (SocketAddr, SocketAddr) =
                (local.parse().unwrap(), remote.parse().unwrap());
            let ends = Ends::new(local, remote);
            assert_eq!(ends.remote_address(), remote.ip());
            assert_eq!(ends.addresses(), (local, remote));
            let taken = ends.ipv4().map(|(one, other)| (one.into(), other.into()));
            assert_eq!(taken, local.is_ipv4().then_some((local, remote)));
        }
    }
}
