use super::{CONNECTED, SERVED, accepted, refused};

#[test]
fn a_rst_that_answers_stands_where_the_segment_asks_for_it() {
    accepted("< . 5 ack 9 \n", "> R 9");
    refused("< . 5 ack 9 \n", "> R 8", "RFC 9293 3.10.7.1");
    // The port is closed.
    accepted("< S 0 mss 1000 \n", "> R. 0 ack 1 isn 0");
    refused(
        "< S 0 mss 1000 \n",
        "> R. 0 ack 2 isn 0",
        "RFC 9293 3.10.7.1",
    );
    refused(
        "< S 0 mss 1000 \n",
        "> R. 1 ack 1 isn 0",
        "RFC 9293 3.10.7.1",
    );
}

#[test]
fn a_rst_is_never_answered_by_a_rst() {
    refused("< R. 5 ack 9 \n", "> R 9", "a RST is answered");
    refused("< R 5 \n", "> R. 0 ack 5 isn 0", "a RST is answered");
}

#[test]
fn a_connection_is_reset_for_a_cause_only() {
    accepted(SERVED, "| abort \n > R. 1 ack 1");
    accepted(SERVED, "| close \n < . 1:11 ack 1 \n > R 1");
    refused(SERVED, "> R. 1 ack 1", "RFC 9293 3.5.2");
    refused(
        SERVED,
        "| write 9 \n > P. 1:10 ack 1 \n < . 1:10 ack 10 \n > R 10",
        "RFC 9293 3.5.2",
    );
    accepted(
        SERVED,
        "| write 9 \n > P. 1:10 ack 1 \n +1 > P. 1:10 ack 1 \n +9 > R 10",
    );
}

#[test]
fn a_rst_of_the_hosts_own_stands_at_what_it_sends_next() {
    refused(SERVED, "| abort \n > R. 2 ack 1", "RFC 9293 3.10.7.1");
}

#[test]
fn an_error_has_a_cause() {
    accepted(SERVED, "< R. 1 ack 1 \n | failed");
    refused(SERVED, "| failed", "RFC 5961 3.2");
    refused(SERVED, "< R. 2 ack 1 \n | failed", "RFC 5961 3.2");
    refused(SERVED, "< R. 1 ack 1 damaged \n | failed", "RFC 5961 3.2");
    refused(SERVED, "< S 1 \n > . 1 ack 1 \n | failed", "RFC 5961 3.2");
    accepted(
        SERVED,
        "| write 1 \n > P. 1:2 ack 1 \n +1 > P. 1:2 ack 1 \n +1 | failed",
    );
}

#[test]
fn a_refusal_acknowledges_the_syn() {
    let asked = "| connect \n > S 0 mss 1000 \n";
    accepted(asked, "< R. 0 ack 1 \n | failed");
    let other = "> . 1 ack 1 \n < R. 2 ack 1 \n | failed";
    accepted(CONNECTED, "< R. 1 ack 1 \n | failed");
    refused(CONNECTED, other, "RFC 5961 3.2");
}
