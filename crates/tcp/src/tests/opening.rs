use super::Trace;
use crate::StreamError;

#[test]
fn three_segments_open_a_connection() {
    Trace::opening().run(
        "> S 0:0
         state SynSent
         < S. 0:0 ack 1
         > . 1:1 ack 1
         state Established",
    );
}

#[test]
fn an_unanswered_syn_is_repeated_each_second_then_at_doubling_intervals_and_then_given_up() {
    let mut trace = Trace::opening();
    trace.run(
        "> S 0:0
         wait 999ms
         > nothing
         wait 1ms
         > S 0:0
         wait 1000ms
         > S 0:0
         wait 1000ms
         > S 0:0
         wait 1000ms
         > S 0:0
         wait 1000ms
         > S 0:0
         wait 1999ms
         > nothing
         wait 1ms
         > S 0:0
         wait 4000ms
         > S 0:0
         wait 120000ms
         > S 0:0
         > S 0:0
         > S 0:0
         state Closed",
    );
    assert_eq!(trace.connection.error(), Some(StreamError::TimedOut));
}

#[test]
fn a_reset_that_acknowledges_the_syn_refuses() {
    let mut trace = Trace::opening();
    trace.run("> S 0:0\n < R. 0:0 ack 1\n state Closed");
    assert_eq!(trace.connection.error(), Some(StreamError::Refused));
}

#[test]
fn a_reset_that_does_not_is_a_strangers_guess() {
    Trace::opening().run("> S 0:0\n < R 0:0\n < R. 0:0 ack 2\n state SynSent");
}

#[test]
fn both_may_open_at_once() {
    // RFC 9293 3.5, figure 7.
    Trace::opening().run(
        "> S 0:0
         < S 0:0
         > S. 0:0 ack 1
         state SynReceived
         < S. 0:0 ack 1
         > nothing
         state Established",
    );
}

#[test]
fn what_is_written_before_goes_with_the_handshakes_end() {
    Trace::opening().run(
        "> S 0:0
         write 100
         > nothing
         < S. 0:0 ack 1
         > P. 1:101 ack 1",
    );
}

#[test]
fn an_answer_that_overtakes_the_repeated_syn_opens_the_connection() {
    Trace::opening().run(
        "> S 0:0
         stall 1000ms
         < S. 0:0 ack 1
         > . 1:1 ack 1
         write 100
         > P. 1:101 ack 1
         < . 1:1 ack 101
         > nothing",
    );
}

#[test]
fn a_simultaneous_open_answers_with_the_options_that_both_know() {
    // RFC 7323 2.2 and 3.2: in a SYN/ACK only if the SYN had it.
    let mut trace = Trace::opening();
    trace.connection.offer.timestamps = true;
    trace.connection.offer.window_scale = Some(4);
    trace.run("> S 0:0\n < S 0:0\n > S. 0:0 ack 1");
    let offer = trace.connection.offer;
    assert_eq!((offer.timestamps, offer.window_scale), (false, None));
}
