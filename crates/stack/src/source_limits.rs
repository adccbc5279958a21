//! What one network of sources may hold at a listener: a flood from one place leaves room for all others.
//!
//! Only what is held is counted, so the table has never more entries than the shard has half-open records and connections.

use crate::keyed_hash::KeyedHash;
use crate::rate_limit::network;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::net::IpAddr;

/// The most that one network, a /24 of IPv4 or a /48 of IPv6, may hold at a time. `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceLimits {
    /// Half-open connections. A SYN beyond gets a cookie, where `tcp_syncookies` allows it, and is dropped otherwise.
    pub half_open: Option<u32>,
    /// Connections, half-open ones included, those in TIME-WAIT not. A SYN beyond is dropped.
    pub connections: Option<u32>,
}

/// What a network holds now.
#[derive(Clone, Copy, Debug)]
struct Held {
    network: IpAddr,
    half_open: u32,
    connections: u32,
}

/// The networks that hold something, while there is a limit to hold them to.
#[derive(Debug)]
pub(crate) struct SourceNetworks {
    limits: SourceLimits,
    hash: KeyedHash,
    held: HashTable<Held>,
}

impl SourceNetworks {
    /// None yet; their table's hash is keyed with `key`, so that nobody can choose networks that collide.
    pub(crate) fn new(key: [u8; 16], limits: SourceLimits) -> Self {
        Self {
            limits,
            hash: KeyedHash::new(key),
            held: HashTable::new(),
        }
    }

    /// Whether another half-open record may be made for `source`.
    pub(crate) fn admits_half_open(&self, source: IpAddr) -> bool {
        let most = self.limits.half_open;
        most.is_none_or(|most| self.of(source).is_none_or(|held| held.half_open < most))
    }

    /// Whether `source` may begin another connection.
    pub(crate) fn admits_connection(&self, source: IpAddr) -> bool {
        let most = self.limits.connections;
        let within = |held: &Held, most| held.half_open + held.connections < most;
        most.is_none_or(|most| most > 0 && self.of(source).is_none_or(|held| within(held, most)))
    }

    /// A half-open record of `source` was made.
    pub(crate) fn half_open_entered(&mut self, source: IpAddr) {
        self.change(source, |held| held.half_open += 1);
    }

    /// A half-open record of `source` went.
    pub(crate) fn half_open_left(&mut self, source: IpAddr) {
        self.change(source, |held| held.half_open -= 1);
    }

    /// A connection with `source` was made.
    pub(crate) fn connection_entered(&mut self, source: IpAddr) {
        self.change(source, |held| held.connections += 1);
    }

    /// A connection with `source` went.
    pub(crate) fn connection_left(&mut self, source: IpAddr) {
        self.change(source, |held| held.connections -= 1);
    }

    fn of(&self, source: IpAddr) -> Option<&Held> {
        let network = network(source);
        self.held
            .find(self.hash.address(network), |held| held.network == network)
    }

    fn change(&mut self, source: IpAddr, change: impl FnOnce(&mut Held)) {
        if self.limits == SourceLimits::default() {
            return;
        }
        let network = network(source);
        let entry = self.held.entry(
            self.hash.address(network),
            |held| held.network == network,
            |held| self.hash.address(held.network),
        );
        let mut entry = match entry {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert(Held {
                network,
                half_open: 0,
                connections: 0,
            }),
        };
        let held = entry.get_mut();
        change(held);
        if (held.half_open, held.connections) == (0, 0) {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(half_open: Option<u32>, connections: Option<u32>) -> SourceNetworks {
        let limits = SourceLimits {
            half_open,
            connections,
        };
        SourceNetworks::new([7; 16], limits)
    }

    fn source(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_is_held_to_its_limit_and_its_neighbour_is_not() {
        let mut networks = networks(Some(2), None);
        networks.half_open_entered(source("192.0.2.1"));
        assert!(networks.admits_half_open(source("192.0.2.2")));
        networks.half_open_entered(source("192.0.2.200"));
        assert!(!networks.admits_half_open(source("192.0.2.3")));
        assert!(networks.admits_half_open(source("192.0.3.3")));
        assert!(networks.admits_connection(source("192.0.2.3")));
        networks.half_open_left(source("192.0.2.1"));
        assert!(networks.admits_half_open(source("192.0.2.3")));
    }

    #[test]
    fn a_handshake_under_way_counts_as_a_connection() {
        let mut networks = networks(None, Some(2));
        let [one, other] = [source("2001:db8:1::1"), source("2001:db8:1:ffff::2")];
        networks.half_open_entered(one);
        networks.connection_entered(other);
        assert!(!networks.admits_connection(one));
        networks.half_open_left(one);
        networks.connection_entered(one);
        assert!(!networks.admits_connection(one));
        networks.connection_left(other);
        assert!(networks.admits_connection(one));
    }

    #[test]
    fn what_holds_nothing_is_not_kept() {
        let mut limited = networks(Some(9), Some(9));
        let mut free = networks(None, None);
        for networks in [&mut limited, &mut free] {
            for host in 0..1000u32 {
                let host = IpAddr::V4((host << 8).into());
                networks.half_open_entered(host);
                networks.half_open_left(host);
            }
            networks.connection_entered(source("192.0.2.1"));
        }
        assert_eq!((limited.held.len(), free.held.len()), (1, 0));
    }
}
