//! What several requests wait for together.

use super::{Line, ms};
use periplus_journey::{Mark, Outcome, Record, Station};
use std::time::Duration;

fn waited(records: &[Record]) -> Vec<u128> {
    let waits = records.iter();
    waits
        .map(|record| record.peer_in_server.as_millis())
        .collect()
}

/// Two requests read in part after 2 ms, with nothing left to read.
fn two_in_part() -> Line {
    let mut line = Line::new();
    line.at(1).arrives(20).at(2).is_read();
    line.request(1, 0).request(3, 10);
    line
}

#[test]
fn who_waits_for_more_waits_on_when_another_is_complete() {
    let mut line = two_in_part();
    line.at(3).request_end(3, 20);
    line.at(10).arrives(5).at(11).is_read().request_end(1, 25);
    assert_eq!(waited(&line.end(Outcome::Closed)), [8, 0]);
}

#[test]
fn all_that_are_read_in_part_wait_for_the_peer() {
    let mut line = two_in_part();
    line.at(6).arrives(5).at(7).is_read().request_end(3, 25);
    line.at(9).arrives(5).at(10).is_read().request_end(1, 30);
    assert_eq!(waited(&line.end(Outcome::Closed)), [4 + 2, 4]);
}

#[test]
fn whose_stream_is_reset_waits_no_more_and_the_other_does() {
    let mut line = two_in_part();
    let reason = "stream_reset";
    line.at(5).mark(1, Mark::Reset { reason });
    assert_eq!(waited(&line.records()), [3]);
    line.at(8);
    assert_eq!(waited(&line.end(Outcome::Closed)), [6]);
}

#[test]
fn nobody_waits_when_the_last_one_is_reset() {
    let mut line = two_in_part();
    let reason = "stream_reset";
    line.at(4).mark(1, Mark::Reset { reason });
    line.mark(3, Mark::Reset { reason });
    line.records();
    // It is read in part long after.
    line.at(20).arrives(5).at(21).is_read().request(5, 20);
    line.at(23);
    assert_eq!(waited(&line.end(Outcome::Closed)), [2]);
}

#[test]
fn closed_windows_are_the_peers_from_each_answer_on() {
    let mut line = Line::new();
    line.at(1).arrives(20).is_read();
    line.asks(1, 0, 10).asks(3, 10, 20);
    line.at(2).answers(1, 0, 100);
    line.journal.blocked(ms(3));
    line.at(7).answers(3, 100, 150);
    line.at(10).transmits(150).acknowledges(150);
    assert_eq!(waited(&line.records()), [7, 3]);
}

#[test]
fn what_was_waited_for_twice_at_once_counts_once() {
    let mut line = Line::new();
    line.at(1).arrives(20).is_read();
    line.asks(1, 0, 10).asks(3, 10, 20);
    line.at(2).mark(1, Mark::Response { start: 0 });
    // The other stream meets closed windows twice, while this one's own window (RFC 9113 section 5.2) is closed all along.
    line.mark(3, Mark::Response { start: 0 });
    for blocked in [4, 8] {
        line.journal.blocked(ms(blocked));
        line.at(blocked + 2).transmits(10);
    }
    line.at(12).mark(
        1,
        Mark::Overlay {
            station: Station::Peer,
            start: ms(3),
            end: ms(12),
        },
    );
    line.mark(1, Mark::ResponseEnd { end: 30 });
    line.mark(3, Mark::ResponseEnd { end: 20 });
    line.at(14).transmits(10).acknowledges(30);
    let records = line.records();
    let first = records
        .iter()
        .find(|record| record.bytes_out == 30)
        .unwrap();
    assert_eq!(waited(std::slice::from_ref(first)), [9]);
    // From 1 to 14, less the 9.
    assert_eq!(first.server(), Some(Duration::from_millis(4)));
    assert_eq!(first.spine().total(), Duration::from_millis(13));
}

#[test]
fn a_hole_in_what_came_holds_all_up_that_are_being_read() {
    let mut line = two_in_part();
    line.journal.reassembled(ms(3), ms(5));
    line.at(6).request_end(1, 20).request_end(3, 20);
    for record in line.end(Outcome::Closed) {
        let wait = record.overlay(Station::ReassemblyQueue).unwrap();
        assert_eq!((wait.start, wait.end), (ms(3), ms(5)));
    }
}

#[test]
fn waits_of_the_backend_are_the_streams() {
    let mut line = two_in_part();
    let (start, end) = (ms(3), ms(5));
    for (stream, station) in [
        (1, Station::Decrypt),
        (1, Station::FileRead),
        (3, Station::ReceiveQueue),
    ] {
        line.mark(
            stream,
            Mark::Overlay {
                station,
                start,
                end,
            },
        );
    }
    let records = line.end(Outcome::Closed);
    let has = |record: &Record| {
        [Station::Decrypt, Station::FileRead, Station::ReceiveQueue]
            .map(|station| record.overlay(station).is_some())
    };
    assert_eq!(has(&records[0]), [true, true, false]);
    assert_eq!(has(&records[1]), [false, false, true]);
}
