use super::{CONNECTED, SERVED, accepted, refused};

const BOTH_CLOSED: &str = "
    | close
    > F. 1 ack 1
    < F. 1 ack 2
";

const CLOSED_SECOND: &str = "
    < F. 1 ack 1
    > . 1 ack 2
    | close
    > F. 1 ack 2
    < . 2 ack 2
";

#[test]
fn a_listener_accepts_who_acknowledges_its_syn() {
    let answered = "
        | listen
        < S 0 mss 1000
        > S. 0 ack 1 mss 1000
    ";
    accepted(answered, "< . 1 ack 1 \n | accept");
    accepted(answered, "< P. 1:11 ack 1 \n | accept");
    refused(answered, "| accept", "RFC 9293 3.10.7.4");
    refused(answered, "< . 1 ack 2 \n | accept", "RFC 9293 3.10.7.4");
    refused(answered, "< . 1 ack 0 \n | accept", "RFC 9293 3.10.7.4");
    refused(answered, "< . 0 ack 1 \n | accept", "RFC 9293 3.10.7.4");
    refused(
        answered,
        "< . 1 ack 1 damaged \n | accept",
        "RFC 9293 3.10.7.4",
    );
    refused(
        "| listen \n < S 0 mss 1000 \n",
        "> S. 0 ack 2 mss 1000",
        "RFC 9293 3.10.7.2",
    );
}

#[test]
fn a_cookie_may_open_a_connection_again() {
    let gone = "| abort \n > R 1 \n < . 1:11 ack 1 \n";
    accepted(
        &[SERVED, gone].concat(),
        "| accept \n > . 1 ack 11 win 63990 \n | read 10",
    );
    refused(
        &[SERVED, gone].concat(),
        "| accept \n | accept",
        "RFC 9293 3.10.7.4",
    );
    refused(SERVED, "| accept", "RFC 9293 3.10.7.4");
}

#[test]
fn text_goes_out_once_the_syn_is_acknowledged() {
    let asked = "| connect \n | write 10 \n > S 0 mss 1000 \n";
    accepted(asked, "< S. 0 ack 1 \n > P. 1:11 ack 1");
    refused(asked, "< S 0 \n > P. 1:11 ack 1", "RFC 9293 3.10.2");
    refused(asked, "> . 1 ack 1", "RFC 9293 3.10.7.3");
    refused("> . 1 ack 1", "", "RFC 9293 3.3.2");
}

#[test]
fn both_may_open_at_once() {
    let both = "
        | connect
        > S 0 mss 1000
        < S 0 mss 1000
        > S. 0 ack 1 mss 1000
    ";
    accepted(
        both,
        "< S. 0 ack 1 \n > . 1 ack 1 \n | write 5 \n > P. 1:6 ack 1",
    );
}

#[test]
fn a_syn_opens_and_does_nothing_else() {
    accepted("| connect \n > S 0 mss 1000 \n +1 > S 0 mss 1000 \n", "");
    refused(
        CONNECTED,
        "+1 > S 0 win 64000 mss 1000 sackok ws 0",
        "RFC 9293 3.3.2",
    );
}

#[test]
fn a_rst_at_the_next_number_ends_the_connection() {
    let reset = "< R. 1 ack 1 \n +1 > . 1 ack 1";
    refused(CONNECTED, reset, "RFC 5961 3.2");
    accepted(CONNECTED, "< R. 2 ack 1 \n +1 > . 1 ack 1");
    accepted(CONNECTED, "< R. 1 ack 1 damaged \n +1 > . 1 ack 1");
}

#[test]
fn after_its_own_rst_a_host_is_silent() {
    refused(
        SERVED,
        "| abort \n > R 1 \n > . 1 ack 1",
        "RFC 9293 3.10.7.1",
    );
    accepted(SERVED, "| abort \n > R 1 \n < . 1:11 ack 2 \n > R 2");
}

#[test]
fn time_wait_acknowledges_and_closed_resets() {
    let before = [SERVED, BOTH_CLOSED, "> . 2 ack 2 \n"].concat();
    accepted(&before, "+1 < F. 1 ack 2 \n > . 2 ack 2");
    refused(&before, "+1 > F. 1 ack 2", "RFC 9293 3.10.7.4");
    let before = [SERVED, CLOSED_SECOND].concat();
    accepted(&before, "+1 < F. 1 ack 2 \n > R 2");
    refused(&before, "+1 < F. 1 ack 2 \n > . 2 ack 2", "in LAST-ACK");
}

#[test]
fn after_time_wait_the_same_two_may_begin_again() {
    let before = [SERVED, BOTH_CLOSED, "> . 2 ack 2 \n"].concat();
    // The old handle is still there: which of the two is closed is not to be told.
    let held = "
        < R 2
        < S 0 isn 9000000 win 64000 mss 1000
        > S. 0 isn 77 ack 1 mss 1000
        < . 1 ack 1 win 64000
        | accept
        | close
        | write 5
    ";
    let before_close = "< F. 1 ack 1 \n > . 1 ack 2 \n < R 2 \n";
    accepted(&[SERVED, before_close].concat(), held);
    let again = "
        < S 0 isn 9000000 win 64000 mss 1000
        > S. 0 isn 77 ack 1 mss 1000
        < . 1 ack 1 win 64000
        | accept
        > . 1 ack 1
    ";
    accepted(&before, again);
}
