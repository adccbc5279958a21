use super::Trace;
use crate::StreamError;

#[test]
fn a_reset_exactly_at_the_next_byte_is_believed() {
    let mut trace = Trace::established();
    trace.run("< R 1:1\n state Closed");
    assert_eq!(trace.connection.error(), Some(StreamError::Reset));
}

#[test]
fn a_reset_elsewhere_in_the_window_is_challenged_once_in_half_a_second() {
    // RFC 5961 3.2.
    let mut trace = Trace::established();
    trace.run(
        "< R 100:100
         > . 1:1 ack 1
         < R 200:200
         > nothing
         wait 500ms
         < R 300:300
         > . 1:1 ack 1
         < R 65000000:65000000
         > nothing
         state Established",
    );
    assert_eq!(trace.counters.tcp_challenge_ack, 2);
}

#[test]
fn a_syn_in_the_window_is_challenged() {
    // RFC 5961 4.2.
    Trace::established().run("< S 100:100\n > . 1:1 ack 1\n state Established");
}

#[test]
fn an_ack_for_what_was_never_sent_is_answered_and_dropped() {
    Trace::established().run("< . 1:101 ack 5000\n > . 1:1 ack 1\n state Established");
}

#[test]
fn an_abort_resets_where_the_peer_expects_the_next_byte() {
    Trace::established()
        .run("write 10\n > P. 1:11 ack 1\n abort\n > R. 11:11 ack 1\n state Closed");
}

#[test]
fn closing_with_unread_data_resets() {
    Trace::established().run("pingpong\n < P. 1:11 ack 1\n close\n > R. 1:1 ack 11\n state Closed");
}

#[test]
fn data_for_a_connection_nobody_holds_resets() {
    Trace::established().run("close\n > F. 1:1 ack 1\n < P. 1:11 ack 2\n > R 2:2\n state Closed");
}
