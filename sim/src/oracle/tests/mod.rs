//! For each rule traces that must be accepted, and traces that must draw its complaint.

mod acknowledgment;
mod agreed_options;
mod back_off;
mod congestion;
mod form;
mod marks;
mod notation;
mod offered_window;
mod own_window;
mod resets;
mod retransmission;
mod sack_blocks;
mod states;
mod stream;
mod timestamps;

use notation::complaints;

/// A client connects to the watched host; the first text on either side is at 1.
const SERVED: &str = "
    | listen
    < S 0 win 64000 mss 1000 sackok ws 0
    > S. 0 ack 1 win 64000 mss 1000 sackok ws 0
    < . 1 ack 1 win 64000
    | accept
";

/// The watched host connects.
const CONNECTED: &str = "
    | connect
    > S 0 win 64000 mss 1000 sackok ws 0
    < S. 0 ack 1 win 64000 mss 1000 sackok ws 0
    > . 1 ack 1 win 64000
";

/// The same with timestamps.
const SERVED_WITH_TIMESTAMPS: &str = "
    | listen
    < S 0 win 64000 mss 1012 sackok ts 100 0
    > S. 0 ack 1 win 64000 mss 1012 sackok ts 900 100
    < . 1 ack 1 win 64000 ts 101 900
    | accept
";

/// Nothing is wrong with what happens after `before`.
#[track_caller]
fn accepted(before: &str, trace: &str) {
    let wrong = complaints(&[before, trace].concat());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What happens after `before` draws complaints of this clause, and of no other.
#[track_caller]
fn refused(before: &str, trace: &str, clause: &str) {
    let wrong = complaints(&[before, trace].concat());
    assert!(!wrong.is_empty(), "nobody complains");
    for what in &wrong {
        assert!(what.contains(clause), "{wrong:#?}");
    }
}
