use super::Trace;

#[test]
fn data_is_acknowledged_at_once_until_an_answer_went_with_an_acknowledgment() {
    let mut trace = Trace::established();
    trace.run(
        "< P. 1:101 ack 1
         > . 1:1 ack 101
         write 50
         > P. 1:51 ack 101
         < P. 101:201 ack 51
         > nothing
         write 50
         > P. 51:101 ack 201
         < P. 201:301 ack 101
         wait 39ms
         > nothing
         wait 1ms
         > . 101:101 ack 301
         < P. 301:401 ack 101
         > . 101:101 ack 401",
    );
    assert_eq!(trace.counters.delayed_acks, 1, "and then at once again");
}

/// As many as a connection acknowledges at once in its beginning, 10 bytes each.
fn sixteen_segments_acknowledged_at_once() -> Trace {
    let mut trace = Trace::established();
    for n in 0..16 {
        let at = 1 + 10 * n;
        trace.run(&format!(
            "< P. {at}:{} ack 1\n > . 1:1 ack {}",
            at + 10,
            at + 10
        ));
    }
    trace
}

#[test]
fn only_so_many_segments_are_acknowledged_at_once_and_a_pause_gives_more() {
    let mut trace = sixteen_segments_acknowledged_at_once();
    trace.run("< P. 161:171 ack 1\n > nothing\n wait 40ms\n > . 1:1 ack 171");
    trace.run("wait 2000ms\n < P. 171:181 ack 1\n > . 1:1 ack 181");
}

#[test]
fn the_wait_doubles_while_nothing_is_answered_and_follows_the_segments() {
    let mut trace = sixteen_segments_acknowledged_at_once();
    trace.run("< P. 161:171 ack 1\n wait 40ms\n > . 1:1 ack 171");
    // 80 ms now; 50 ms between the segments make it 90, of which a round-trip time of next to nothing leaves 40.
    trace
        .run("wait 10ms\n < P. 171:181 ack 1\n wait 39ms\n > nothing\n wait 1ms\n > . 1:1 ack 181");
}

#[test]
fn a_read_that_drains_the_queue_acknowledges_what_its_sender_may_wait_for() {
    let mut trace = sixteen_segments_acknowledged_at_once();
    trace.run(
        "read 160\n < P. 161:171 ack 1\n > nothing\n read 5\n > nothing\n read 5\n > . 1:1 ack 171",
    );
}

#[test]
fn a_fin_waits_for_the_answer_to_the_data_before_it() {
    Trace::established().run(
        "pingpong
         < FP. 1:101 ack 1
         > nothing
         state CloseWait
         wait 40ms
         > . 1:1 ack 102",
    );
    Trace::established().run("< F. 1:1 ack 1\n > . 1:1 ack 2");
}

#[test]
fn in_conversation_a_small_segment_is_acknowledged_after_40_ms_and_the_second_full_one_at_once() {
    let mut trace = Trace::established();
    trace.run(
        "pingpong
         < P. 1:101 ack 1
         > nothing
         wait 39ms
         > nothing
         wait 1ms
         > . 1:1 ack 101
         pingpong
         < . 101:1101 ack 1
         > nothing
         < . 1101:2101 ack 1
         > . 1:1 ack 2101",
    );
    assert_eq!(trace.counters.delayed_acks, 1);
}

#[test]
fn with_quick_ack_no_segment_waits() {
    Trace::established().run("quickack\n < P. 1:101 ack 1\n > . 1:1 ack 101");
}

#[test]
fn data_takes_the_acknowledgement_along() {
    Trace::established().run("pingpong\n < P. 1:101 ack 1\n write 50\n > P. 1:51 ack 101\n wait 100ms\n > nothing\n < . 101:101 ack 51");
}

#[test]
fn a_hole_is_answered_by_duplicate_acks_and_its_filling_by_one_for_all() {
    Trace::established().run(
        "< . 1001:2001 ack 1
         > . 1:1 ack 1
         < . 2001:3001 ack 1
         > . 1:1 ack 1
         < . 1:1001 ack 1
         > . 1:1 ack 3001",
    );
}

#[test]
fn what_came_before_is_acknowledged_again() {
    Trace::established().run(
        "pingpong
         < . 1:1001 ack 1
         < . 1001:2001 ack 1
         > . 1:1 ack 2001
         < . 1:1001 ack 1
         > . 1:1 ack 2001
         < . 1501:2501 ack 1
         > . 1:1 ack 2501",
    );
}

#[test]
fn the_window_closes_before_a_reader_that_does_not_read_and_opens_when_it_does() {
    let mut trace = Trace::established();
    trace.receive_at_most(4096);
    // The edge that was offered with the SYN stays where it is: 65,001.
    let mut at = 1;
    while at < 65_001 {
        trace.run(&format!("< . {at}:{} ack 1", at + 1000));
        at += 1000;
        while trace.sent_again(&format!(". 1:1 ack {at}")) {}
    }
    assert_eq!(trace.connection.rcv.wnd(), 0);
    // A byte more than was offered: refused, and the ACK in it is taken.
    trace.run("< . 65001:65002 ack 1\n > . 1:1 ack 65001 win 0");
    trace.run("read 65000\n > . 1:1 ack 65001 win 4000");
}

#[test]
fn a_window_below_a_segment_that_was_promised_while_memory_was_scarce_opens_again() {
    // a link of 9,000 bytes, while next to nothing is free
    let mut trace = Trace::opening_with(8960, 1 << 20);
    trace.run("> S 0:0 win 3920\n < S. 0:0 ack 1\n > . 1:1 ack 1 win 3920");
    trace.run("< P. 1:3921 ack 1\n > . 1:1 ack 3921 win 0");
    trace.free = usize::MAX;
    trace.run("read 3920\n > . 1:1 ack 3921 win 15680");
}

#[test]
fn rounding_the_window_up_for_its_scale_does_not_let_a_peer_write_for_ever() {
    let mut trace = Trace::established();
    trace.receive_at_most(4096);
    trace.connection.rcv.wind_shift = 4;
    trace.run("quickack");
    for length in [1000; 64].into_iter().chain([100; 16]).chain([1; 300]) {
        let at = trace.connection.queue_lengths().receive_queue + 1;
        trace.run(&format!("< . {at}:{} ack 1", at + length));
        let taken = trace.connection.queue_lengths().receive_queue;
        while trace.sent_again(&format!(". 1:1 ack {}", taken + 1)) {}
    }
    let taken = trace.connection.queue_lengths().receive_queue;
    assert!(taken < 65_536 + 64, "{taken} bytes for nobody");
}

#[test]
fn what_lies_half_behind_and_half_beyond_a_closed_window_is_acknowledged() {
    let mut trace = Trace::established();
    trace.receive_at_most(4096);
    trace.connection.rcv.edge = trace.connection.rcv.nxt + 1000;
    trace.run(
        "< . 1:1001 ack 1
         > . 1:1 ack 1001 win 3000
         read 1000",
    );
    trace.connection.rcv.edge = trace.connection.rcv.nxt;
    trace.receive_at_most(0);
    trace.run("< . 501:1501 ack 1\n > . 1:1 ack 1001 win 0");
}

#[test]
fn a_fin_before_the_bytes_ahead_of_it_is_answered_by_a_duplicate_ack() {
    Trace::established().run("< F. 1001:1001 ack 1\n > . 1:1 ack 1\n state Established");
}

#[test]
fn frames_that_wait_out_of_order_count_against_the_connections_share() {
    let mut trace = Trace::established();
    for n in 1..100 {
        let at = 1 + 300 * n;
        trace.run(&format!("< . {at}:{} ack 1\n > . 1:1 ack 1", at + 300));
    }
    assert_eq!(trace.connection.pinned_frames(), 64);
}

#[test]
fn asking_for_quick_acks_sends_one_that_waits_once_all_is_read() {
    let mut trace = Trace::established();
    trace.run(
        "pingpong
         < P. 1:101 ack 1
         unpingpong
         > nothing
         wait 40ms
         > . 1:1 ack 101
         read 100
         pingpong
         < P. 101:201 ack 1
         read 100
         > nothing
         unpingpong
         > . 1:1 ack 201",
    );
}

/// What a probe says of the window holds, whatever becomes of the memory.
#[test]
fn the_right_edge_that_a_probe_told_does_not_move_left() {
    let mut trace = Trace::opening_with(1000, 16 << 20);
    trace.run(
        "> S 0:0
         < S. 0:0 ack 1 win 0
         > . 1:1 ack 1 win 4062
         write 100
         wait 190ms
         pingpong",
    );
    trace.free = usize::MAX;
    trace.run("< . 1:1001 ack 1 win 0\n > nothing\n wait 10ms\n > . 0:0 ack 1001 win 6000");
    trace.free = 0;
    trace.run("wait 30ms\n > . 1:1 ack 1001 win 6000");
}
