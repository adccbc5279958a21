use super::{CONNECTED, accepted, refused};

#[test]
fn a_syn_is_repeated_after_a_second_and_then_more_seldom() {
    let asked = "| connect \n > S 0 mss 1000 \n";
    accepted(
        asked,
        "+1 > S 0 mss 1000 \n +2 > S 0 mss 1000 \n +4 > S 0 mss 1000",
    );
    refused(asked, "+0.5 > S 0 mss 1000", "RFC 6298 2.1");
    let even = "+1 > S 0 mss 1000 \n".repeat(5);
    accepted(asked, &even);
    refused(
        asked,
        &[&even, "+1 > S 0 mss 1000"].concat(),
        "RFC 6298 5.5",
    );
}

#[test]
fn a_syn_ack_backs_off_and_answers_every_syn() {
    let asked = "< S 0 mss 1000 \n > S. 0 ack 1 mss 1000 \n";
    // The first one may have waited for ARP.
    accepted(
        "< S 0 mss 1000 \n",
        "+0.9 > S. 0 ack 1 mss 1000 \n +0.1 > S. 0 ack 1 mss 1000",
    );
    accepted(
        asked,
        "+1 > S. 0 ack 1 mss 1000 \n +2 > S. 0 ack 1 mss 1000",
    );
    accepted(asked, "+0.1 < S 0 mss 1000 \n > S. 0 ack 1 mss 1000");
    refused(asked, "+0.1 > S. 0 ack 1 mss 1000", "RFC 6298 2.1");
    refused(
        asked,
        "+1 > S. 0 ack 1 mss 1000 \n +1 > S. 0 ack 1 mss 1000",
        "RFC 6298 5.5",
    );
}

#[test]
fn time_outs_double() {
    let sent = "| write 10 \n > P. 1:11 ack 1 \n +0.05 > P. 1:11 ack 1 \n +0.3 > P. 1:11 ack 1 \n";
    let before = [CONNECTED, sent].concat();
    accepted(&before, "+0.6 > P. 1:11 ack 1 \n +1.2 > P. 1:11 ack 1");
    refused(&before, "+0.3 > P. 1:11 ack 1", "RFC 6298 5.5");
    // A minute is enough.
    accepted(&before, "+59 > P. 1:11 ack 1 \n +60 > P. 1:11 ack 1");
    // What the peer says to other things changes nothing.
    refused(
        &before,
        "+0.1 < P. 1:5 ack 1 win 64000 \n > . 11 ack 5 \n +0.2 > P. 1:11 ack 5",
        "RFC 6298 5.5",
    );
}

#[test]
fn a_closed_window_is_probed_ever_more_seldom() {
    let closed = "| write 20 \n > P. 1:11 ack 1 \n < . 1 ack 11 win 0 \n +0.3 > . 10 ack 1 \n";
    let before = [CONNECTED, closed].concat();
    accepted(
        &before,
        "+0.3 > . 10 ack 1 \n < . 1 ack 11 win 0 \n +0.6 > . 10 ack 1",
    );
    refused(
        &before,
        "+0.3 > . 10 ack 1 \n +0.3 > . 10 ack 1",
        "RFC 9293 3.8.6.1",
    );
    refused(&before, "+0.1 > . 10 ack 1", "RFC 9293 3.8.6.1");
    // Who answers late puts the timer off.
    let late =
        "+0.3 < . 1 ack 11 win 0 \n +0.6 > . 10 ack 1 \n < . 1 ack 11 win 0 \n +1.2 > . 10 ack 1";
    accepted(&before, late);
    // A keep-alive is none.
    let idle = "| write 10 \n > P. 1:11 ack 1 \n < . 1 ack 11 \n";
    accepted(
        &[CONNECTED, idle].concat(),
        &"+3 > . 10 ack 1 \n < . 1 ack 11 \n".repeat(4),
    );
}
