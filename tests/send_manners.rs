//! What a writer's bytes look like on the wire: where they are cut, what carries PSH, what waits for more, what a write takes.

use periplus_journey::Instant;
use periplus_stack::{
    BufferSizes, ConnectionId, SendFlags, ShardOptions, SocketOptions, Sysctls, Write,
};
use periplus_tests::{Script, content, options};
use std::time::Duration;

const A: u16 = 40_001;
const MILLISECOND: Duration = Duration::from_millis(1);

const MORE: SendFlags = SendFlags {
    more: true,
    end_of_record: false,
};

/// A connection whose peer takes segments of 1,000 bytes and `window` of them at once, after a round trip of `rtt`.
fn connected(sysctls: Sysctls, window: u32, rtt: Duration) -> (Script, ConnectionId) {
    let options = ShardOptions {
        tcp: sysctls,
        ..options()
    };
    let (mut script, web) = Script::listening(options, 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1000,wscale 3>");
    script.expect(A, "S. 0:0(0) ack 1");
    script.advance(rtt);
    script.inject(A, &format!(". 1:1(0) ack 1 win {}", window * 125));
    let id = script.accept(web).id;
    (script, id)
}

fn send(script: &mut Script, id: ConnectionId, from: u64, length: u64, flags: SendFlags) -> Write {
    let now: Instant = script.now;
    let data = content(from..from + length);
    script.stack.shard.send(now, id, &data, flags).unwrap()
}

fn set(script: &mut Script, id: ConnectionId, change: impl FnOnce(&mut SocketOptions)) {
    let now = script.now;
    script.stack.shard.change_socket_options(now, id, change);
}

/// The ends of the segments with PSH among those sent, and of the last.
fn pushes(script: &mut Script) -> (Vec<u32>, u32) {
    let segments = script.segments_now(A);
    let iss = script.segment(A, ". 1:1(0) ack 0").acknowledgment;
    let end =
        |segment: &periplus_tests::Segment| segment.sequence - iss + segment.data.len() as u32;
    let is_pushed = |segment: &&periplus_tests::Segment| {
        segment.flags.contains(periplus_wire::tcp::TcpFlags::PSH)
    };
    let pushed = segments.iter().filter(is_pushed).map(end).collect();
    (pushed, segments.last().map_or(0, end))
}

#[test]
fn what_goes_out_together_is_half_a_window_at_most_and_ends_with_push() {
    let (mut script, id) = connected(Sysctls::default(), 60, Duration::ZERO);
    script.write(id, 0..26_000);
    assert_eq!(pushes(&mut script), (vec![5_001, 10_001], 10_001));
    script.inject(A, ". 1:1(0) ack 10001 win 7500");
    // 20 segments: ten at once, six to the end of the write
    assert_eq!(pushes(&mut script), (vec![20_001, 26_001], 26_001));
}

#[test]
fn on_a_long_path_only_tcp_min_tso_segs_go_together() {
    for (tcp_min_tso_segs, expected) in [(2, vec![2_001, 4_001, 6_001, 8_001, 10_001]), (1, vec![])]
    {
        let sysctls = Sysctls {
            tcp_min_tso_segs,
            ..Sysctls::default()
        };
        let (mut script, id) = connected(sysctls, 60, 100 * MILLISECOND);
        script.write(id, 0..26_000);
        assert_eq!(pushes(&mut script), (expected, 10_001));
    }
}

#[test]
fn more_to_come_holds_back_what_does_not_fill_a_segment_until_it_comes_or_the_timer_expires() {
    let (mut script, id) = connected(Sysctls::default(), 60, 10 * MILLISECOND);
    set(&mut script, id, |options| options.no_delay = true);
    assert_eq!(send(&mut script, id, 0, 40, MORE), Write::Accepted(40));
    script.expect_after(210 * MILLISECOND, A, "P. 1:41(40) ack 1");
    script.inject(A, ". 1:1(0) ack 41");
    send(&mut script, id, 40, 100, MORE);
    script.expect_nothing();
    send(&mut script, id, 140, 60, SendFlags::default());
    script.expect(A, "P. 41:201(160) ack 1");
}

#[test]
fn a_cork_holds_back_until_it_is_drawn() {
    let (mut script, id) = connected(Sysctls::default(), 60, Duration::ZERO);
    set(&mut script, id, |options| options.cork = true);
    script.write(id, 0..1_500);
    script.expect(A, ". 1:1001(1000) ack 1");
    script.expect_nothing();
    set(&mut script, id, |options| options.cork = false);
    script.expect(A, "P. 1001:1501(500) ack 1");
}

#[test]
fn switching_nagle_off_lets_what_waits_go() {
    let (mut script, id) = connected(Sysctls::default(), 60, Duration::ZERO);
    script.write(id, 0..10);
    script.expect(A, "P. 1:11(10) ack 1");
    script.write(id, 10..20);
    script.expect_nothing();
    set(&mut script, id, |options| options.no_delay = true);
    script.expect(A, "P. 11:21(10) ack 1");
}

/// Minshall's modification: a full segment in flight holds nothing back.
#[test]
fn a_small_segment_waits_for_a_small_one_only() {
    let (mut script, id) = connected(Sysctls::default(), 60, Duration::ZERO);
    script.write(id, 0..1_000);
    script.expect(A, "P. 1:1001(1000) ack 1");
    script.write(id, 1_000..1_010);
    script.expect(A, "P. 1001:1011(10) ack 1");
    script.write(id, 1_010..1_020);
    script.expect_nothing();
    script.inject(A, ". 1:1(0) ack 1001");
    script.expect_nothing();
    script.inject(A, ". 1:1(0) ack 1011");
    script.expect(A, "P. 1011:1021(10) ack 1");
}

#[test]
fn a_record_shares_no_segment_with_the_next() {
    let (mut script, id) = connected(Sysctls::default(), 60, Duration::ZERO);
    let record = SendFlags {
        more: false,
        end_of_record: true,
    };
    script.write(id, 0..10);
    script.expect(A, "P. 1:11(10) ack 1");
    send(&mut script, id, 10, 10, record);
    send(&mut script, id, 20, 10, record);
    script.inject(A, ". 1:1(0) ack 11");
    script.expect(A, "P. 11:21(10) ack 1");
}

#[test]
fn a_write_takes_what_the_send_buffer_has_room_for() {
    let wmem = |usual, most| Sysctls {
        tcp_wmem: BufferSizes {
            least: 4096,
            usual,
            most,
        },
        ..Sysctls::default()
    };
    // Buffers of 16,000 bytes: one may be begun while there is any room, and is filled again when a part of it is sent.
    let (mut script, id) = connected(wmem(50_000, 4 << 20), 33, Duration::ZERO);
    assert_eq!(
        send(&mut script, id, 0, 59_000, SendFlags::default()),
        Write::Accepted(58_000)
    );
    let (mut script, id) = connected(wmem(16_384, 16_384), 33, Duration::ZERO);
    assert_eq!(
        send(&mut script, id, 0, 59_000, SendFlags::default()),
        Write::Accepted(26_000)
    );
    let (mut script, id) = connected(Sysctls::default(), 33, Duration::ZERO);
    set(&mut script, id, |options| options.send_buffer = Some(5_000));
    assert_eq!(
        send(&mut script, id, 0, 59_000, SendFlags::default()),
        Write::Accepted(26_000)
    );
}

#[test]
fn a_write_takes_no_more_while_so_much_is_not_sent() {
    let sysctls = Sysctls {
        tcp_notsent_lowat: 4_000,
        ..Sysctls::default()
    };
    for (sysctls, option) in [(sysctls, None), (Sysctls::default(), Some(4_000))] {
        let (mut script, id) = connected(sysctls, 33, 10 * MILLISECOND);
        set(&mut script, id, |options| options.notsent_lowat = option);
        assert_eq!(
            send(&mut script, id, 0, 59_000, SendFlags::default()),
            Write::Accepted(26_000)
        );
        script.drain();
        assert!(!script.stack.shard.poll(id).writable);
        for acked in [2_001, 4_001, 6_001, 8_001] {
            script.inject(A, &format!(". 1:1(0) ack {acked} win 4125"));
        }
        assert!(script.stack.shard.poll(id).writable, "all is sent");
    }
}

/// What would forbid every write forbids only what waits behind something.
#[test]
fn one_write_at_a_time_goes_whatever_the_knobs_say() {
    let sysctls = Sysctls {
        tcp_notsent_lowat: 0,
        ..Sysctls::default()
    };
    let (mut script, id) = connected(sysctls, 60, 10 * MILLISECOND);
    script.write(id, 0..100);
    script.expect(A, "P. 1:101(100) ack 1");
    assert!(script.stack.shard.poll(id).writable);
}

#[test]
fn the_congestion_window_is_taken_back_after_a_time_without_sending() {
    for (tcp_slow_start_after_idle, expected) in [(true, 10), (false, 20)] {
        let sysctls = Sysctls {
            tcp_slow_start_after_idle,
            ..Sysctls::default()
        };
        let (mut script, id) = connected(sysctls, 60, 10 * MILLISECOND);
        script.write(id, 0..10_000);
        script.drain();
        script.inject(A, ". 1:1(0) ack 10001 win 7500");
        script.advance(Duration::from_secs(2));
        script.write(id, 10_000..40_000);
        assert_eq!(script.segments_now(A).len(), expected);
    }
}

#[test]
fn a_window_that_is_not_used_does_not_grow() {
    let (mut script, id) = connected(Sysctls::default(), 60, 10 * MILLISECOND);
    let cwnd = |script: &Script| {
        script
            .stack
            .shard
            .tcp_info(script.now, id)
            .unwrap()
            .snd_cwnd
    };
    script.write(id, 0..5_000);
    script.drain();
    script.inject(A, ". 1:1(0) ack 5001");
    assert_eq!(cwnd(&script), 10);
    script.write(id, 5_000..15_000);
    script.drain();
    script.inject(A, ". 1:1(0) ack 15001");
    assert_eq!(cwnd(&script), 20);
}

#[test]
fn a_peer_of_small_windows_gets_segments_of_half_a_window() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 1000 <mss 1000>");
    script.expect(A, "S. 0:0(0) ack 1");
    script.inject(A, ". 1:1(0) ack 1 win 1000");
    let id = script.accept(web).id;
    script.write(id, 0..5_000);
    script.expect(A, ". 1:501(500) ack 1");
    script.expect(A, "P. 501:1001(500) ack 1");
    script.expect_nothing();
}

#[test]
fn tcp_maxseg_lowers_what_both_ends_send() {
    let (mut script, web) = Script::listening(options(), 10);
    let now = script.now;
    let small = SocketOptions {
        max_segment: Some(500),
        ..SocketOptions::default()
    };
    script.stack.shard.set_listener_options(now, web, small);
    script.inject(A, "S 0:0(0) win 65535 <mss 1000>");
    script.expect(A, "S. 0:0(0) ack 1 win 65500 <mss 500>");
    script.inject(A, ". 1:1(0) ack 1");
    let id = script.accept(web).id;
    script.write(id, 0..700);
    script.expect(A, ". 1:501(500) ack 1");
    script.expect(A, "P. 501:701(200) ack 1");
}

#[test]
fn a_clamp_bounds_the_window() {
    let (mut script, id) = connected(Sysctls::default(), 60, Duration::ZERO);
    set(&mut script, id, |options| {
        options.window_clamp = Some(8_000)
    });
    let mut at = 1;
    while at < 150_000 {
        script.inject(A, &format!(". {at}:{}(1000) ack 1", at + 1_000));
        at += 1_000;
        script.read(id).unwrap();
    }
    let last = script.all_segments_now().pop().expect("an ACK");
    assert!(u32::from(last.window) <= 8_000 >> 4, "{}", last.window);
}

/// It begins earlier than what came before it, and yet it is the newest word of the peer.
#[test]
fn the_window_of_what_fills_a_hole_counts_where_it_acknowledges_something_new() {
    let (mut script, id) = Script::established(A);
    script.inject(A, ". 101:201(100) ack 1 win 2000");
    script.drain();
    script.write(id, 0..4000);
    let sent: Vec<_> = script.segments_now(A);
    let end = sent.iter().map(|segment| segment.data.len()).sum::<usize>();
    assert!((1000..=2000).contains(&end), "{end}");
    let all = 1 + end;
    script.inject(A, &format!(". 1:101(100) ack {all} win 0"));
    for segment in script.segments_now(A) {
        assert!(segment.data.is_empty(), "{segment:?}");
    }
}

/// RFC 9293 3.10.7.4: the window is updated where SND.UNA =< SEG.ACK.
#[test]
fn the_window_of_an_ack_that_was_overtaken_does_not_count_though_its_text_is_the_newest() {
    let (mut script, id) = Script::established(A);
    script.write(id, 0..1000);
    script.drain();
    script.inject(A, ". 1:101(100) ack 1001 win 500");
    script.inject(A, ". 101:201(100) ack 1 win 5000");
    script.drain();
    script.write(id, 1000..3000);
    let sent: usize = script
        .segments_now(A)
        .iter()
        .map(|segment| segment.data.len())
        .sum();
    assert!(sent <= 500, "{sent} bytes into a window of 500");
}
