//! The design's case table, a row a test, and the property that holds for all of them: the spine sums.

use super::*;
use proptest::prelude::*;

fn at(milliseconds: u64) -> Option<Instant> {
    Some(Instant::from_millis(milliseconds))
}

fn stations(events: &Events) -> Vec<(&'static str, u64)> {
    spine(events)
        .intervals()
        .iter()
        .map(|i| (i.station.name(), i.duration().as_millis() as u64))
        .collect()
}

fn first_request() -> Events {
    Events {
        syn_arrived: at(0),
        established: at(10),
        accepted: at(12),
        arrived: at(20),
        taken: at(21),
        read: at(23),
        parsed: at(24),
        answered: at(30),
        transmitted: at(32),
        acknowledged: at(50),
        ..Events::default()
    }
}

#[test]
fn a_first_request_passes_every_station() {
    let expected = [
        ("syn_queue", 10),
        ("accept_queue", 2),
        ("idle", 8),
        ("rx_ring", 1),
        ("receive_queue", 2),
        ("parse", 1),
        ("process", 6),
        ("send_queue", 2),
        ("retransmit_queue", 18),
    ];
    assert_eq!(stations(&first_request()), expected);
}

#[test]
fn a_tls_handshake_stands_between_two_idle_times() {
    let events = Events {
        tls_began: at(14),
        tls_ended: at(18),
        ..first_request()
    };
    let expected = [
        ("accept_queue", 2),
        ("idle", 2),
        ("tls_handshake", 4),
        ("idle", 2),
        ("rx_ring", 1),
    ];
    assert_eq!(stations(&events)[1..6], expected);
    assert_eq!(spine(&events).total().as_millis(), 50);
}

#[test]
fn a_request_that_came_with_the_end_of_the_handshake_waits_for_it() {
    let events = Events {
        tls_began: at(11),
        tls_ended: at(22),
        ..first_request()
    };
    let expected = [
        ("accept_queue", 2),
        ("tls_handshake", 10),
        ("receive_queue", 1),
    ];
    assert_eq!(stations(&events)[1..4], expected);
}

#[test]
fn a_tls_handshake_that_does_not_end_is_where_the_connection_ends() {
    let events = Events {
        syn_arrived: at(0),
        established: at(1),
        accepted: at(2),
        tls_began: at(3),
        ended: at(10),
        ..Events::default()
    };
    assert_eq!(stations(&events)[2..], [("idle", 1), ("tls_handshake", 7)]);
}

#[test]
fn a_dropped_syn_opens_syn_retry() {
    let events = Events {
        first_syn_dropped: at(0),
        syn_arrived: at(5),
        ..first_request()
    };
    assert_eq!(stations(&events)[..2], [("syn_retry", 5), ("syn_queue", 5)]);
}

#[test]
fn a_later_request_begins_with_its_first_byte() {
    let events = Events {
        syn_arrived: None,
        established: None,
        accepted: None,
        ..first_request()
    };
    assert_eq!(stations(&events)[0], ("rx_ring", 1));
    assert_eq!(beginning(&events), at(20));
}

#[test]
fn bytes_before_accept_wait_in_the_receive_queue_from_accept() {
    let events = Events {
        arrived: at(10),
        taken: at(11),
        ..first_request()
    };
    assert_eq!(
        stations(&events)[1..3],
        [("accept_queue", 2), ("receive_queue", 11)]
    );
}

#[test]
fn a_device_without_arrival_stamps_has_no_rx_ring() {
    let events = Events {
        arrived: at(21),
        taken: None,
        ..first_request()
    };
    assert_eq!(stations(&events)[2..4], [("idle", 9), ("receive_queue", 2)]);
}

#[test]
fn a_cookie_leaves_no_syn_queue() {
    let events = Events {
        syn_arrived: None,
        ..first_request()
    };
    assert_eq!(beginning(&events), at(10));
    assert_eq!(stations(&events)[0], ("accept_queue", 2));
}

#[test]
fn an_answer_before_the_requests_end_leaves_process_out() {
    let events = Events {
        parsed: at(31),
        ..first_request()
    };
    let names: Vec<_> = stations(&events)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert!(!names.contains(&"process"));
    assert_eq!(spine(&events).total().as_millis(), 50);
}

#[test]
fn a_request_that_never_completes_ends_in_parse() {
    let events = Events {
        parsed: None,
        answered: None,
        transmitted: None,
        acknowledged: None,
        ended: at(1023),
        ..first_request()
    };
    assert_eq!(stations(&events).last(), Some(&("parse", 1000)));
}

#[test]
fn a_half_open_connection_ends_in_the_syn_queue() {
    let events = Events {
        syn_arrived: at(0),
        ended: at(63),
        ..Events::default()
    };
    assert_eq!(stations(&events), [("syn_queue", 63)]);
}

#[test]
fn a_connection_without_a_request_ends_idle() {
    let events = Events {
        syn_arrived: at(0),
        established: at(1),
        accepted: at(2),
        ended: at(10),
        ..Events::default()
    };
    assert_eq!(
        stations(&events),
        [("syn_queue", 1), ("accept_queue", 1), ("idle", 8)]
    );
}

#[test]
fn a_later_request_cut_off_unread_waits_in_the_receive_queue() {
    let events = Events {
        arrived: at(5),
        taken: at(6),
        ended: at(9),
        ..Events::default()
    };
    assert_eq!(stations(&events), [("rx_ring", 1), ("receive_queue", 3)]);
    let events = Events {
        arrived: at(5),
        taken: None,
        ended: at(9),
        ..Events::default()
    };
    assert_eq!(stations(&events), [("receive_queue", 4)]);
}

proptest! {
    #[test]
    fn the_spine_is_adjacent_and_sums(stamps in proptest::collection::vec(proptest::option::of(0u64..1000), 14)) {
        let stamp = |i: usize| stamps[i].map(Instant::from_nanos);
        let events = Events {
            first_syn_dropped: stamp(0), syn_arrived: stamp(1), established: stamp(2), accepted: stamp(3),
            arrived: stamp(4), taken: stamp(5), read: stamp(6), parsed: stamp(7), answered: stamp(8),
            transmitted: stamp(9), acknowledged: stamp(10), ended: stamp(11),
            tls_began: stamp(12), tls_ended: stamp(13),
        };
        let spine = spine(&events);
        let sum: Duration = spine.intervals().iter().map(Interval::duration).sum();
        prop_assert_eq!(sum, spine.total());
        for pair in spine.intervals().windows(2) {
            prop_assert_eq!(pair[0].end, pair[1].start);
            // `idle` stands before a TLS handshake as well as behind it.
            let idle = pair[0].station == Station::Idle && pair[1].station >= Station::TlsHandshake;
            prop_assert!(pair[0].station < pair[1].station || idle);
        }
        if let Some(first) = spine.intervals().first() {
            prop_assert_eq!(Some(first.start), beginning(&events));
        }
    }
}
