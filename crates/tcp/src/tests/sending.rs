use super::Trace;
use crate::QueueLengths;
use crate::loss::AckReport;

#[test]
fn ten_segments_are_the_initial_window() {
    let mut trace = Trace::established();
    trace.run("write 20000");
    for segment in 1..=10 {
        let end = 1 + segment * 1000;
        let push = if segment % 5 == 0 { "P" } else { "" }; // half a window in one go
        trace.run(&format!("> {push}. {}:{end} ack 1", end - 1000));
    }
    trace.run("> nothing\n < . 1:1 ack 2001\n > . 10001:11001 ack 1\n > . 11001:12001 ack 1\n > . 12001:13001 ack 1\n > P. 13001:14001 ack 1");
}

#[test]
fn nagle_holds_a_small_segment_back_while_another_is_out() {
    Trace::established().run(
        "write 10
         > P. 1:11 ack 1
         write 10
         > nothing
         < . 1:1 ack 11
         > P. 11:21 ack 1
         nodelay
         write 10
         > P. 21:31 ack 1
         < . 1:1 ack 31",
    );
}

#[test]
fn the_peers_window_is_not_overrun() {
    Trace::established().run(
        "< . 1:1 ack 1 win 1500
         write 5000
         > . 1:1001 ack 1
         > P. 1001:1501 ack 1
         > nothing
         < . 1:1 ack 1501 win 2900
         > . 1501:2501 ack 1
         > . 2501:3501 ack 1
         > P. 3501:4401 ack 1
         < . 1:1 ack 4401
         > P. 4401:5001 ack 1
         < . 1:1 ack 5001",
    );
}

#[test]
fn a_closed_window_is_probed_with_back_off_until_it_opens() {
    let mut trace = Trace::established();
    trace.run(
        "< . 1:1 ack 1 win 0
         write 100
         > nothing
         wait 200ms
         > . 0:0 ack 1
         < . 1:1 ack 1 win 0
         wait 400ms
         > . 0:0 ack 1
         < . 1:1 ack 1 win 0
         < . 1:1 ack 1 win 5000
         > P. 1:101 ack 1
         < . 1:1 ack 101",
    );
    assert_eq!(trace.counters.tcp_win_probe, 2);
}

#[test]
fn a_stream_that_has_gone_once_round_the_sequence_space_has_no_second_syn() {
    let mut trace = Trace::established();
    let snd = &mut trace.connection.snd;
    (snd.una, snd.nxt) = (snd.iss, snd.iss);
    trace.connection.una_offset = u64::from(u32::MAX);
    let buffers = &mut trace.connection.send_buffers;
    buffers.acknowledge(u64::from(u32::MAX), &mut AckReport::default());
    trace.run("write 100\n > P. 0:100 ack 1\n < . 1:1 ack 100\n > nothing");
    assert_eq!(trace.connection.queue_lengths(), QueueLengths::default());
}
