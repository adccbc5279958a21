use super::{SERVED, SERVED_WITH_TIMESTAMPS, accepted, refused};

#[test]
fn only_what_came_in_order_is_acknowledged() {
    accepted(SERVED, "< . 1:1001 ack 1 \n > . 1 ack 1001");
    refused(SERVED, "< . 1:1001 ack 1 \n > . 1 ack 1002", "RFC 9293 3.4");
    refused(
        SERVED,
        "< . 1001:2001 ack 1 \n > . 1 ack 2001",
        "RFC 9293 3.4",
    );
    accepted(
        SERVED,
        "< . 1001:2001 ack 1 \n < . 1:1001 ack 1 \n > . 1 ack 2001",
    );
    refused(
        SERVED,
        "< . 1:1001 ack 1 damaged \n > . 1 ack 1001",
        "RFC 9293 3.4",
    );
}

#[test]
fn what_lies_beyond_the_window_is_not_taken() {
    let beyond = "< . 1:1001 ack 1 \n > . 1 ack 1001 win 63000 \n < . 64001:64002 ack 1 \n";
    accepted(&[SERVED, beyond].concat(), "> . 1 ack 1001 win 63000");
    refused(
        &[SERVED, beyond].concat(),
        "> . 1 ack 1001 win 63000 sack 64001-64002",
        "RFC 2018 3",
    );
}

#[test]
fn a_segment_that_acknowledges_what_was_never_sent_is_not_taken() {
    accepted(SERVED, "< . 1:1001 ack 2 \n > . 1 ack 1");
    refused(SERVED, "< . 1:1001 ack 2 \n > . 1 ack 1001", "RFC 9293 3.4");
}

#[test]
fn acknowledgments_never_go_back() {
    let taken = "< . 1:1001 ack 1 \n > . 1 ack 1001 win 63000 \n";
    accepted(&[SERVED, taken].concat(), "> . 1 ack 1001 win 63000");
    refused(
        &[SERVED, taken].concat(),
        "> . 1 ack 1 win 64000",
        "RFC 9293 3.4",
    );
}

#[test]
fn a_fin_is_acknowledged_when_all_before_it_has_come() {
    let fin = "< F. 1001 ack 1 \n";
    refused(&[SERVED, fin].concat(), "> . 1 ack 1002", "RFC 9293 3.4");
    accepted(
        &[SERVED, fin].concat(),
        "< . 1:1001 ack 1 \n > . 1 ack 1002",
    );
}

#[test]
fn text_in_order_is_acknowledged_within_half_a_second() {
    let shown = "| write 1 \n > . 1:2 ack 1 \n < . 1 ack 2 \n < . 1:1001 ack 2 \n";
    accepted(&[SERVED, shown].concat(), "+0.4 > . 2 ack 1001 \n +1 wait");
    refused(&[SERVED, shown].concat(), "+0.6 > . 2 ack 1001", "MUST-40");
    refused(&[SERVED, shown].concat(), "+0.6 wait", "MUST-40");
}

#[test]
fn text_that_a_host_may_refuse_need_not_be_acknowledged() {
    accepted(SERVED, "> . 1 ack 1 \n < . 1001:2001 ack 1 \n +1 wait");
    let older =
        "< . 1:11 ack 1 ts 110 900 \n > . 1 ack 11 ts 901 110 \n < . 11:21 ack 1 ts 109 900";
    accepted(SERVED_WITH_TIMESTAMPS, &[older, "\n +1 wait"].concat());
}
