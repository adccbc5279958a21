//! A reader that does not read stops the writer, and nothing is lost.

use periplus_tests::{Pair, Script, Stream, content, options};
use std::time::Duration;

const A: u16 = 40_001;

/// RFC 9293 3.8.6.1: the update that opens the window may be lost, so the sender asks.
#[test]
fn a_closed_window_is_probed_and_its_update_lets_the_data_go() {
    let (mut script, id) = Script::established(A);
    script.inject(A, ". 1:1(0) ack 1 win 0");
    script.write(id, 0..100);
    script.expect_nothing();
    for _ in 0..3 {
        let probe = script.wait_for_segment(A, Duration::from_secs(100));
        assert!(!probe.contains("1:101"), "the window is closed: {probe}");
        script.inject(A, ". 1:1(0) ack 1 win 0");
    }
    assert_eq!(script.stack.shard.counters().tcp_win_probe, 3);
    script.inject(A, ". 1:1(0) ack 1 win 1000");
    script.expect(A, "P. 1:101(100) ack 1");
}

/// RFC 1122 4.2.2.17: a peer that answers probes may keep its window closed for ever.
#[test]
fn a_peer_that_answers_probes_is_never_given_up() {
    let (mut script, id) = Script::established(A);
    script.inject(A, ". 1:1(0) ack 1 win 0");
    script.write(id, 0..100);
    for _ in 0..100 {
        script.wait_for_segment(A, Duration::from_secs(200));
        script.inject(A, ". 1:1(0) ack 1 win 0");
    }
    script.inject(A, ". 1:1(0) ack 1 win 1000");
    script.expect(A, "P. 1:101(100) ack 1");
}

/// A window that is rounded down by its scale, or taken back, may be smaller than what is lost. The peer waits for just that.
#[test]
fn what_is_lost_goes_again_into_a_window_too_small_for_it() {
    let (mut script, id) = Script::established(A);
    script.write(id, 0..1460);
    script.expect(A, "P. 1:1461(1460) ack 1");
    script.inject(A, ". 1:1(0) ack 1 win 1000");
    for _ in 0..2 {
        let again = script.wait_for_segment(A, Duration::from_secs(10));
        assert_eq!(again, ". 1:1001(1000) ack 1");
    }
    script.inject(A, ". 1:1(0) ack 1001 win 1000");
    script.expect(A, "P. 1001:1461(460) ack 1");
}

/// The update that opens a window again which was taken back may be lost as well.
#[test]
fn a_window_taken_back_is_probed_with_what_is_lost() {
    let (mut script, id) = Script::established(A);
    script.write(id, 0..2920);
    script.drain();
    script.inject(A, ". 1:1(0) ack 1 win 0");
    for _ in 0..3 {
        let probe = script.wait_for_segment(A, Duration::from_secs(10));
        assert!(probe.contains(" 1:1461(1460)"), "{probe}");
        script.expect_nothing();
    }
    script.inject(A, ". 1:1(0) ack 1 win 65535");
    script.inject(A, ". 1:1(0) ack 1461 win 65535");
    script.expect(A, "P. 1461:2921(1460) ack 1");
}

#[test]
fn an_unread_stream_closes_the_window_and_reading_it_opens_it_again() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    // Without a scale the window is what the header says.
    let mut window = u32::from(script.next_segment(A).window);
    script.inject(A, ". 1:1(0) ack 1");
    let id = script.accept(web).id;
    let mut sent = 1;
    while window > 0 {
        let length = window.min(1460);
        script.inject(A, &format!("P. {sent}:{}({length}) ack 1", sent + length));
        script.advance(Duration::from_secs(1));
        sent += length;
        let segments = script.segments_now(A);
        let last = segments
            .last()
            .expect("data is acknowledged within a second");
        assert!(
            u32::from(last.window) + length >= window,
            "the right edge never moves left"
        );
        window = last.window.into();
    }
    let read = script.read(id).unwrap();
    assert!(read == content(0..u64::from(sent) - 1));
    let update = script.segments_now(A);
    assert!(
        update.last().is_some_and(|segment| segment.window > 1460),
        "{update:?}"
    );
}

/// A peer may probe with a byte that finds no room. Its ACK counts all the same, and whoever writes and does not read must
/// not wait for another.
#[test]
fn what_a_probe_acknowledges_lets_data_go_though_our_own_window_is_closed() {
    let (mut script, id) = Script::established(A);
    script.inject(A, ". 1:1(0) ack 1 win 1460");
    script.write(id, 0..3000);
    script.expect(A, ". 1:1461(1460) ack 1");
    let (mut sent, mut edge) = (1, 1461);
    while sent < edge {
        let end = edge.min(sent + 1460);
        script.inject(
            A,
            &format!("P. {sent}:{end}({}) ack 1 win 1460", end - sent),
        );
        script.advance(Duration::from_millis(40));
        sent = end;
        for segment in script.segments_now(A) {
            edge = edge.max(sent + u32::from(segment.window));
        }
    }
    script.inject(A, &format!("P. {sent}:{}(1) ack 1461 win 1460", sent + 1));
    let mut segments = script.segments_now(A).into_iter();
    assert!(
        segments.any(|segment| segment.data == content(1460..2920)),
        "nothing more goes"
    );
}

#[test]
fn a_writer_meets_a_reader_that_sleeps_and_both_finish() {
    const LENGTH: u64 = 2 << 20;
    let mut pair = Pair::perfect();
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let mut client = Stream::new(client, content(0..LENGTH));
    let mut server = Stream::new(server, Vec::new());
    let wakes = pair.now + Duration::from_secs(100);
    pair.run_until(Duration::from_secs(200), |pair| {
        client.pump(&mut pair.client, pair.now).unwrap();
        pair.now >= wakes
    });
    assert!(!client.is_done(), "somebody buffers without a bound");
    pair.run_until(Duration::from_secs(60), |pair| {
        client.pump(&mut pair.client, pair.now).unwrap();
        server.pump(&mut pair.server, pair.now).unwrap();
        client.is_done() && server.is_done()
    });
    assert!(server.received == content(0..LENGTH));
    assert_eq!(
        pair.client.shard.counters().tcp_timeouts,
        0,
        "nothing was lost"
    );
    pair.check_conservation();
}

/// What the persist timer lets out may have to wait for the ring or for a link address. The timer waits as well.
#[test]
fn a_window_too_small_for_a_segment_is_used_once_a_time_out() {
    let (mut script, id) = Script::established(A);
    script.inject(A, ". 1:1(0) ack 1 win 1000");
    script.answers_questions = false;
    script.advance(Duration::from_secs(600));
    script.connect(8080); // finds out that the next hop has gone
    script.advance(Duration::from_secs(10));
    script.drain();
    script.write(id, 0..1460);
    script.advance(Duration::from_millis(250));
    let info = script
        .stack
        .shard
        .tcp_info(script.now, id)
        .expect("it is there");
    assert_eq!(info.probes, 0, "the timer expired twice");
}
