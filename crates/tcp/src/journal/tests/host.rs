//! The same where the TCP is the host's: what it has taken is gone.

use super::ms;
use crate::journal::{Recorder, StreamJournal};
use periplus_journey::{Counters, Mark, Outcome, Record, StampedMark};
use std::net::{Ipv4Addr, SocketAddr};

#[test]
fn streams_over_a_socket_of_the_host_end_in_any_order() {
    let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut recorder = Recorder::new(true, "host", 16);
    let mut counters = Counters::default();
    let mut journal = StreamJournal::new(address(40_000), address(80), ms(1));
    journal.received(30, ms(2), &mut recorder);
    journal.read(30, ms(3));
    let marks = [
        (4, 1, Mark::WholeRequest { start: 0, end: 10 }),
        (4, 3, Mark::WholeRequest { start: 10, end: 20 }),
        (4, 5, Mark::WholeRequest { start: 20, end: 30 }),
        (5, 5, Mark::WholeResponse { start: 0, end: 100 }),
        (6, 3, Mark::Response { start: 100 }),
    ];
    for (at, stream, mark) in marks {
        let at = ms(at);
        let mark = StampedMark { at, stream, mark };
        journal.mark(mark, &mut recorder, &mut counters);
    }
    journal.written(120, ms(7), &mut recorder);
    let (at, stream) = (ms(8), 3);
    let reason = "stream_reset";
    let mark = Mark::Reset { reason };
    let reset = StampedMark { at, stream, mark };
    journal.mark(reset, &mut recorder, &mut counters);
    journal.end(Outcome::Closed, None, ms(9), &mut recorder);
    let mut finished = Vec::new();
    recorder.take(&mut finished);
    let records: Vec<_> = finished.into_iter().map(Record::from).collect();
    let ends: Vec<_> = records
        .iter()
        .map(|record| (record.outcome, record.bytes_out, record.events.ended))
        .collect();
    assert_eq!(
        ends,
        [
            (Outcome::Answered, 100, None),
            (Outcome::Reset, 20, Some(ms(8))),
            (Outcome::Closed, 0, Some(ms(9))),
        ]
    );
    assert_eq!(records[0].events.acknowledged, Some(ms(7)));
    // The handshake is the first one's, in whatever order they end.
    let accepted: Vec<_> = records
        .iter()
        .map(|record| record.events.accepted)
        .collect();
    assert_eq!(accepted, [None, None, Some(ms(1))]);
}
