use super::Trace;
use super::informing::info;
use crate::StreamError;

#[test]
fn an_unacknowledged_segment_is_sent_again_with_back_off_and_given_up_at_last() {
    let mut trace = Trace::established();
    trace.run("write 100\n > P. 1:101 ack 1\n wait 200ms\n > P. 1:101 ack 1\n wait 400ms\n > P. 1:101 ack 1");
    let mut retransmissions = 2;
    for _ in 0..9 {
        trace.run("state Established\n wait 120000ms");
        while trace.sent_again("P. 1:101 ack 1") {
            retransmissions += 1;
        }
    }
    assert_eq!(retransmissions, 16);
    trace.run("state Closed");
    assert_eq!(trace.connection.error(), Some(StreamError::TimedOut));
    assert_eq!(trace.counters.tcp_timeouts, 17);
}

#[test]
fn three_duplicate_acks_send_the_first_segment_again() {
    let mut trace = Trace::established();
    trace.run("write 5000\n > . 1:1001 ack 1\n > . 1001:2001 ack 1\n > . 2001:3001 ack 1\n > . 3001:4001 ack 1\n > P. 4001:5001 ack 1");
    trace.run(
        "< . 1:1 ack 1001
         < . 1:1 ack 1001
         < . 1:1 ack 1001
         > nothing
         < . 1:1 ack 1001
         > . 1001:2001 ack 1
         < . 1:1 ack 5001
         > nothing",
    );
    assert_eq!(trace.counters.tcp_fast_retrans, 1);
    assert_eq!(trace.counters.tcp_timeouts, 0);
}

#[test]
fn a_partial_ack_shows_the_next_hole() {
    // RFC 6582 3.2, step 3: segments 2 and 4 were lost.
    let mut trace = Trace::established();
    trace.run("write 6000\n > . 1:1001 ack 1\n > . 1001:2001 ack 1\n > . 2001:3001 ack 1\n > . 3001:4001 ack 1\n > P. 4001:5001 ack 1\n > P. 5001:6001 ack 1");
    trace.run(
        "< . 1:1 ack 1001
         < . 1:1 ack 1001
         < . 1:1 ack 1001
         < . 1:1 ack 1001
         > . 1001:2001 ack 1
         < . 1:1 ack 3001
         > . 3001:4001 ack 1
         < . 1:1 ack 6001
         > nothing",
    );
}

#[test]
fn after_a_timeout_one_segment_goes_and_then_the_rest_by_slow_start() {
    let mut trace = Trace::established();
    trace.run("write 3000\n > . 1:1001 ack 1\n > . 1001:2001 ack 1\n > P. 2001:3001 ack 1");
    trace.run(
        "wait 200ms
         > . 1:1001 ack 1
         < . 1:1 ack 1001
         > . 1001:2001 ack 1
         > P. 2001:3001 ack 1
         < . 1:1 ack 3001",
    );
}

#[test]
fn the_first_loss_after_gibibytes_without_one_is_repaired_at_once() {
    let mut trace = Trace::established();
    let mut at = 1;
    for _ in 0..5 {
        at += 1 << 29;
        let snd = &mut trace.connection.snd;
        snd.una = snd.iss + at;
        snd.nxt = snd.una;
        let end = at + 100;
        trace.run(&format!(
            "write 100\n > P. {at}:{end} ack 1\n < . 1:1 ack {end}"
        ));
        at = end;
    }
    let segment = |n: u32| format!("> . {}:{} ack 1\n", at + n * 1000, at + (n + 1) * 1000);
    trace.run(&format!(
        "nodelay\n write 4000\n {}{}{}",
        segment(0),
        segment(1),
        segment(2)
    ));
    trace.run(&format!("> P. {}:{} ack 1", at + 3000, at + 4000));
    trace
        .run(&format!("< . 1:1 ack {at}\n").repeat(3))
        .run(&segment(0));
}

/// RFC 5681 3.2, the note to its step 4: whoever invents duplicate ACKs gets no more out than was in flight.
#[test]
fn duplicate_acks_count_for_what_was_in_flight_at_most() {
    let sent = |flood| {
        let mut trace = Trace::established();
        trace.run("write 20000");
        for _ in 0..10 {
            assert!(trace.sent_any());
        }
        // Ten segments are in flight, of which nine can have arrived.
        for _ in 0..3 + flood {
            trace.run("< . 1:1 ack 1");
        }
        let sacked = info(&mut trace).sacked;
        let first = std::iter::from_fn(|| trace.sent_any().then_some(())).count();
        // A partial ACK: of what is in flight now, those after the next hole can have arrived.
        trace.run("< . 1:1 ack 2001");
        for _ in 0..flood {
            trace.run("< . 1:1 ack 2001");
        }
        let then = std::iter::from_fn(|| trace.sent_any().then_some(())).count();
        (sacked, first, then)
    };
    let (sacked, first, then) = sent(500);
    assert_eq!(sacked, 9);
    assert_eq!(first, 1 + 4, "the lost one again, and four new ones");
    assert_eq!(sent(20), (sacked, first, then));
}

#[test]
fn a_window_has_room_for_a_segment_also_when_segments_get_longer_again() {
    let mut trace = Trace::established();
    trace.run("write 1000\n > P. 1:1001 ack 1");
    assert!(trace.with(|connection, context| connection.fragmentation_needed(context, 1040, 640)));
    trace.run("< . 1:1 ack 1001\n wait 0ms");
    while trace.sent_any() {}
    // What a loss may leave: one segment of the length that the path takes.
    trace.connection.congestion.set_cwnd(600);
    assert_eq!(trace.connection.cwnd_segments(), 1);
    trace.run("wait 601000ms");
    trace.with(|connection, context| connection.try_longer_segments(context.now));
    trace.run("write 1000\n > P. 1001:2001 ack 1");
    assert_eq!(trace.connection.cwnd_segments(), 1);
}

/// RFC 5681 2: SMSS is the largest segment that can be sent, also where the path has changed.
#[test]
fn the_window_is_reckoned_in_segments_of_the_path() {
    let mut trace = Trace::established();
    trace.run("write 3000\n > . 1:1001 ack 1\n > . 1001:2001 ack 1\n > P. 2001:3001 ack 1");
    assert!(trace.with(|connection, context| connection.fragmentation_needed(context, 1040, 640)));
    trace.run("wait 0ms");
    while trace.sent_any() {}
    trace.run("wait 500ms");
    assert!(trace.sent_any());
    assert_eq!(trace.connection.congestion.cwnd(), 600, "the loss window");
}

/// A peer that has taken back its window has room neither for new text nor for the last segment again. The first one goes when the
/// timer expires, as far as there is room.
#[test]
fn a_tail_loss_probe_needs_room_in_the_window() {
    let mut trace = Trace::established();
    trace.connection.sack_permitted = true;
    trace.run("write 4000\n > . 1:1001 ack 1\n > . 1001:2001 ack 1\n > . 2001:3001 ack 1\n > P. 3001:4001 ack 1");
    trace.run(
        "< . 1:1 ack 1001 win 2500
         wait 100ms
         > nothing
         wait 110ms
         > . 1001:2001 ack 1
         < . 1:1 ack 2001 win 500
         > . 2001:2501 ack 1
         wait 300ms
         > nothing
         wait 110ms
         > . 2001:2501 ack 1
         < . 1:1 ack 2501 win 20000
         > . 2501:3501 ack 1
         < . 1:1 ack 3501
         > P. 3501:4001 ack 1
         < . 1:1 ack 4001",
    );
    assert_eq!(trace.counters.tcp_loss_probes, 0);
}

/// Small segments are joined when they are sent again. Duplicate ACKs were for segments that are none of their own now.
#[test]
fn no_more_duplicate_acks_count_than_segments_are_out() {
    let mut trace = Trace::established();
    trace.run("nodelay");
    for (start, end) in [(1, 401), (401, 801), (801, 1201), (1201, 1601)] {
        trace.run(&format!("write 400\n > P. {start}:{end} ack 1"));
    }
    trace
        .run(&"< . 1:1 ack 1\n".repeat(3))
        .run("> P. 1:801 ack 1");
    let buffers = &trace.connection.send_buffers;
    assert_eq!((buffers.packets_out, buffers.sacked_out), (3, 2));
    trace.run("< . 1:1 ack 1601");
}

/// Blocks of ours take room from text that was let out before there were any. What the peer then SACKs are the segments as they went.
#[test]
fn runs_are_of_segments_as_they_were_sent() {
    let mut trace = Trace::established();
    trace.connection.sack_permitted = true;
    trace
        .with(|connection, context| connection.write(context, &[0; 1500]))
        .unwrap();
    trace.run(
        "< . 1001:2001 ack 1
         > . 1:989 ack 1
         > P. 989:1501 ack 1",
    );
    let buffers = &mut trace.connection.send_buffers;
    buffers.sack(988, 1500, &mut Default::default());
    buffers.check(true);
    assert_eq!(
        (buffers.sacked_out, buffers.containing(0).unwrap().end),
        (1, 988)
    );
}

/// Nor has the last segment room for them when it is sent again as a probe: then it is its end.
#[test]
fn a_tail_loss_probe_ends_where_everything_ends() {
    let mut trace = Trace::established();
    trace.connection.sack_permitted = true;
    trace.run(
        "write 2000
         > . 1:1001 ack 1
         > P. 1001:2001 ack 1
         < . 1001:2001 ack 1
         > . 2001:2001 ack 1
         wait 10ms
         > P. 1013:2001 ack 1
         < . 1:1 ack 2001",
    );
    assert_eq!(trace.counters.tcp_loss_probes, 1);
}

/// RFC 5682 2.1, step 2.a: without SACK an ACK for what was sent again and for more does not tell that it came from the first copy.
#[test]
fn without_sack_an_ack_for_all_does_not_show_that_a_time_out_was_spurious() {
    let mut trace = Trace::established();
    trace.run(
        "write 3000
         > . 1:1001 ack 1
         > . 1001:2001 ack 1
         > P. 2001:3001 ack 1
         wait 200ms
         > . 1:1001 ack 1
         < . 1:1 ack 3001",
    );
    assert_eq!(trace.counters.tcp_spurious_rtos, 0);
    assert_eq!(trace.connection.congestion.ssthresh(), Some(5000));
}
