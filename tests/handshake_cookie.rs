//! SYN cookies: a SYN that gets no record is answered all the same, and the ACK brings back what it said.

use periplus_journey::{Counters, DropReason, Handshake, Kind, Record, Station};
use periplus_stack::{ConnectionId, ListenerId, ShardOptions};
use periplus_tcp::Sysctls;
use periplus_tests::{Script, Segment, content, options};
use periplus_wire::tcp::{TcpFlags, TcpOptions, Timestamps};
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 40_002;
const C: u16 = 40_003;
const D: u16 = 40_004;

const SYN: &str = "S 0:0(0) win 65535 <mss 1460>";
const SYN_ACK: &str = "S. 0:0(0) ack 1";
const ACK: &str = ". 1:1(0) ack 1";

fn with(tcp_syncookies: u8) -> ShardOptions {
    let tcp = Sysctls {
        tcp_syncookies,
        ..Sysctls::default()
    };
    ShardOptions { tcp, ..options() }
}

/// A listener that answers every SYN by a cookie.
fn always(backlog: usize) -> (Script, ListenerId) {
    Script::listening(with(2), backlog)
}

fn counters(script: &Script) -> Counters {
    script.stack.shard.counters()
}

/// Connections, and half-open ones.
fn held(script: &Script) -> (usize, usize) {
    let (connections, half_open, _) = script.stack.shard.connection_counts();
    (connections, half_open)
}

/// Cookies: sent, come back, and failed.
fn cookies(script: &Script) -> (u64, u64, u64) {
    let counters = counters(script);
    (
        counters.syncookies_sent,
        counters.syncookies_recv,
        counters.syncookies_failed,
    )
}

/// The segment `text` with the timestamps that answer `last`.
fn answering(script: &Script, last: &Segment, text: &str) -> Segment {
    let ours = last.options.timestamps.expect("timestamps");
    let mut segment = script.segment(A, text);
    segment.options.timestamps = Some(Timestamps {
        value: ours.echo_reply + 1,
        echo_reply: ours.value,
    });
    segment
}

fn inject(script: &mut Script, segment: &Segment) {
    use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET};
    script.inject_frame(&segment.to_frame(PEER_ETHERNET, STACK_ETHERNET));
}

#[test]
fn a_scans_syn_gets_no_cookie_and_no_record() {
    for tcp_syncookies in [0, 1, 2] {
        let (mut script, _) = Script::listening(with(tcp_syncookies), 8);
        for scan in ["SF 0:0(0) win 65535", "SR 0:0(0) win 65535"] {
            script.inject(A, scan);
            script.expect_nothing();
        }
        assert_eq!((held(&script), cookies(&script)), ((0, 0), (0, 0, 0)));
        script.inject(A, SYN);
        script.expect(A, SYN_ACK);
    }
}

#[test]
fn a_full_syn_queue_asks_for_a_cookie_and_keeps_nothing() {
    let (mut script, web) = Script::listening(options(), 1);
    for peer in [A, B, C, D] {
        script.inject(peer, SYN);
        script.expect(peer, SYN_ACK);
    }
    // As on Linux one more than the backlog.
    assert_eq!(held(&script), (0, 2));
    assert_eq!(cookies(&script), (2, 0, 0));
    let full = counters(&script);
    assert_eq!(
        (full.tcp_req_q_full_do_cookies, full.tcp_req_q_full_drop),
        (2, 0)
    );
    assert_eq!(full.listen_drops, 0);

    // The backend sees no difference.
    for peer in [D, A] {
        script.inject(peer, ACK);
        script.inject(peer, "P. 1:11(10) ack 1");
        let accepted = script.accept(web);
        assert_eq!(accepted.peer.port(), peer);
        assert_eq!(script.read(accepted.id), Ok(content(0..10)));
        script.drain();
        script.write(accepted.id, 0..100);
        script.expect(peer, "P. 1:101(100) ack 11");
    }
    assert_eq!(cookies(&script), (2, 1, 0));
    assert_eq!(counters(&script).tcp_passive_opens, 2);
}

#[test]
fn tcp_syncookies_2_never_keeps_a_record() {
    let (mut script, web) = always(100);
    script.handshake(A);
    assert_eq!(held(&script), (1, 0));
    assert_eq!(cookies(&script), (1, 1, 0));
    assert_eq!(counters(&script).tcp_req_q_full_do_cookies, 1);
    assert_eq!(script.accept(web).peer.port(), A);
    // Nothing is sent again: there is nothing to send it from.
    script.inject(B, SYN);
    script.expect(B, SYN_ACK);
    script.advance(Duration::from_secs(100));
    script.expect_nothing();
}

#[test]
fn a_syn_that_comes_again_gets_the_same_cookie() {
    let (mut script, _) = always(1);
    let numbers = [0, 1].map(|_| {
        // Data on a SYN is not taken: it comes again.
        script.inject(A, "SP 0:10(10) win 65535 <mss 1460>");
        script.next_segment(A).sequence
    });
    assert_eq!(numbers[0], numbers[1]);
}

#[test]
fn data_and_fin_in_the_ack_are_kept_with_a_cookie_and_without() {
    for tcp_syncookies in [0, 2] {
        for (ack, bytes) in [
            ("P. 1:11(10) ack 1", 10),
            ("FP. 1:11(10) ack 1", 10),
            ("F. 1:1(0) ack 1", 0),
        ] {
            let (mut script, web) = Script::listening(with(tcp_syncookies), 1);
            script.inject(A, SYN);
            script.expect(A, SYN_ACK);
            script.inject(A, ack);
            let id = script.accept(web).id;
            assert_eq!(script.read(id), Ok(content(0..bytes)));
            let fin = u64::from(ack.starts_with('F'));
            script.advance(Duration::from_millis(41));
            script.expect(A, &format!(". 1:1(0) ack {}", 1 + bytes + fin));
        }
    }
}

#[test]
fn what_the_syn_said_is_what_the_connection_does() {
    let (mut script, web) = always(1);
    script.inject(
        A,
        "SEW 0:0(0) win 65535 <mss 1400,sackOK,TS val 700 ecr 0,wscale 7>",
    );
    let syn_ack = script.next_segment(A);
    let said = TcpOptions {
        timestamps: syn_ack.options.timestamps,
        ..syn_ack.options
    };
    assert_eq!(syn_ack.options, said);
    assert!(said.sack_permitted && said.window_scale.is_some());
    // With `tcp_ecn` 2 who asks for ECN gets it (RFC 3168 6.1.1).
    assert_eq!(syn_ack.flags, TcpFlags::SYN | TcpFlags::ACK | TcpFlags::ECE);
    assert_eq!(said.timestamps.unwrap().echo_reply, 700);

    let ack = answering(&script, &syn_ack, ". 1:1(0) ack 1 win 100");
    inject(&mut script, &ack);
    let id = script.accept(web).id;
    let info = script.stack.shard.tcp_info(script.now, id).unwrap();
    assert!(info.options.timestamps && info.options.sack && info.options.wscale);
    assert!(info.options.ecn);
    assert_eq!((info.snd_wscale, info.snd_mss), (7, 1388));
    assert_eq!(info.rtt, None, "when the SYN/ACK went out is not known");
    // The window is scaled: 100 is 12,800 bytes.
    script.write(id, 0..20_000);
    let sent = script.segments_now(A);
    assert_eq!(
        sent.iter().map(|segment| segment.data.len()).sum::<usize>(),
        12_800
    );
    let echo = sent[0].options.timestamps.unwrap();
    assert_eq!(echo.echo_reply, 701);
    assert!(echo.value.wrapping_sub(said.timestamps.unwrap().value) < 64 + 10);
}

#[test]
fn without_timestamps_only_the_segment_size_is_kept() {
    let (mut script, web) = always(1);
    script.inject(A, "SEW 0:0(0) win 65535 <mss 1400,sackOK,wscale 7>");
    script.expect(A, "S. 0:0(0) ack 1 win 64240 <mss 1460>");
    script.inject(A, ". 1:1(0) ack 1 win 65535");
    let id = script.accept(web).id;
    let info = script.stack.shard.tcp_info(script.now, id).unwrap();
    assert!(!info.options.timestamps && !info.options.sack && !info.options.wscale);
    assert!(!info.options.ecn);
    assert_eq!((info.snd_wscale, info.snd_mss), (0, 1400));
}

#[test]
fn an_ack_that_comes_again_belongs_to_the_connection() {
    let (mut script, web) = always(10);
    script.handshake(A);
    script.inject(A, ACK);
    script.inject(A, ACK);
    script.expect_nothing();
    assert_eq!(cookies(&script), (1, 1, 0));
    assert_eq!(held(&script), (1, 0));
    script.accept(web);
    assert!(script.stack.shard.accept(script.now, web).is_none());
}

#[test]
fn what_is_no_cookie_of_ours_is_refused_as_any_stray() {
    let (mut script, web) = always(10);
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    // Another number, acknowledged and own; another port. Linux gives these the same answers and counts.
    for (stray, reset) in [
        (". 1:1(0) ack 17", "R 17:17(0)"),
        (". 2:2(0) ack 1", "R 1:1(0)"),
        ("P. 1:11(10) ack 77", "R 77:77(0)"),
    ] {
        script.inject(A, stray);
        script.expect(A, reset);
    }
    assert_eq!(cookies(&script), (1, 0, 3));
    let mut other = script.segment(A, ACK);
    other.source.set_port(B);
    inject(&mut script, &other);
    assert!(script.next_segment(B).flags.contains(TcpFlags::RST));
    assert_eq!(cookies(&script), (1, 0, 4));
    // SYN/ACK and RST bring no cookies.
    script.inject(A, "S. 0:0(0) ack 1");
    script.expect(A, "R 1:1(0)");
    script.inject(A, "R. 1:1(0) ack 1");
    script.expect_nothing();
    assert_eq!(cookies(&script), (1, 0, 4));
    assert_eq!(held(&script), (0, 0));
    script.inject(A, ACK);
    assert_eq!(
        script.accept(web).peer.port(),
        A,
        "the cookie is still good"
    );
}

#[test]
fn a_cookie_is_too_old_after_two_minutes_at_the_latest() {
    // The script's clock stands at a second, so that the minute ends after 59 more.
    for (wait, good) in [
        (Duration::from_secs(118), true),
        (Duration::from_secs(119), false),
    ] {
        let (mut script, web) = always(10);
        script.inject(A, SYN);
        script.expect(A, SYN_ACK);
        script.advance(wait);
        // Others' cookies keep the listener looking.
        script.inject(B, SYN);
        script.expect(B, SYN_ACK);
        script.inject(A, ACK);
        assert_eq!(script.stack.shard.accept(script.now, web).is_some(), good);
        assert_eq!(cookies(&script), (2, u64::from(good), u64::from(!good)));
        if !good {
            script.expect(A, "R 1:1(0)");
        }
    }
}

#[test]
fn a_listener_that_has_sent_no_cookie_lately_looks_at_none() {
    let (mut script, web) = always(10);
    script.stack.listen(81, 10);
    script.inject(A, ACK);
    script.expect(A, "R 1:1(0)");
    assert_eq!(cookies(&script), (0, 0, 0), "not even counted");

    // Another listener's cookies are no reason to look.
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    let mut other = script.segment(A, ACK);
    other.destination.set_port(81);
    inject(&mut script, &other);
    script.next_segment(A);
    assert_eq!(cookies(&script), (1, 0, 0));

    script.advance(Duration::from_secs(121));
    script.inject(A, ACK);
    script.expect(A, "R 1:1(0)");
    assert_eq!(cookies(&script), (1, 0, 0));
    assert!(script.stack.shard.accept(script.now, web).is_none());
}

#[test]
fn a_cookie_that_finds_the_accept_queue_full_comes_again_with_the_data() {
    for tcp_abort_on_overflow in [false, true] {
        let mut options = with(2);
        options.tcp.tcp_abort_on_overflow = tcp_abort_on_overflow;
        let (mut script, web) = Script::listening(options, 0);
        for peer in [A, B] {
            script.inject(peer, SYN);
            script.expect(peer, SYN_ACK);
        }
        script.inject(A, ACK);
        script.inject(B, ACK);
        script.expect_nothing();
        let full = counters(&script);
        assert_eq!((full.listen_overflows, full.listen_drops), (1, 1));
        assert_eq!(cookies(&script), (2, 2, 0));
        // No SYN is answered meanwhile, and each is counted as one that asked for a cookie.
        script.inject(C, SYN);
        script.expect_nothing();
        let full = counters(&script);
        assert_eq!(
            (full.listen_overflows, full.tcp_req_q_full_do_cookies),
            (2, 3)
        );
        assert_eq!(full.syncookies_sent, 2);

        assert_eq!(script.accept(web).peer.port(), A);
        script.inject(B, "P. 1:11(10) ack 1");
        let accepted = script.accept(web);
        assert_eq!(accepted.peer.port(), B);
        assert_eq!(script.read(accepted.id), Ok(content(0..10)));
    }
}

/// The record of the connection from `port`, which the peer resets.
fn record_of(script: &mut Script, port: u16) -> Record {
    script.inject(port, "R 1:1(0)");
    script.run();
    let mut records = script.stack.records.iter();
    let found =
        records.find(|record| record.kind == Kind::Connection && record.peer.port() == port);
    found.expect("a record").clone()
}

fn stations(record: &Record) -> Vec<(Station, Duration)> {
    let spine = record.spine();
    let intervals = spine.intervals().iter();
    intervals
        .map(|interval| (interval.station, interval.duration()))
        .collect()
}

#[test]
fn the_journey_begins_with_the_ack() {
    let (mut script, web) = always(10);
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    script.advance(Duration::from_millis(300));
    script.inject(A, ACK);
    script.advance(Duration::from_millis(20));
    script.accept(web);
    let record = record_of(&mut script, A);
    assert_eq!(record.handshake, Some(Handshake::Cookie));
    assert_eq!(record.queues.syn_queue, None);
    assert_eq!(record.queues.accept_queue.map(|met| met.length), Some(1));
    assert_eq!(record.events.syn_arrived, None);
    let stations = stations(&record);
    assert_eq!(
        stations[0],
        (Station::AcceptQueue, Duration::from_millis(20))
    );
}

#[test]
fn a_syn_dropped_by_a_full_accept_queue_and_answered_by_a_cookie_later_was_waiting_in_syn_retry() {
    let (mut script, web) = always(0);
    script.handshake(A);
    script.inject(B, SYN);
    script.expect_nothing();
    assert_eq!(
        script
            .stack
            .shard
            .ledger()
            .dropped(DropReason::TcpListenOverflow),
        1
    );
    let id: ConnectionId = script.accept(web).id;
    script.advance(Duration::from_secs(1));
    script.inject(B, SYN);
    script.expect(B, SYN_ACK);
    script.advance(Duration::from_millis(5));
    script.inject(B, ACK);
    script.advance(Duration::from_millis(20));
    assert_ne!(script.accept(web).id, id);
    let record = record_of(&mut script, B);
    assert_eq!(record.handshake, Some(Handshake::Cookie));
    // The accepted copy was not kept: with a cookie e0 is e1.
    assert_eq!(
        stations(&record)[..2],
        [
            (Station::SynRetry, Duration::from_millis(1_005)),
            (Station::AcceptQueue, Duration::from_millis(20)),
        ]
    );
}

/// A SYN that was answered by a cookie comes again when there is room for a record. The client may answer either SYN/ACK.
#[test]
fn a_cookie_is_good_though_the_syn_that_came_again_got_a_record() {
    for timestamps in ["", ",TS val 7 ecr 0"] {
        let (mut script, web) = Script::listening(options(), 0);
        let syn = format!("S 0:0(0) win 65535 <mss 1460{timestamps}>");
        script.inject(B, SYN);
        script.expect(B, SYN_ACK);
        script.inject(A, &syn);
        let by_cookie = script.next_segment(A);
        assert_eq!(cookies(&script), (1, 0, 0));
        script.inject(B, "R 1:1(0)");
        script.advance(Duration::from_secs(1));
        script.inject(A, &syn);
        let by_record = script.next_segment(A);
        assert_ne!(by_cookie.sequence, by_record.sequence);
        assert_eq!(held(&script), (0, 1));
        let mut ack = script.segment(A, ACK);
        ack.acknowledgment = by_cookie.sequence + 1;
        if let Some(ours) = by_cookie.options.timestamps {
            ack.options.timestamps = Some(Timestamps {
                value: 8,
                echo_reply: ours.value,
            });
        }
        inject(&mut script, &ack);
        script.expect_nothing();
        assert_eq!(held(&script), (1, 0));
        assert_eq!(cookies(&script), (1, 1, 0));
        script.accept(web);
        // What is neither is still refused or challenged, and the record stays.
        script.inject(C, SYN);
        script.expect(C, SYN_ACK);
        script.inject(C, ". 1:1(0) ack 77");
        script.expect(C, "R 77:77(0)");
        assert_eq!(held(&script), (1, 1));
    }
}

/// An ACK of the first bytes after a SYN/ACK with a cookie is no ACK of another SYN/ACK. The peer of a connection whose RST was
/// lost would otherwise go on with a new one in the middle of the old one's stream.
#[test]
fn a_cookie_and_some_bytes_are_no_cookie() {
    for bytes in 1..20 {
        let (mut script, web) = always(10);
        script.inject(A, SYN);
        script.expect(A, SYN_ACK);
        script.inject(A, ACK);
        let id = script.accept(web).id;
        script.write(id, 0..bytes);
        script.drain();
        script.stack.shard.abort(script.now, id);
        script.stack.shard.close(script.now, id);
        script.drain(); // the RST, which is lost
        script.inject(A, &format!(". 1:1(0) ack {}", bytes + 1));
        assert_eq!(held(&script), (0, 0), "{bytes}");
    }
}
