//! Ports for connections of ours that do not ask for one, as RFC 6056 advises.

use periplus_tcp::PortRange;

/// How many counters there are (TABLE_LENGTH).
const TABLE_LENGTH: usize = 256;

/// The double-hash algorithm (RFC 6056 3.3.4), as on Linux: towards each peer the ports follow upon each other from where
/// nobody can guess, so that none is used again soon, and peers share a counter only by chance, so that none can tell from its
/// own connections how many others there are.
#[derive(Clone, Debug)]
pub(crate) struct EphemeralPorts {
    table: Box<[u32; TABLE_LENGTH]>,
}

impl Default for EphemeralPorts {
    fn default() -> Self {
        Self {
            table: Box::new([0; TABLE_LENGTH]),
        }
    }
}

impl EphemeralPorts {
    /// The first port of `range` that `is_free`; `hash` is the keyed hash of the two ends without that port.
    pub(crate) fn choose(
        &mut self,
        range: PortRange,
        hash: u64,
        is_free: impl Fn(u16) -> bool,
    ) -> Option<u16> {
        let offset = hash as u32;
        let next = &mut self.table[(hash >> 32) as usize % TABLE_LENGTH];
        (0..range.count()).find_map(|_| {
            let port = range.nth(offset.wrapping_add(*next));
            *next = next.wrapping_add(1);
            is_free(port).then_some(port)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peers_ports_follow_upon_each_other_and_do_not_show_the_others() {
        let mut ports = EphemeralPorts::default();
        let range = PortRange::new(1000, 1999).unwrap();
        let (one, other) = (7, 5 << 32 | 500);
        let mut choose = |hash| ports.choose(range, hash, |_| true).unwrap();
        let chosen = [one, one, other, other, one].map(&mut choose);
        assert_eq!(chosen, [1007, 1008, 1500, 1501, 1009]);
    }

    #[test]
    fn every_port_is_tried_once() {
        let mut ports = EphemeralPorts::default();
        let range = PortRange::new(10, 19).unwrap();
        assert_eq!(ports.choose(range, 25, |port| port == 14), Some(14));
        assert_eq!(ports.choose(range, 25, |_| false), None);
        assert_eq!(
            ports.choose(PortRange::new(9, 9).unwrap(), 25, |_| true),
            Some(9)
        );
    }
}
