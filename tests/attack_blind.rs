//! Segments of a stranger who knows who talks to whom, and has to guess the numbers (RFC 5961, RFC 7323, RFC 1337).

use periplus_stack::{PortRange, Read, ShardOptions, StreamError, Sysctls};
use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET, Script, Segment, options};
use periplus_wire::SeqNum;
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 40_002;
const MILLISECOND: Duration = Duration::from_millis(1);

fn with(tcp: Sysctls) -> ShardOptions {
    ShardOptions { tcp, ..options() }
}

fn inject(script: &mut Script, segment: &Segment) {
    script.inject_frame(&segment.to_frame(PEER_ETHERNET, STACK_ETHERNET));
}

/// A half-open connection of the peer on `A`.
fn half_open(tcp: Sysctls) -> Script {
    let (mut script, _) = Script::listening(with(tcp), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1");
    script
}

/// How many packets ten segments in a second are answered by, one each 100 ms.
fn answers_in_a_second(script: &mut Script, text: &str) -> usize {
    script.drain();
    for _ in 0..10 {
        script.inject(A, text);
        script.advance(100 * MILLISECOND);
    }
    script.segments_now(A).len()
}

/// RFC 5961 7: also where a record is all there is.
#[test]
fn a_half_open_connection_answers_once_in_tcp_invalid_ratelimit() {
    for (limit, answers) in [(0, 10), (250, 4), (500, 2), (2000, 1)] {
        for strange in [
            "P. 2000000:2000100(100) ack 1",
            ". 2000000:2000000(0) ack 1",
        ] {
            let mut script = half_open(Sysctls {
                tcp_invalid_ratelimit: Duration::from_millis(limit),
                ..Sysctls::default()
            });
            let given = answers_in_a_second(&mut script, strange);
            // The SYN/ACK is sent again after a second.
            assert!(
                (answers..=answers + 1).contains(&given),
                "{given} at {limit} ms"
            );
            let skipped = script.stack.shard.counters().tcp_ack_skipped_syn_recv;
            assert_eq!(skipped, 10 - answers as u64);
        }
    }
}

#[test]
fn so_does_a_connection() {
    for (limit, answers) in [(0, 10), (250, 4), (500, 2), (2000, 1)] {
        let (mut script, listener) = Script::listening(
            with(Sysctls {
                tcp_invalid_ratelimit: Duration::from_millis(limit),
                ..Sysctls::default()
            }),
            10,
        );
        script.handshake(A);
        script.accept(listener);
        let given = answers_in_a_second(&mut script, "S 5000:5000(0) win 1000");
        assert_eq!(given, answers, "at {limit} ms");
        let counters = script.stack.shard.counters();
        assert_eq!(counters.tcp_challenge_ack, answers as u64);
        assert_eq!(counters.tcp_ack_skipped_challenge, 10 - answers as u64);
        assert_eq!(counters.tcp_syn_challenge, 10);
    }
}

/// CVE-2016-5696: a limit in common would tell a stranger, by his own connection, whether he has hit another's.
#[test]
fn what_one_connection_is_asked_leaves_the_others_limit_alone() {
    let (mut script, listener) = Script::listening(options(), 10);
    for peer in [A, B] {
        script.handshake(peer);
        script.accept(listener);
    }
    for _ in 0..1000 {
        script.inject(B, "R 5000:5000(0)");
    }
    script.expect(B, ". 1:1(0) ack 1");
    script.expect_nothing();
    script.inject(A, "R 5000:5000(0)");
    script.expect(A, ". 1:1(0) ack 1");
}

/// RFC 5961 3.1: a RST a window was enough.
#[test]
fn a_reset_in_every_window_resets_nothing() {
    let (mut script, id) = Script::established(A);
    let mut guess = script.segment(A, "R 0:0(0)");
    guess.sequence += 2;
    for _ in 0..=u32::MAX / 65_000 {
        guess.sequence += 65_000;
        inject(&mut script, &guess);
    }
    assert!(script.segments_now(A).len() <= 1);
    assert_eq!(script.stack.shard.peek(id, &mut [0; 1]), Ok(Read::Wait));
    // The peer who really forgot us answers the challenge from where we expect it.
    script.inject(A, "R 1:1(0)");
    assert_eq!(
        script.stack.shard.peek(id, &mut [0; 1]),
        Err(StreamError::Reset)
    );
}

/// RFC 5961 5.1: half of all ACK numbers were taken for old ones.
#[test]
fn data_with_a_guessed_ack_is_not_delivered() {
    let (mut script, id) = Script::established(A);
    for guess in [1 << 20, 1 << 29, 1 << 30, 1 << 31, u32::MAX] {
        let mut segment = script.segment(A, "P. 1:11(10) ack 1");
        segment.acknowledgment = SeqNum(segment.acknowledgment.0.wrapping_sub(guess));
        inject(&mut script, &segment);
        assert_eq!(script.read(id), Ok(Vec::new()), "{guess} before");
    }
    script.inject(A, "P. 1:11(10) ack 1");
    assert_eq!(script.read(id).map(|data| data.len()), Ok(10));
}

/// As on Linux; RFC 5961 3.2 would challenge it.
#[test]
fn a_reset_at_the_end_of_what_was_sacked_is_believed() {
    for (sack, sent) in [("sackOK,", None), ("", Some(". 1:1(0) ack 1"))] {
        let (mut script, listener) = Script::listening(options(), 10);
        script.inject(A, &format!("S 0:0(0) win 65535 <{sack}mss 1460>"));
        script.next_segment(A);
        script.inject(A, ". 1:1(0) ack 1");
        let id = script.accept(listener).id;
        script.inject(A, "P. 101:201(100) ack 1");
        script.inject(A, "P. 301:401(100) ack 1");
        script.drain();
        script.inject(A, "R 301:301(0)");
        script.expect(A, ". 1:1(0) ack 1");
        script.advance(Duration::from_secs(1));
        script.inject(A, "R 401:401(0)");
        let gone = script.stack.shard.peek(id, &mut [0; 1]).is_err();
        assert_eq!(gone, sent.is_none());
        if let Some(sent) = sent {
            script.expect(A, sent);
        }
    }
}

/// The server closed first; SND.NXT and RCV.NXT are 2.
fn in_time_wait(tcp: Sysctls) -> Script {
    let (mut script, listener) = Script::listening(with(tcp), 10);
    script.handshake(A);
    let id = script.accept(listener).id;
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1");
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, ". 2:2(0) ack 2");
    script
}

/// RFC 1337 3: the old connection's segments would come to a new one.
#[test]
fn with_tcp_rfc1337_a_reset_does_not_end_time_wait() {
    for (tcp_rfc1337, left) in [(false, 0), (true, 1)] {
        let mut script = in_time_wait(Sysctls {
            tcp_rfc1337,
            ..Sysctls::default()
        });
        script.inject(A, "R 2:2(0)");
        script.expect_nothing();
        assert_eq!(script.stack.shard.connection_counts().2, left);
    }
}

#[test]
fn only_the_peers_own_fin_makes_time_wait_begin_anew() {
    for (fin, left) in [
        ("F. 1:1(0) ack 2", 1),
        ("F. 500:500(0) ack 2", 0),
        ("P. 1:2(1) ack 2", 0),
    ] {
        let mut script = in_time_wait(Sysctls::default());
        script.advance(Duration::from_secs(40));
        script.inject(A, fin);
        script.expect(A, ". 2:2(0) ack 2");
        script.advance(Duration::from_secs(40));
        assert_eq!(script.stack.shard.connection_counts().2, left, "{fin}");
    }
}

/// Two ends in TIME-WAIT whose numbers differ answer each other's ACKs.
#[test]
fn time_wait_answers_a_bare_ack_once_in_tcp_invalid_ratelimit() {
    let mut script = in_time_wait(Sysctls::default());
    assert_eq!(answers_in_a_second(&mut script, ". 7:7(0) ack 2"), 2);
    assert_eq!(script.stack.shard.counters().tcp_ack_skipped_time_wait, 8);
}

/// A connection with timestamps: TS.Recent is 1,000. Returns it with the stack's TSval.
fn with_timestamps(script: &mut Script) -> u32 {
    script.inject(A, "S 0:0(0) win 65535 <mss 1460,TS val 1000 ecr 0>");
    let syn_ack = script.next_segment(A);
    let tsval = syn_ack.options.timestamps.expect("timestamps").value;
    script.inject(A, &format!(". 1:1(0) ack 1 <TS val 1000 ecr {tsval}>"));
    tsval
}

/// RFC 7323 4.3 and 5.3 would take the timestamp; its sender does not know what we sent. As on Linux.
#[test]
fn a_timestamp_that_comes_with_a_guessed_ack_is_not_kept() {
    let (mut script, listener) = Script::listening(options(), 10);
    let tsval = with_timestamps(&mut script);
    let id = script.accept(listener).id;
    script.inject(A, &format!(". 1:1(0) ack 900 <TS val 2000000 ecr {tsval}>"));
    let answer = script.next_segment(A).options.timestamps;
    assert_eq!(answer.map(|timestamps| timestamps.echo_reply), Some(1000));
    script.inject(A, &format!("P. 1:11(10) ack 1 <TS val 1001 ecr {tsval}>"));
    assert_eq!(script.read(id).map(|data| data.len()), Ok(10));
}

/// RFC 7323 5.5.
#[test]
fn a_timestamp_is_not_old_after_24_days_of_silence() {
    const DAY: u64 = 24 * 3600;
    for (days, length) in [(23, 0), (25, 10)] {
        let (mut script, listener) = Script::listening(options(), 10);
        let tsval = with_timestamps(&mut script);
        let id = script.accept(listener).id;
        script.advance(Duration::from_secs(days * DAY));
        script.drain();
        script.inject(A, &format!("P. 1:11(10) ack 1 <TS val 999 ecr {tsval}>"));
        assert_eq!(
            script.read(id).map(|data| data.len()),
            Ok(length),
            "{days} days"
        );
        let rejected = script.stack.shard.counters().paws_estab_rejected;
        assert_eq!(rejected, u64::from(length == 0));
    }
}

/// Some systems send 0 in their SYN and begin to count later, anywhere.
#[test]
fn a_timestamp_of_zero_makes_no_other_old() {
    let (mut script, listener) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460,TS val 0 ecr 0>");
    let tsval = script.next_segment(A).options.timestamps.unwrap().value;
    script.inject(
        A,
        &format!(". 1:1(0) ack 1 <TS val 3000000000 ecr {tsval}>"),
    );
    let id = script.accept(listener).id;
    script.inject(
        A,
        &format!("P. 1:11(10) ack 1 <TS val 3000000001 ecr {tsval}>"),
    );
    assert_eq!(script.read(id).map(|data| data.len()), Ok(10));
}

/// RFC 7323 3.2.
#[test]
fn every_copy_of_a_syn_ack_says_the_time_it_is_sent_at() {
    let (mut script, _) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460,TS val 1000 ecr 0>");
    let first = script.next_segment(A).options.timestamps.unwrap();
    script.advance(Duration::from_millis(1100));
    let second = script.next_segment(A).options.timestamps.unwrap();
    let elapsed = second.value.wrapping_sub(first.value);
    assert!((1000..=1001).contains(&elapsed), "{elapsed} ms");
    assert_eq!(second.echo_reply, 1000);
}

/// The answer to our SYN echoes what no SYN of ours said.
#[test]
fn a_syn_ack_for_a_timestamp_that_was_never_sent_opens_nothing() {
    let mut script = Script::new(options());
    let id = script.connect(A);
    let tsval = script.next_segment(A).options.timestamps.unwrap().value;
    let ahead = tsval.wrapping_add(5000);
    let syn_ack = |ecr| format!("S. 0:0(0) ack 1 win 65535 <mss 1460,TS val 7 ecr {ecr}>");
    script.inject(A, &syn_ack(ahead));
    script.expect(A, "R 1:1(0)");
    assert_eq!(script.stack.shard.is_connected(id), Ok(false));
    assert_eq!(script.stack.shard.counters().paws_active_rejected, 1);
    script.inject(A, &syn_ack(tsval));
    script.expect(A, ". 1:1(0) ack 1");
    assert_eq!(script.stack.shard.is_connected(id), Ok(true));
}

/// RFC 6056.
#[test]
fn connections_take_their_ports_from_ip_local_port_range() {
    let mut script = Script::new(with(Sysctls {
        ip_local_port_range: PortRange::new(2000, 2002).unwrap(),
        ..Sysctls::default()
    }));
    let mut ports: Vec<u16> = (0..3)
        .map(|_| {
            script.connect(A);
            script.next_segment(A).source.port()
        })
        .collect();
    ports.sort();
    assert_eq!(ports, [2000, 2001, 2002]);
    let remote = (periplus_tests::PEER, A).into();
    assert!(
        script
            .stack
            .shard
            .connect(script.now, None, remote)
            .is_err()
    );
}

/// RFC 7323 2.2: the window of a SYN,ACK is never scaled, in a simultaneous open neither.
#[test]
fn a_window_in_a_syn_is_taken_as_it_stands() {
    let mut script = Script::new(options());
    let id = script.connect(A);
    script.drain();
    script.inject(A, "S 0:0(0) win 1024 <mss 1460,wscale 7>");
    script.drain();
    script.inject(A, "S. 0:0(0) ack 1 win 1024 <mss 1460,wscale 7>");
    script.write(id, 0..5000);
    let sent: usize = script
        .segments_now(A)
        .iter()
        .map(|segment| segment.data.len())
        .sum();
    assert_eq!(sent, 1024);
}

/// RFC 6093: the urgent pointer is not looked at, and what it points to is text like any other.
#[test]
fn urgent_text_is_text() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "PU. 1:11(10) ack 1");
    assert_eq!(script.read(id).map(|data| data.len()), Ok(10));
    script.inject(A, "FU. 11:11(0) ack 1");
    script.drain();
    assert_eq!(script.stack.shard.peek(id, &mut [0; 1]), Ok(Read::End));
}
