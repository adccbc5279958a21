use super::state::RETRANS_TIMER;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

const START: Instant = Instant::from_millis(0);

fn second(seconds: u64) -> Instant {
    START + Duration::from_secs(seconds)
}

fn host(n: u16) -> IpAddr {
    IpAddr::from([10, 0, (n >> 8) as u8, n as u8])
}

fn mac(n: u8) -> EthernetAddress {
    EthernetAddress([2, 0, 0, 0, 0, n])
}

fn neighbours(limit: usize) -> Neighbours {
    Neighbours::new([5; 16], limit)
}

fn asks(addresses: &[IpAddr]) -> Overdue {
    Overdue {
        ask: addresses.to_vec(),
        given_up: vec![],
    }
}

#[test]
fn an_address_is_asked_for_once_and_known_when_answered() {
    let mut table = neighbours(10);
    assert_eq!(table.resolve(START, host(1)), Resolution::Ask);
    assert_eq!(table.resolve(START, host(1)), Resolution::Waiting);
    assert!(table.learn(START, host(1), mac(1), true));
    assert_eq!(table.resolve(START, host(1)), Resolution::Known(mac(1)));
    assert_eq!(table.next_timeout(), None);
}

#[test]
fn three_requests_a_second_apart_then_it_is_given_up_for_a_second() {
    let mut table = neighbours(10);
    assert_eq!(table.resolve(START, host(1)), Resolution::Ask);
    for tried in 1..3 {
        assert_eq!(table.next_timeout(), Some(second(tried)));
        assert_eq!(table.timeout(second(tried)), asks(&[host(1)]));
    }
    let given_up = Overdue {
        ask: vec![],
        given_up: vec![host(1)],
    };
    assert_eq!(table.timeout(second(3)), given_up);
    assert_eq!(table.next_timeout(), None);
    assert_eq!(table.resolve(second(3), host(1)), Resolution::Unreachable);
    assert_eq!(table.resolve(second(4), host(1)), Resolution::Ask);
}

#[test]
fn who_was_resolved_last_is_not_believed_beyond_a_change() {
    let mut table = neighbours(1);
    table.resolve(START, host(1));
    table.learn(START, host(1), mac(1), true);
    for _ in 0..2 {
        assert_eq!(table.resolve(START, host(1)), Resolution::Known(mac(1)));
    }
    assert!(table.learn(START, host(1), mac(2), false));
    for _ in 0..2 {
        assert_eq!(table.resolve(START, host(1)), Resolution::Known(mac(2)));
    }
    let pushes_it_out = host(2);
    assert_eq!(table.resolve(START, pushes_it_out), Resolution::Ask);
    assert_eq!(table.resolve(START, host(1)), Resolution::Ask);
}

#[test]
fn a_stale_neighbour_is_asked_for_while_it_is_still_believed() {
    let mut table = neighbours(10);
    table.resolve(START, host(1));
    table.learn(START, host(1), mac(1), true);
    assert_eq!(
        table.resolve(second(59), host(1)),
        Resolution::Known(mac(1))
    );
    assert_eq!(table.next_timeout(), None);
    assert_eq!(
        table.resolve(second(60), host(1)),
        Resolution::Known(mac(1))
    );
    assert_eq!(table.timeout(second(60)), asks(&[host(1)]));
    assert_eq!(
        table.resolve(second(60), host(1)),
        Resolution::Known(mac(1))
    );
    assert!(
        !table.learn(second(60), host(1), mac(1), true),
        "nothing new"
    );
    assert_eq!(table.next_timeout(), None);
}

#[test]
fn a_neighbour_that_vanishes_is_given_up_after_three_requests() {
    let mut table = neighbours(10);
    table.resolve(START, host(1));
    table.learn(START, host(1), mac(1), true);
    table.resolve(second(60), host(1));
    for tried in 60..63 {
        assert_eq!(table.timeout(second(tried)), asks(&[host(1)]));
    }
    assert_eq!(table.timeout(second(63)).given_up, [host(1)]);
    assert_eq!(table.resolve(second(63), host(1)), Resolution::Unreachable);
}

#[test]
fn a_stranger_is_learned_only_if_it_speaks_to_us() {
    let mut table = neighbours(10);
    assert!(!table.learn(START, host(1), mac(1), false));
    assert!(table.is_empty());
    assert!(table.learn(START, host(1), mac(1), true));
    assert_eq!(table.resolve(START, host(1)), Resolution::Known(mac(1)));
}

#[test]
fn a_known_neighbour_is_updated_by_whatever_it_sends() {
    let mut table = neighbours(10);
    table.resolve(START, host(1));
    table.learn(START, host(1), mac(1), true);
    assert!(table.learn(START, host(1), mac(2), false));
    assert_eq!(table.resolve(START, host(1)), Resolution::Known(mac(2)));
}

#[test]
fn a_group_address_is_not_believed() {
    let mut table = neighbours(10);
    table.resolve(START, host(1));
    assert!(!table.learn(START, host(1), EthernetAddress::BROADCAST, true));
    assert_eq!(table.resolve(START, host(1)), Resolution::Waiting);
}

#[test]
fn floods_evict_each_other_and_not_those_in_use() {
    let mut table = neighbours(16);
    for n in 0..8 {
        table.resolve(START, host(n));
        table.learn(START, host(n), mac(n as u8), true);
    }
    for n in 100..5000 {
        if n % 2 == 0 {
            table.resolve(START, host(n));
        } else {
            table.learn(START, host(n), mac(1), true);
        }
    }
    assert_eq!(table.len(), 16);
    for n in 0..8 {
        assert_eq!(
            table.resolve(START, host(n)),
            Resolution::Known(mac(n as u8))
        );
    }
}

#[test]
fn among_those_in_use_the_least_recently_used_leaves() {
    let mut table = neighbours(2);
    for n in [1, 2, 1, 3] {
        table.resolve(START, host(n));
        table.learn(START, host(n), mac(n as u8), true);
    }
    assert_eq!(table.resolve(START, host(1)), Resolution::Known(mac(1)));
    assert_eq!(table.resolve(START, host(2)), Resolution::Ask);
}

proptest! {
    /// Whatever happens, an address is asked for at most once a second (RFC 1122 2.3.2.1), and every question is
    /// followed by an answer, a repetition or giving up: nothing waits for ever.
    #[test]
    fn no_address_is_asked_for_twice_within_a_second(
        steps in prop::collection::vec((0..400u64, 0..4u16, 0..4u8), 1..300),
    ) {
        let mut table = neighbours(8);
        let mut asked = BTreeMap::new();
        let mut now = START;
        let mut ask = |now: Instant, address: IpAddr| {
            let before = asked.insert(address, now);
            before.is_none_or(|before: Instant| now.since(before) >= RETRANS_TIMER)
        };
        for (milliseconds, n, action) in steps {
            now += Duration::from_millis(milliseconds);
            for address in table.timeout(now).ask {
                prop_assert!(ask(now, address));
            }
            if action == 0 {
                table.learn(now, host(n), mac(1), false);
            }
            for n in n..4 {
                match table.resolve(now, host(n)) {
                    Resolution::Ask => prop_assert!(ask(now, host(n))),
                    Resolution::Waiting => {
                        prop_assert!(table.next_timeout().is_some_and(|next| next > now));
                    }
                    _ => {}
                }
            }
        }
    }
}
