use super::{accepted, refused};

const NARROW: &str = "
    < S 0 win 1000 mss 1000 ws 2
    > S. 0 ack 1 win 64000 mss 1000 ws 0
    < . 1 ack 1 win 300
    > . 1:1001 ack 1
";

#[test]
fn text_goes_up_to_the_scaled_right_edge_and_no_further() {
    accepted(NARROW, "> . 1001:1201 ack 1");
    refused(
        NARROW,
        "> . 1001:1202 ack 1 \n < . 1 ack 1202 win 300",
        "RFC 9293 3.8.6",
    );
    accepted(NARROW, "< . 1 ack 1001 win 250 \n > . 1001:2001 ack 1");
}

#[test]
fn a_full_window_is_probed_with_one_byte() {
    let full = "> . 1001:1201 ack 1 \n +0.1 < . 1 ack 1201 win 0 \n";
    accepted(&[NARROW, full].concat(), "+1 > . 1201:1202 ack 1");
    refused(
        &[NARROW, full].concat(),
        "+1 > . 1201:1203 ack 1",
        "RFC 9293 3.8.6",
    );
    refused(
        &[NARROW, full].concat(),
        "+1 > . 1202:1203 ack 1",
        "RFC 9293 3.8.6",
    );
}

#[test]
fn a_window_that_was_shrunk_may_be_filled_up_to_where_it_was() {
    accepted(NARROW, "< . 1 ack 1 win 0 \n > . 1001:1201 ack 1");
}

#[test]
fn a_window_in_a_segment_that_is_not_acceptable_does_not_count() {
    let forged = "< . 300000 ack 1 win 5000 \n > . 1001:1202 ack 1";
    refused(NARROW, forged, "RFC 9293 3.8.6");
    let early = "< . 1 ack 5000 win 5000 \n > . 1001:1202 ack 1";
    refused(NARROW, early, "RFC 9293 3.8.6");
    let damaged = "< . 1 ack 1 win 5000 damaged \n > . 1001:1202 ack 1";
    refused(NARROW, damaged, "RFC 9293 3.8.6");
}
