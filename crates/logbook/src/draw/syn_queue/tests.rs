//! A SYN's stay, from its coming to its leaving.

use super::*;
use crate::LoggedInterval;
use crate::draw::testing::{attribute, count};
use crate::draw::{Picture, picture};
use crate::logged::tests::{dropped_arrival, first_request, reset_request};

#[test]
fn it_holds_the_queue_as_the_syn_met_it_and_the_times() {
    let picture = svg(&first_request());
    attribute(&picture, "id"); // every tag is closed
    assert!(picture.contains("SYN queue: 3 of at most 4,096, this one the last"));
    // Two before it, and its own place; the legend has one of each.
    assert_eq!(count(&picture, "working"), 2);
    assert_eq!(count(&picture, "waiting"), 2 + 1 + 1);
    for words in [
        ">0 ns<",
        ">2.00 µs<",
        ">21.0 µs<",
        "21.0 µs in the SYN queue",
    ] {
        assert!(picture.contains(words), "{words}");
    }
    assert!(picture.contains("answered after 2.00 µs; the other 19.0 µs were the way"));
    assert!(picture.contains("on to the accept queue"));
}

#[test]
fn a_syn_that_was_dropped_first_is_seen_twice() {
    let mut logged = first_request();
    let retry = LoggedInterval {
        station: Station::SynRetry,
        ns: 1_000_000_000,
    };
    logged.spine.insert(0, retry);
    logged.total_ns += retry.ns;
    for overlay in &mut logged.overlay {
        overlay.start_ns += retry.ns;
        overlay.end_ns += retry.ns;
    }
    let picture = svg(&logged);
    assert!(picture.contains(">SYN again<") && picture.contains(">1.00 s<"));
    assert!(picture.contains("answered after 2.00 µs"));
    assert_eq!(count(&picture, "lost"), 2); // a cross
}

#[test]
fn one_that_is_turned_away_gets_no_place_and_the_reason() {
    let picture = svg(&dropped_arrival());
    assert!(picture.contains("A SYN turned away at the SYN queue"));
    assert!(picture.contains("128 of at most 128, and this one came"));
    assert!(picture.contains("dropped: TCP_REQ_QUEUE_FULL"));
    assert!(!picture.contains("SYN/ACK"));
    assert_eq!(count(&picture, "working"), 1); // the legend's
}

#[test]
fn one_that_is_given_up_says_why() {
    let mut logged = first_request();
    logged.kind = Kind::Connection;
    logged.spine.truncate(1);
    logged.overlay.clear();
    (logged.connect_ns, logged.server_ns, logged.total_ns) = (None, None, 21_000);
    logged.outcome = Outcome::Timeout;
    logged.reason = Some("tcp_synack_retries".into());
    let picture = svg(&logged);
    assert!(picture.contains("given up: timeout tcp_synack_retries"));
    assert!(!picture.contains("on to the accept queue"));
}

#[test]
fn a_later_request_never_came_there() {
    assert_eq!(
        picture::svg(&reset_request(), Picture::SynQueue)
            .unwrap_err()
            .to_string(),
        "journey 7 (request, reset) never came to a SYN queue: only the first journey of a connection did, and none whose \
         SYN was answered by a cookie"
    );
}

#[test]
fn a_request_cannot_write_into_the_document() {
    let mut logged = first_request();
    logged.request = Some("GET /\"><script>alert(1)</script>\u{1b} HTTP/1.1".into());
    let picture = svg(&logged);
    assert!(!picture.contains("<script") && !picture.contains('\u{1b}'));
    attribute(&picture, "id");
}
