use super::Trace;
use crate::{Connection, State};

#[test]
fn we_close_first() {
    let mut trace = Trace::established();
    trace.run(
        "shutdown
         > F. 1:1 ack 1
         state FinWait1
         < . 1:1 ack 2
         state FinWait2
         < F. 1:1 ack 2
         > . 2:2 ack 2
         state TimeWait
         < F. 1:1 ack 2
         > . 2:2 ack 2
         wait 60000ms
         state Closed",
    );
}

#[test]
fn the_peer_closes_first() {
    Trace::established().run(
        "< F. 1:1 ack 1
         > . 1:1 ack 2
         state CloseWait
         write 10
         > P. 1:11 ack 2
         < . 2:2 ack 11
         shutdown
         > F. 11:11 ack 2
         state LastAck
         < . 2:2 ack 12
         state Closed",
    );
}

#[test]
fn both_close_at_once() {
    // RFC 9293 3.6, figure 13.
    Trace::established().run(
        "shutdown
         > F. 1:1 ack 1
         < F. 1:1 ack 1
         > . 2:2 ack 2
         state Closing
         < . 2:2 ack 2
         state TimeWait",
    );
}

#[test]
fn the_fin_goes_with_the_last_data_and_is_repeated() {
    Trace::established().run(
        "write 500
         > P. 1:501 ack 1
         write 500
         > nothing
         shutdown
         > FP. 501:1001 ack 1
         < . 1:1 ack 1001
         wait 200ms
         > F. 1001:1001 ack 1
         < . 1:1 ack 1002
         state FinWait2",
    );
}

#[test]
fn a_fin_before_its_data_waits_for_it() {
    Trace::established().run(
        "< F. 1001:2001 ack 1
         > . 1:1 ack 1
         state Established
         < . 1:1001 ack 1
         > . 1:1 ack 2002
         state CloseWait",
    );
}

#[test]
fn an_orphan_in_fin_wait_2_is_cut_off_in_silence_and_others_by_a_reset() {
    Trace::established()
        .run("close\n > F. 1:1 ack 1\n < . 1:1 ack 2\n cutoff\n > nothing\n state Closed");
    Trace::established().run("cutoff\n > R. 1:1 ack 1\n state Closed");
}

#[test]
fn an_orphan_does_not_wait_for_ever_in_fin_wait_2() {
    Trace::established().run(
        "close\n > F. 1:1 ack 1\n < . 1:1 ack 2\n state FinWait2\n wait 60000ms\n state Closed",
    );
}

#[test]
fn an_orphan_whose_peer_keeps_its_window_closed_is_given_up() {
    let mut trace = Trace::established();
    trace.run("< . 1:1 ack 1 win 0\n write 100\n close\n state FinWait1");
    for _ in 0..100 {
        trace.run("wait 10000ms");
        while trace.sent_again(". 0:0 ack 1") {}
        if trace.connection.state() == State::Closed {
            return;
        }
        trace.run("< . 1:1 ack 1 win 0");
    }
    panic!("still waiting for a peer that never takes anything");
}

#[test]
fn what_is_over_is_not_kept_for_a_peer_that_cannot_be_told() {
    let mut trace = Trace::established();
    trace.with(Connection::abort);
    trace.with(Connection::close);
    assert!(!trace.connection.is_finished(), "its RST is due");
    trace.with(Connection::host_unreachable);
    assert!(trace.connection.is_finished());
}

#[test]
fn text_beyond_a_fin_does_not_hold_the_fin_up() {
    // No peer may send this; one that does must not keep the connection half open for ever.
    Trace::established().run(
        "< F. 1001:1001 ack 1
         > . 1:1 ack 1
         < . 1:1501 ack 1
         > . 1:1 ack 1502
         state CloseWait",
    );
}
