use super::{SERVED, accepted, refused};

#[test]
fn what_was_written_is_what_is_sent() {
    accepted(
        SERVED,
        "| write 1000 \n > . 1:501 ack 1 \n > . 501:1001 ack 1",
    );
    refused(
        SERVED,
        "| write 1000 \n > . 1:1001 ack 1 spoiled",
        "RFC 9293 2.2",
    );
    refused(SERVED, "| write 400 \n > . 1:501 ack 1", "RFC 9293 3.9.1");
}

#[test]
fn what_is_sent_again_is_the_same() {
    let unknown = "
        < S 0 mss 1000
        > S. 0 ack 1 mss 1000
        < . 1 ack 1
        > . 1:1001 ack 1
        +1
    ";
    accepted(unknown, "> . 1:1001 ack 1");
    refused(unknown, "> . 1:1001 ack 1 spoiled", "RFC 9293 3.4");
}

#[test]
fn what_came_in_order_is_what_is_read() {
    accepted(SERVED, "< . 1:1001 ack 1 \n | read 400 \n | read 600");
    refused(SERVED, "< . 1:1001 ack 1 \n | read 1001", "RFC 9293 3.10.3");
    refused(SERVED, "< . 2:1001 ack 1 \n | read 10", "RFC 9293 3.10.3");
    refused(SERVED, "< . 1:1001 ack 1 \n | misread 10", "RFC 9293 2.2");
    refused(
        SERVED,
        "< . 1:1001 ack 1 damaged \n | read 10",
        "RFC 9293 3.10.3",
    );
}

#[test]
fn of_two_texts_at_one_place_either_may_be_read() {
    let twice = "< . 1:501 ack 1 \n < . 1:1001 ack 1 spoiled \n | read 500";
    accepted(SERVED, twice);
    refused(SERVED, &[twice, "\n | read 500"].concat(), "RFC 9293 2.2");
}

#[test]
fn the_end_is_read_where_the_fin_is() {
    accepted(SERVED, "< F. 1:11 ack 1 \n | read 10 \n | end");
    refused(
        SERVED,
        "< F. 1:11 ack 1 \n | read 5 \n | end",
        "RFC 9293 3.10.3",
    );
    refused(
        SERVED,
        "< . 1:11 ack 1 \n | read 10 \n | end",
        "RFC 9293 3.10.3",
    );
    refused(SERVED, "< F. 11 ack 1 \n | end", "RFC 9293 3.10.3");
}

#[test]
fn a_fin_follows_close_and_all_that_was_written() {
    accepted(SERVED, "| write 10 \n | close \n > F. 1:11 ack 1");
    accepted(SERVED, "| shutdown \n > F. 1 ack 1");
    refused(SERVED, "| write 10 \n > F. 1:11 ack 1", "RFC 9293 3.10.4");
    refused(
        SERVED,
        "| write 10 \n | close \n > F. 1 ack 1",
        "RFC 9293 3.10.4",
    );
}

#[test]
fn nothing_new_follows_a_fin() {
    let closed = "| write 10 \n | close \n > F. 1:11 ack 1 \n";
    accepted(&[SERVED, closed].concat(), "+1 > F. 1:11 ack 1");
    accepted(&[SERVED, closed].concat(), "+1 > . 12 ack 1");
    refused(&[SERVED, closed].concat(), "+1 > F. 12 ack 1", "RFC 9293 3");
    let unknown = "< S 0 \n > S. 0 ack 1 \n < . 1 ack 1 \n > F. 1 ack 1 \n";
    refused(unknown, "> . 2:12 ack 1", "RFC 9293 3.6");
}
