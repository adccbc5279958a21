use super::{accepted, refused};

/// Three segments are in flight; a round trip takes 50 ms.
const IN_FLIGHT: &str = "
    < S 0 win 64000 mss 1000 sackok
    > S. 0 ack 1 win 64000 mss 1000 sackok
    +0.05 < . 1 ack 1
    > . 1:1001 ack 1
    > . 1001:2001 ack 1
    > . 2001:3001 ack 1
";

/// The same, and the peer does not understand SACK.
const NOT_SELECTIVE: &str = "
    < S 0 win 64000 mss 1000
    > S. 0 ack 1 win 64000 mss 1000 sackok
    +0.05 < . 1 ack 1
    > . 1:1001 ack 1
    > . 1001:2001 ack 1
    > . 2001:3001 ack 1
";

#[test]
fn a_time_out_is_not_short() {
    accepted(IN_FLIGHT, "+0.2 > . 1:1001 ack 1");
    refused(IN_FLIGHT, "+0.15 > . 1:1001 ack 1", "RFC 6298 5");
    // Nor shorter than a round trip.
    let slow = IN_FLIGHT.replace("+0.05", "+0.9");
    refused(&slow, "+0.3 > . 1:1001 ack 1", "RFC 6298 5");
    accepted(&slow, "+1 > . 1:1001 ack 1");
}

#[test]
fn what_was_sent_before_something_that_arrived_may_be_lost() {
    let hole = "+0.05 < . 1 ack 1 sack 1001-2001 \n";
    accepted(&[IN_FLIGHT, hole].concat(), "> . 1:1001 ack 1");
    refused(
        &[IN_FLIGHT, hole].concat(),
        "> . 2001:3001 ack 1 \n > . 2001:3001 ack 1",
        "RFC 6298 5",
    );
    // What was sent again is later than what arrived.
    let again = "> . 1:1001 ack 1 \n +0.01 > . 1:1001 ack 1";
    refused(&[IN_FLIGHT, hole].concat(), again, "RFC 6298 5");
}

#[test]
fn a_duplicate_acknowledgment_is_evidence_without_sack() {
    accepted(NOT_SELECTIVE, "+0.05 < . 1 ack 1 \n > . 1:1001 ack 1");
    refused(
        IN_FLIGHT,
        "+0.05 < . 1 ack 1 \n > . 1:1001 ack 1",
        "RFC 6298 5",
    );
    // A partial one asks for the next segment at once (RFC 6582 3.2).
    let partial =
        "+0.05 < . 1 ack 1 \n > . 1:1001 ack 1 \n +0.05 < . 1 ack 1001 \n > . 1001:2001 ack 1";
    accepted(NOT_SELECTIVE, partial);
}

#[test]
fn the_tail_may_be_probed_once() {
    accepted(IN_FLIGHT, "+0.1 > . 2001:3001 ack 1");
    refused(
        IN_FLIGHT,
        "+0.1 > . 2001:3001 ack 1 \n +0.1 > . 2001:3001 ack 1",
        "RFC 6298 5",
    );
}

#[test]
fn what_sack_named_is_skipped_until_a_time_out() {
    let named = "+0.05 < . 1 ack 1 sack 1001-2001 \n > . 1:1001 ack 1 \n";
    let before = [IN_FLIGHT, named].concat();
    refused(
        &before,
        "+0.05 < . 1 ack 1 sack 1001-3001 \n > . 1001:2001 ack 1",
        "RFC 2018 5",
    );
    accepted(
        &before,
        "+0.4 > . 1:1001 ack 1 \n +0.05 < . 1 ack 1001 \n > . 1001:2001 ack 1",
    );
}

#[test]
fn a_peer_that_took_its_window_back_is_sent_it_again() {
    accepted(IN_FLIGHT, "+0.1 < . 1 ack 1 win 500 \n > . 501:1001 ack 1");
}
