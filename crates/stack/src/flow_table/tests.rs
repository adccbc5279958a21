use super::*;
use crate::handle::Tag;
use crate::slab::Index;
use proptest::prelude::*;
use std::collections::HashMap;
use std::net::IpAddr;

fn handle(slot: u32) -> Handle {
    let generation = 0;
    Handle::new(Tag::Established, Index { slot, generation })
}

fn flow(local: &str, remote: &str) -> FlowKey {
    FlowKey {
        local: local.parse().unwrap(),
        remote: remote.parse().unwrap(),
    }
}

#[test]
fn a_flow_is_entered_once_and_changed_by_replace() {
    let mut table = FlowTable::new([7; 16]);
    let key = flow("10.0.0.1:80", "10.0.0.2:40000");
    assert_eq!(table.insert(&key, handle(1)), Ok(()));
    assert_eq!(table.insert(&key, handle(2)), Err(handle(1)));
    assert_eq!(table.replace(&key, handle(3)), Some(handle(1)));
    assert_eq!(table.remove(&key), Some(handle(3)));
    assert_eq!(table.remove(&key), None);
    assert!(table.is_empty());
}

#[test]
fn the_two_directions_and_the_two_families_are_different_flows() {
    let mut table = FlowTable::new([7; 16]);
    let keys = [
        flow("10.0.0.1:80", "10.0.0.2:40000"),
        flow("10.0.0.2:80", "10.0.0.1:40000"),
        flow("10.0.0.1:40000", "10.0.0.2:80"),
        flow("[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.2]:40000"),
    ];
    for (slot, key) in (0..).zip(&keys) {
        assert_eq!(table.insert(key, handle(slot)), Ok(()));
    }
    assert_eq!(table.len(), keys.len());
    assert_eq!(table.get(&keys[3]), Some(handle(3)));
}

#[test]
fn the_hash_depends_on_the_key() {
    let key = flow("10.0.0.1:80", "10.0.0.2:40000");
    let hashes = [1, 1, 2].map(|byte| FlowTable::new([byte; 16]).hashed(key.ends()).hash);
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2]);
}

/// Few enough distinct flows that operations meet.
fn any_flow() -> impl Strategy<Value = FlowKey> {
    let address = prop_oneof![
        (0..4u8).prop_map(|n| IpAddr::from([10, 0, 0, n])),
        (0..4u16).prop_map(|n| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, n])),
    ];
    (address, 0..4u8, 1..4u16).prop_map(|(local, host, port)| {
        let remote = match local {
            IpAddr::V4(_) => IpAddr::from([192, 0, 2, host]),
            IpAddr::V6(_) => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, host.into()]),
        };
        FlowKey {
            local: (local, 80).into(),
            remote: (remote, port).into(),
        }
    })
}

/// As it stands on the wire; `None` for IPv6.
fn four_tuple(key: &FlowKey) -> Option<[u8; 12]> {
    match key.ends() {
        Ends::V4(tuple) => Some(tuple),
        Ends::V6(_) => None,
    }
}

proptest! {
    #[test]
    fn the_table_keeps_what_a_map_keeps_and_a_burst_finds_the_same(
        operations in prop::collection::vec((any_flow(), any::<bool>()), 0..300),
        burst in prop::collection::vec(any_flow(), 0..150),
    ) {
        let mut table = FlowTable::new([3; 16]);
        let mut model = HashMap::new();
        for (slot, (key, insert)) in (0..).zip(operations) {
            if insert {
                prop_assert_eq!(table.replace(&key, handle(slot)), model.insert(key, handle(slot)));
            } else {
                prop_assert_eq!(table.remove(&key), model.remove(&key));
            }
        }
        prop_assert_eq!(table.len(), model.len());
        let mut found = Vec::new();
        let tuples: Vec<_> = burst.iter().map(four_tuple).collect();
        table.get_many_ipv4(&tuples, &mut found);
        let known = |(key, tuple): (&FlowKey, &Option<_>)| tuple.and_then(|_| model.get(key).copied());
        let expected: Vec<_> = burst.iter().zip(&tuples).map(known).collect();
        prop_assert_eq!(found, expected);
    }
}
