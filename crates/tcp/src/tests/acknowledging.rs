use super::Trace;

#[test]
fn a_small_segment_is_acknowledged_after_40_ms_and_the_second_full_one_at_once() {
    let mut trace = Trace::established();
    trace.run(
        "< P. 1:101 ack 1
         > nothing
         wait 39ms
         > nothing
         wait 1ms
         > . 1:1 ack 101
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
    Trace::established().run("< P. 1:101 ack 1\n write 50\n > P. 1:51 ack 101\n wait 100ms\n > nothing\n < . 101:101 ack 51");
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
        "< . 1:1001 ack 1
         < . 1001:2001 ack 1
         > . 1:1 ack 2001
         < . 1:1001 ack 1
         > . 1:1 ack 2001
         < . 1501:2501 ack 1
         wait 40ms
         > . 1:1 ack 2501",
    );
}

#[test]
fn the_window_closes_before_a_reader_that_does_not_read_and_opens_when_it_does() {
    let mut trace = Trace::established();
    trace.receive_at_most(4096);
    // The edge that was offered with the SYN stays where it is: 65,536.
    let mut at = 1;
    while at + 1000 <= 65_536 {
        trace.run(&format!("< . {at}:{} ack 1", at + 1000));
        at += 1000;
        while trace.sent_again(&format!(". 1:1 ack {at}")) {}
    }
    trace.run("< . 65001:65536 ack 1\n wait 40ms\n > . 1:1 ack 65536 win 0");
    // A byte more than was offered: refused, and the ACK in it is taken.
    trace.run("< . 65536:65537 ack 1\n > . 1:1 ack 65536 win 0");
    trace.run("read 65535\n > . 1:1 ack 65536 win 4096");
}

#[test]
fn a_window_below_a_segment_that_was_promised_while_memory_was_scarce_opens_again() {
    // a link of 9,000 bytes, while next to nothing is free
    let mut trace = Trace::opening_with(8960, 1 << 20);
    trace.run("> S 0:0 win 4095\n < S. 0:0 ack 1\n > . 1:1 ack 1 win 4095");
    trace.run("< P. 1:4096 ack 1\n wait 40ms\n > . 1:1 ack 4096 win 0");
    trace.free = usize::MAX;
    trace.run("read 4095\n > . 1:1 ack 4096 win 12285");
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
         wait 40ms
         > . 1:1 ack 1001 win 3096
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
