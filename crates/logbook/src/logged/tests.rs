//! Journeys that the tests of this crate share, and what is true of every journey as it is stored.

use super::*;
use periplus_journey::{Events, Instant, Overlays, QueueMet, QueuesMet, TcpSummary};
use proptest::prelude::*;

/// 2026-01-01T00:00:00Z.
pub(crate) const EPOCH: Epoch = Epoch::from_unix_nanos(1_767_225_600_000_000_000);

fn at(microseconds: u64) -> Option<Instant> {
    Some(Instant::from_nanos(5_000_000 + microseconds * 1_000))
}

/// The first request of a connection, as the stack records it: 612 µs from the SYN to the last ACK.
pub(crate) fn first_request_record() -> Record {
    let mut overlays = Overlays::default();
    overlays.add(Station::Peer, at(2).unwrap(), at(21).unwrap());
    overlays.add(Station::FileRead, at(311).unwrap(), at(399).unwrap());
    overlays.add(Station::TxRing, at(435).unwrap(), at(436).unwrap());
    overlays.add(Station::Peer, at(437).unwrap(), at(612).unwrap());
    Record {
        kind: Kind::Request,
        id: 1,
        device: "memory",
        peer: "127.0.0.1:40412".parse().unwrap(),
        local: "127.0.0.1:8080".parse().unwrap(),
        handshake: Some(Handshake::Queue),
        queues: QueuesMet {
            syn_queue: Some(QueueMet {
                length: 3,
                limit: 4_096,
            }),
            accept_queue: Some(QueueMet {
                length: 1,
                limit: 4_096,
            }),
        },
        protocol: Some("http/1.1"),
        asked: None,
        secured: None,
        request: Some("GET /index.html HTTP/1.1".into()),
        status: Some(200),
        bytes_in: 78,
        bytes_out: 1_234,
        acked: 1_234,
        outcome: Outcome::Answered,
        reason: None,
        events: Events {
            syn_arrived: at(0),
            established: at(21),
            accepted: at(39),
            arrived: at(240),
            taken: at(244),
            read: at(252),
            parsed: at(293),
            answered: at(423),
            transmitted: at(437),
            acknowledged: at(612),
            ..Events::default()
        },
        overlays,
        peer_in_server: Duration::ZERO,
        rx_ring_at_most: None,
        tcp: TcpSummary {
            retransmissions: 0,
            srtt: Some(Duration::from_micros(21)),
            cwnd: 14_600,
        },
        coarse: false,
    }
}

/// The same, stored.
pub(crate) fn first_request() -> Logged {
    Logged::new(&first_request_record(), EPOCH)
}

/// A later request of a connection without arrival stamps, cut off by a reset.
pub(crate) fn reset_request() -> Logged {
    let record = Record {
        id: 7,
        device: "tap",
        handshake: None,
        queues: QueuesMet::default(),
        request: Some("GET /big.bin HTTP/1.1".into()),
        bytes_out: 10_485_760,
        acked: 65_536,
        outcome: Outcome::Reset,
        events: Events {
            arrived: at(100),
            read: at(110),
            parsed: at(150),
            answered: at(400),
            ended: at(9_100),
            ..Events::default()
        },
        overlays: Overlays::default(),
        rx_ring_at_most: Some(Duration::from_nanos(12_340)),
        tcp: TcpSummary {
            retransmissions: 3,
            srtt: None,
            cwnd: 2_920,
        },
        coarse: true,
        ..first_request_record()
    };
    Logged::new(&record, EPOCH)
}

/// A SYN that met a full queue.
pub(crate) fn dropped_arrival() -> Logged {
    let record = Record {
        kind: Kind::Arrival,
        id: 9,
        handshake: None,
        queues: QueuesMet {
            syn_queue: Some(QueueMet {
                length: 128,
                limit: 128,
            }),
            accept_queue: None,
        },
        protocol: None,
        request: None,
        status: None,
        bytes_in: 0,
        bytes_out: 0,
        acked: 0,
        outcome: Outcome::Dropped,
        reason: Some("TCP_REQ_QUEUE_FULL".into()),
        events: Events {
            ended: at(0),
            ..Events::default()
        },
        overlays: Overlays::default(),
        tcp: TcpSummary::default(),
        ..first_request_record()
    };
    Logged::new(&record, EPOCH)
}

#[test]
fn a_wait_that_began_before_the_journey_counts_whole_and_is_placed_at_its_start() {
    let mut record = first_request_record();
    record.overlays = Overlays::default();
    record.overlays.add(
        Station::ReassemblyQueue,
        Instant::from_nanos(4_999_000),
        at(1).unwrap(),
    );
    let overlay = Logged::new(&record, EPOCH).overlay[0];
    assert_eq!(
        (overlay.start_ns, overlay.end_ns, overlay.busy_ns),
        (0, 1_000, 2_000)
    );
}

#[test]
fn with_a_syn_cookie_the_time_to_connect_was_not_seen() {
    let mut record = first_request_record();
    record.handshake = Some(Handshake::Cookie);
    record.events.syn_arrived = None;
    assert_eq!(Logged::new(&record, EPOCH).connect_ns, None);
}

fn moment() -> impl Strategy<Value = Option<Instant>> {
    proptest::option::of((0u64..1_000_000).prop_map(Instant::from_nanos))
}

proptest! {
    /// Whatever was seen, in whatever order: the stored stations add up to the stored total.
    #[test]
    fn the_spine_sums_to_the_total(
        [r0, e0, e1, e2, e3, e4] in std::array::from_fn::<_, 6, _>(|_| moment()),
        [e5, e6, e7, e8, e9, ended] in std::array::from_fn::<_, 6, _>(|_| moment()),
        [tls_began, tls_ended] in std::array::from_fn::<_, 2, _>(|_| moment()),
    ) {
        let record = Record {
            events: Events {
                first_syn_dropped: r0, syn_arrived: e0, established: e1, accepted: e2, arrived: e3, taken: e4,
                read: e5, parsed: e6, answered: e7, transmitted: e8, acknowledged: e9, ended,
                tls_began, tls_ended,
            },
            ..first_request_record()
        };
        let logged = Logged::new(&record, EPOCH);
        prop_assert_eq!(logged.spine_ns(), logged.total_ns);
    }
}
