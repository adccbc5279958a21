use super::{SERVED_WITH_TIMESTAMPS as SERVED, accepted, refused};

#[test]
fn the_hosts_own_timestamps_go_forward() {
    accepted(SERVED, "> . 1 ack 1 ts 901 101 \n > . 1 ack 1 ts 901 101");
    refused(SERVED, "> . 1 ack 1 ts 899 101", "RFC 7323 4.1");
}

#[test]
fn what_is_echoed_is_what_came_in_order() {
    let text = "< . 1:11 ack 1 ts 105 900 \n < . 21:31 ack 1 ts 107 900 \n";
    let before = [SERVED, text].concat();
    accepted(&before, "> . 1 ack 11 ts 901 105");
    refused(&before, "> . 1 ack 11 ts 901 106", "RFC 7323 4.3");
    refused(&before, "> . 1 ack 11 ts 901 107", "RFC 7323 4.3");
    refused(&before, "> . 1 ack 11 ts 901 101", "RFC 7323 4.3");
    refused(
        "< S 0 mss 1000 ts 7 0 \n",
        "> S. 0 ack 1 ts 3 8",
        "RFC 7323 4.3",
    );
}

#[test]
fn the_first_of_two_segments_is_the_one_that_is_echoed() {
    let text = "< . 1:11 ack 1 ts 105 900 \n < . 11:21 ack 1 ts 107 900 \n";
    accepted(&[SERVED, text].concat(), "> . 1 ack 21 ts 901 105");
    // And from then on never an older one.
    let echoed = "> . 1 ack 21 ts 901 105 \n > . 1 ack 21 ts 902 101";
    refused(&[SERVED, text].concat(), echoed, "RFC 7323 4.3");
}

#[test]
fn text_with_an_old_timestamp_is_not_taken() {
    let text = "< . 1:11 ack 1 ts 205 900 \n > . 1 ack 11 ts 901 205 \n";
    let before = [SERVED, text].concat();
    accepted(
        &before,
        "< . 11:21 ack 1 ts 206 900 \n > . 1 ack 21 ts 902 206",
    );
    refused(
        &before,
        "< . 11:21 ack 1 ts 104 900 \n > . 1 ack 21 ts 902 205",
        "RFC 9293 3.4",
    );
    accepted(
        &before,
        "< . 11:21 ack 1 ts 104 900 \n > . 1 ack 11 ts 902 205",
    );
}
