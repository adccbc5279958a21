use super::{SERVED, SERVED_WITH_TIMESTAMPS, accepted, refused};

#[test]
fn a_syn_ack_has_no_scale_and_no_timestamps_that_the_syn_had_not() {
    let asked = "< S 0 mss 1000 \n";
    accepted(asked, "> S. 0 ack 1 mss 1000 sackok");
    refused(asked, "> S. 0 ack 1 mss 1000 ws 7", "RFC 7323 2.2");
    refused(asked, "> S. 0 ack 1 mss 1000 ts 5 0", "RFC 7323 3.2");
}

#[test]
fn timestamps_are_in_every_segment_or_in_none() {
    accepted(SERVED_WITH_TIMESTAMPS, "> . 1 ack 1 ts 901 101");
    refused(SERVED_WITH_TIMESTAMPS, "> . 1 ack 1", "RFC 7323 3.2");
    accepted(SERVED_WITH_TIMESTAMPS, "| abort \n > R 1");
    refused(SERVED, "> . 1 ack 1 ts 901 101", "RFC 7323 3.2");
}

#[test]
fn sack_is_not_sent_to_a_peer_that_did_not_permit_it() {
    let plain = "
        < S 0 mss 1000
        > S. 0 ack 1 mss 1000 sackok
        < . 1 ack 1
        < . 1001:2001 ack 1
    ";
    accepted(plain, "> . 1 ack 1");
    refused(plain, "> . 1 ack 1 sack 1001-2001", "RFC 2018 2");
}

#[test]
fn a_segment_is_no_longer_than_the_peer_takes() {
    accepted(SERVED, "| write 1000 \n > . 1:1001 ack 1");
    refused(SERVED, "| write 1001 \n > . 1:1002 ack 1", "RFC 9293 3.7.1");
    let stamped = "| write 1001 \n > . 1:1002 ack 1 ts 901 101";
    refused(SERVED_WITH_TIMESTAMPS, stamped, "RFC 9293 3.7.1");
}

#[test]
fn a_peer_that_says_nothing_takes_536_bytes() {
    let silent = "< S 0 \n > S. 0 ack 1 mss 1000 \n < . 1 ack 1 \n";
    accepted(silent, "> . 1:537 ack 1");
    refused(silent, "> . 1:538 ack 1", "RFC 9293 3.7.1");
}
