//! A connection's stay, until `accept()`.

use super::*;
use crate::LoggedOverlay;
use crate::draw::testing::{attribute, count};
use crate::draw::{Picture, picture};
use crate::logged::tests::{dropped_arrival, first_request, reset_request};
use periplus_journey::Outcome;

#[test]
fn the_backend_takes_it_and_then_the_request_comes() {
    let picture = svg(&first_request());
    attribute(&picture, "id");
    assert!(picture.contains("accept queue: 1 of at most 4,096, this one alone"));
    assert_eq!(count(&picture, "working"), 2); // its place, and the legend's
    for words in [
        ">21.0 µs<",
        ">39.0 µs<",
        ">240 µs<",
        "18.0 µs in the accept queue",
    ] {
        assert!(picture.contains(words), "{words}");
    }
    assert!(picture.contains("into the receive queue, 201 µs after accept()"));
}

#[test]
fn a_request_that_is_earlier_than_accept_waits() {
    let mut logged = first_request();
    logged
        .spine
        .retain(|interval| interval.station != Station::Idle);
    logged.total_ns = logged.spine_ns();
    logged.overlay.push(LoggedOverlay {
        station: Station::ReceiveQueue,
        start_ns: 30_000,
        end_ns: 43_000,
        busy_ns: 13_000,
        count: 1,
        max_ns: 13_000,
    });
    let picture = svg(&logged);
    assert!(picture.contains("it waits in the receive queue, 9.00 µs until accept()"));
    assert!(picture.contains(">30.0 µs<"));
}

#[test]
fn one_that_ends_before_accept_says_how() {
    let mut logged = first_request();
    logged.kind = Kind::Connection;
    logged.spine.truncate(2);
    logged.total_ns = logged.spine_ns();
    logged.outcome = Outcome::Reset;
    logged.reason = None;
    let picture = svg(&logged);
    assert!(picture.contains("reset before accept()"));
    assert!(!picture.contains("returns it"));
}

#[test]
fn a_syn_that_meets_a_full_accept_queue_is_turned_away() {
    let mut logged = dropped_arrival();
    logged.reason = Some("TCP_LISTEN_OVERFLOW".into());
    logged.queues.accept_queue = Some(LoggedQueue {
        length: 3,
        limit: 2,
    });
    let picture = svg(&logged);
    assert!(picture.contains("turned away because the accept queue is full"));
    assert!(picture.contains("3 of at most 2, and this one came"));
    // Three places, all taken: the backlog and one more. The legend has one besides.
    assert_eq!(
        (count(&picture, "waiting"), count(&picture, "free")),
        (3 + 1, 1)
    );
}

#[test]
fn a_later_request_never_came_there() {
    let error = picture::svg(&reset_request(), Picture::AcceptQueue).unwrap_err();
    assert!(error.to_string().contains("never came to an accept queue"));
}
