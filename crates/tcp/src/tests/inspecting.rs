use super::Trace;
use crate::{QueueLengths, Timer};

/// (receive_queue, reassembly_queue, send_queue, retransmit_queue)
fn lengths(trace: &Trace) -> (usize, usize, usize, usize) {
    let lengths = trace.connection.queue_lengths();
    (
        lengths.receive_queue,
        lengths.reassembly_queue,
        lengths.send_queue,
        lengths.retransmit_queue,
    )
}

fn timer(trace: &Trace) -> Option<Timer> {
    trace.connection.next_timer().map(|(timer, _)| timer)
}

#[test]
fn what_is_written_before_the_handshake_is_done_was_never_sent() {
    let mut trace = Trace::opening();
    trace.run("> S 0:0\n write 100");
    assert_eq!(lengths(&trace), (0, 0, 100, 0));
    trace.run("< S. 0:0 ack 1 win 20000\n > P. 1:101 ack 1");
    assert_eq!(lengths(&trace), (0, 0, 0, 100));
}

#[test]
fn a_byte_is_in_the_retransmit_queue_from_when_it_was_first_sent() {
    let mut trace = Trace::established();
    trace.run("< . 1:1 ack 1 win 1000\n write 5000\n > . 1:1001 ack 1");
    assert_eq!(lengths(&trace), (0, 0, 4000, 1000));
    assert_eq!(timer(&trace), Some(Timer::Retransmission));
    trace.run("wait 200ms\n > . 1:1001 ack 1");
    assert_eq!(lengths(&trace), (0, 0, 4000, 1000), "not written anew");
    trace.run("< . 1:1 ack 1001 win 0");
    assert_eq!(lengths(&trace), (0, 0, 4000, 0));
    assert_eq!(timer(&trace), Some(Timer::Persist));
}

#[test]
fn a_fin_is_no_byte() {
    let mut trace = Trace::established();
    trace.run("write 100\n > P. 1:101 ack 1\n shutdown\n > F. 101:101 ack 1");
    assert_eq!(lengths(&trace), (0, 0, 0, 100));
    trace.run("< . 1:1 ack 101");
    assert_eq!(lengths(&trace), (0, 0, 0, 0));
    trace.run("< . 1:1 ack 102\n state FinWait2\n < F. 1:1 ack 102\n > . 102:102 ack 2");
    assert_eq!(timer(&trace), Some(Timer::TimeWait));
}

#[test]
fn bytes_out_of_order_count_apart_until_the_hole_is_filled() {
    let mut trace = Trace::established();
    trace.run("< . 1001:2001 ack 1\n > . 1:1 ack 1");
    assert_eq!(lengths(&trace), (0, 1000, 0, 0));
    assert!(trace.connection.queue_lengths().receive_memory >= 1000);
    trace.run("< . 1:1001 ack 1\n > . 1:1 ack 2001");
    assert_eq!(lengths(&trace), (2000, 0, 0, 0));
    trace.run("read 2000");
    assert_eq!(trace.connection.queue_lengths(), QueueLengths::default());
    assert_eq!(timer(&trace), None);
}

#[test]
fn an_ack_that_waits_for_data_has_a_timer() {
    let mut trace = Trace::established();
    trace.run("pingpong\n < . 1:101 ack 1");
    assert_eq!(timer(&trace), Some(Timer::DelayedAck));
    trace.run("wait 40ms\n > . 1:1 ack 101");
    assert_eq!(timer(&trace), None);
}
