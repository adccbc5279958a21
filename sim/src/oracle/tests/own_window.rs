use super::{SERVED, accepted, refused};

#[test]
fn the_right_edge_does_not_move_left() {
    let taken = "< . 1:1001 ack 1 \n";
    accepted(&[SERVED, taken].concat(), "> . 1 ack 1001 win 63000");
    refused(
        &[SERVED, taken].concat(),
        "> . 1 ack 1001 win 62999",
        "RFC 9293 3.8.6",
    );
    refused(SERVED, "> . 1 ack 1 win 0", "RFC 9293 3.8.6");
}

#[test]
fn a_scaled_window_may_be_rounded_off() {
    let scaled = "
        < S 0 mss 1000 ws 7
        > S. 0 ack 1 win 64000 mss 1000 ws 7
        < . 1 ack 1
        < . 1:101 ack 1
    ";
    accepted(scaled, "> . 1 ack 101 win 499");
    refused(scaled, "> . 1 ack 101 win 498", "RFC 9293 3.8.6");
}

#[test]
fn after_the_peers_fin_no_window_is_owed() {
    accepted(SERVED, "< F. 1 ack 1 \n > . 1 ack 2 win 0");
}

#[test]
fn the_window_of_a_probe_is_read_by_nobody() {
    let shown = "| write 1 \n > . 1:2 ack 1 win 64000 \n < . 1 ack 2 \n";
    let probe = "> . 1 ack 1 win 65000 \n > . 2 ack 1 win 64000";
    accepted(&[SERVED, shown].concat(), probe);
}
