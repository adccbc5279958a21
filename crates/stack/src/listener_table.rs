//! Who listens where: the most specific wins.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The listeners of a shard by address and port. The unspecified address stands for every address of its family.
///
/// A B-tree, because its keys are the backend's own: no peer can add one, so none can make a look-up slow, and a port's
/// listeners lie side by side.
#[derive(Clone, Debug)]
pub struct ListenerTable<T> {
    listeners: BTreeMap<(u16, IpAddr), T>,
    /// Who was found last, and for what destination: in a flood that is the next one's, too.
    last: Option<(SocketAddr, T)>,
}

impl<T: Copy> ListenerTable<T> {
    /// A table in which nobody listens.
    pub fn new() -> Self {
        Self {
            listeners: BTreeMap::new(),
            last: None,
        }
    }

    /// Enters a listener. If that very address and port has one, that one stays and is the error; `0.0.0.0:80` and
    /// `10.0.0.1:80` do not disturb each other.
    pub fn insert(&mut self, local: SocketAddr, listener: T) -> Result<(), T> {
        match self.listeners.get(&key(local)) {
            Some(&present) => Err(present),
            None => {
                self.last = None;
                self.listeners.insert(key(local), listener);
                Ok(())
            }
        }
    }

    /// The listener that a segment to `destination` is for: that of the address and port, else that of any address and
    /// the port.
    #[inline]
    pub fn find(&mut self, destination: SocketAddr) -> Option<T> {
        match self.last {
            Some((last, listener)) if last == destination => Some(listener),
            _ => self.look_up(destination),
        }
    }

    fn look_up(&mut self, destination: SocketAddr) -> Option<T> {
        let any: IpAddr = match destination {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let exact = self.listeners.get(&key(destination));
        let listener = exact.or_else(|| self.listeners.get(&(destination.port(), any)));
        self.last = listener.map(|&listener| (destination, listener));
        listener.copied()
    }

    /// Forgets the listener of that very address and port.
    pub fn remove(&mut self, local: SocketAddr) -> Option<T> {
        self.last = None;
        self.listeners.remove(&key(local))
    }

    /// Whether somebody listens on `port`, at whatever address.
    pub fn uses_port(&self, port: u16) -> bool {
        let lowest: IpAddr = Ipv4Addr::UNSPECIFIED.into();
        let mut from = self.listeners.range((port, lowest)..);
        from.next().is_some_and(|(&(used, _), _)| used == port)
    }

    /// Every listener, by port and address.
    pub fn iter(&self) -> impl Iterator<Item = (SocketAddr, T)> {
        let listeners = self.listeners.iter();
        listeners.map(|(&(port, address), &listener)| (SocketAddr::new(address, port), listener))
    }

    /// How many listeners there are.
    pub fn len(&self) -> usize {
        self.listeners.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.listeners.is_empty()
    }
}

impl<T: Copy> Default for ListenerTable<T> {
    fn default() -> Self {
        Self::new()
    }
}

fn key(local: SocketAddr) -> (u16, IpAddr) {
    (local.port(), local.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn table(listeners: &[&str]) -> ListenerTable<usize> {
        let mut table = ListenerTable::new();
        for (listener, address) in listeners.iter().enumerate() {
            table.insert(at(address), listener).unwrap();
        }
        table
    }

    #[test]
    fn the_address_wins_over_any_address() {
        let mut table = table(&["0.0.0.0:80", "10.0.0.1:80"]);
        assert_eq!(table.find(at("10.0.0.1:80")), Some(1));
        assert_eq!(table.find(at("10.0.0.2:80")), Some(0));
        assert_eq!(table.find(at("10.0.0.1:81")), None);
    }

    #[test]
    fn any_address_is_any_of_its_own_family() {
        let mut table = table(&["0.0.0.0:80", "[::]:81"]);
        assert_eq!(table.find(at("[fd00::1]:80")), None);
        assert_eq!(table.find(at("10.0.0.1:81")), None);
        assert_eq!(table.find(at("[fd00::1]:81")), Some(1));
    }

    #[test]
    fn a_listener_that_comes_or_goes_is_noticed_by_who_was_found_before() {
        let mut table = table(&["0.0.0.0:80"]);
        let to = at("10.0.0.1:80");
        assert_eq!([table.find(to), table.find(to)], [Some(0), Some(0)]);
        assert_eq!(table.insert(to, 5), Ok(()));
        assert_eq!([table.find(to), table.find(to)], [Some(5), Some(5)]);
        table.remove(to);
        assert_eq!([table.find(to), table.find(to)], [Some(0), Some(0)]);
        table.remove(at("0.0.0.0:80"));
        assert_eq!(table.find(to), None);
    }

    #[test]
    fn an_address_and_port_has_one_listener() {
        let mut table = table(&["10.0.0.1:80"]);
        assert_eq!(table.insert(at("10.0.0.1:80"), 5), Err(0));
        assert_eq!(table.remove(at("10.0.0.1:80")), Some(0));
        assert_eq!(table.insert(at("10.0.0.1:80"), 5), Ok(()));
    }

    #[test]
    fn a_port_is_used_if_anybody_listens_on_it() {
        let table = table(&["10.0.0.1:80", "[fd00::1]:443"]);
        assert!(table.uses_port(80));
        assert!(table.uses_port(443));
        assert!(!table.uses_port(79));
        assert!(!table.uses_port(81));
    }
}
