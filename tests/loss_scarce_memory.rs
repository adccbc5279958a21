//! What the windows of all connections promise together is bounded, and every promise is kept.

use periplus_stack::{ConnectionId, ListenerId, Read, ShardOptions, Sysctls, Write};
use periplus_tests::{Script, content, options};
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 40_002;
const C: u16 = 40_003;

/// The window scale of our SYN/ACK at 6 MiB (RFC 7323 2.3).
const SCALE: u32 = 7;
/// What is promised at first, where there is plenty.
const FIRST: u32 = 64_240;

fn with_memory(tcp_mem: usize) -> (Script, ListenerId) {
    let tcp = Sysctls {
        tcp_mem,
        ..Sysctls::default()
    };
    Script::listening(ShardOptions { tcp, ..options() }, 10)
}

/// The peer on `port` connects, with a window scale. Returns the first window.
fn connect(script: &mut Script, port: u16) -> u32 {
    script.inject(port, "S 0:0(0) win 65535 <mss 1460,wscale 7>");
    let window = script.next_segment(port).window.into();
    script.inject(port, ". 1:1(0) ack 1");
    window
}

/// The peer on `port` sends the bytes up to `end` in pieces of `size`. Returns the right edge of the last window it is told.
fn send(script: &mut Script, port: u16, from: u32, end: u32, size: u32) -> u32 {
    let mut edge = 0;
    for start in (from..end).step_by(size as usize) {
        let stop = end.min(start + size);
        let length = stop - start;
        script.inject(port, &format!("P. {start}:{stop}({length}) ack 1"));
        script.advance(Duration::from_millis(50));
        let told = script.segments_now(port);
        let last = told.last().expect("data is acknowledged");
        let now = stop + (u32::from(last.window) << SCALE);
        // By less than the scale can express it may, where memory is used up (RFC 7323 2.4).
        assert!(now + (1 << SCALE) > edge, "the right edge never moves left");
        edge = edge.max(now);
    }
    edge
}

/// Idle connections are many: memory promised to them is kept from those that could use it.
#[test]
fn who_sends_small_requests_is_never_promised_more_than_64_kib() {
    let (mut script, web) = with_memory(1 << 30);
    assert_eq!(connect(&mut script, A), FIRST);
    let id = script.accept(web).id;
    for request in 0..1_000 {
        let start = 1 + 300 * request;
        let edge = send(&mut script, A, start, start + 300, 300);
        // An eighth of the largest window: segments of 300 bytes leave most of their frames empty.
        assert!(edge <= start + 300 + 65_536 + (1 << SCALE));
        assert_eq!(script.read(id).unwrap().len(), 300);
    }
}

/// To the usual, and if it is read as fast as it comes, beyond.
#[test]
fn a_window_grows_with_the_data_that_fills_it_to_its_limit() {
    for tcp_moderate_rcvbuf in [false, true] {
        let tcp = Sysctls {
            tcp_moderate_rcvbuf,
            ..Sysctls::default()
        };
        let usual = tcp.tcp_rmem.usual as u32;
        let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
        connect(&mut script, A);
        let id = script.accept(web).id;
        let mut start = 1;
        for _ in 0..20 {
            let edge = send(&mut script, A, start, start + 14_600, 1460);
            start += 14_600;
            assert!(edge <= start + FIRST + 2 * start + (1 << SCALE));
            script.read(id).unwrap();
        }
        let edge = send(&mut script, A, start, start + 4_000, 1460);
        let window = edge - (start + 4_000);
        if tcp_moderate_rcvbuf {
            assert!(window > usual, "{window}");
        } else {
            assert!((usual - 10_000..=usual).contains(&window), "{window}");
        }
    }
}

/// Nothing is free, and yet each connection has its 4,096 bytes: in both directions it goes on, a little at a time.
#[test]
fn without_memory_a_connection_still_has_what_is_guaranteed() {
    let (mut script, web) = with_memory(2);
    assert_eq!(connect(&mut script, A), 4015);
    let id = script.accept(web).id;
    let mut start = 1;
    for _ in 0..20 {
        let edge = send(&mut script, A, start, start + 4_000, 1_000);
        // Less, by what the memory is counted in; the window that the unread bytes leave is too small to be worth a segment.
        assert!(edge - (start + 4_000) < 1_460, "{edge}");
        let range = u64::from(start - 1)..u64::from(start + 3_999);
        assert_eq!(script.read(id), Ok(content(range)));
        start += 4_000;
        script.drain();
    }
    let now = script.now;
    script
        .stack
        .shard
        .change_socket_options(now, id, |options| options.no_delay = true);
    let data = content(0..10_000);
    let written = script.stack.shard.write(script.now, id, &data);
    assert_eq!(written, Ok(Write::Accepted(4096)));
    let written = script.stack.shard.write(script.now, id, &data[4096..]);
    assert_eq!(written, Ok(Write::Wait));
    script.expect(A, &format!(". 1:1461(1460) ack {start}"));
    script.expect(A, &format!(". 1461:2921(1460) ack {start}"));
    script.expect(A, &format!("P. 2921:4097(1176) ack {start}"));
    script.inject(A, &format!(". {start}:{start}(0) ack 4097"));
    assert!(script.stack.take_writable(id));
}

/// Between SYN/ACK and ACK others take memory: the window of the SYN/ACK stays as it was said, and is good for all of it.
#[test]
fn the_window_of_a_handshake_is_kept_whatever_happens_meanwhile() {
    // As much as promises the whole first window to the first, and only half of it to the next.
    let (mut script, web) = with_memory(2 * 4 * 1024 * FIRST as usize);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1 win 64240");
    assert_eq!(connect(&mut script, B), FIRST);
    assert_eq!(connect(&mut script, C), FIRST / 2);
    script.advance(Duration::from_millis(1_001));
    script.expect(A, "S. 0:0(0) ack 1 win 64240");
    script.inject(A, ". 1:1(0) ack 1");
    let accepted: Vec<ConnectionId> = (0..3).map(|_| script.accept(web).id).collect();
    let id = accepted[2];
    for start in (1..=FIRST).step_by(1_460) {
        let length = 1_460;
        script.inject(A, &format!("P. {start}:{}({length}) ack 1", start + length));
    }
    let all = u64::from(FIRST / 1_460 * 1_460);
    assert_eq!(script.read(id), Ok(content(0..all)));
    assert_eq!(script.stack.shard.ledger().dropped_in_all(), 0);
    let wait = script.stack.shard.read(script.now, id, &mut [0; 1]);
    assert_eq!(wait, Ok(Read::Wait));
}

/// What a connection claimed is free again when it is over, however it ended.
#[test]
fn memory_is_given_back() {
    let (mut script, web) = with_memory(1 << 30);
    for port in 0..30 {
        connect(&mut script, A + port);
        let id = script.accept(web).id;
        script.inject(A + port, "P. 1:1001(1000) ack 1");
        script.write(id, 0..1_000);
        script.drain();
        match port % 3 {
            0 => script.stack.shard.abort(script.now, id),
            1 => script.inject(A + port, "R. 1001:1001(0) ack 1001"),
            _ => {
                script.read(id).unwrap();
                script.inject(A + port, "F. 1001:1001(0) ack 1001");
            }
        }
        script.stack.shard.close(script.now, id);
        script.drain();
        if port % 3 == 2 {
            script.inject(A + port, ". 1002:1002(0) ack 1002");
        }
    }
    assert_eq!(script.stack.shard.connection_counts().0, 0);
    let claimed = script.stack.shard.tcp_memory();
    assert_eq!((claimed.receive, claimed.send), (0, 0));
}
