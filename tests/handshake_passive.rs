//! A peer connects to us: SYN, SYN/ACK, ACK.

use periplus_stack::Read;
use periplus_tests::{Script, content, options};
use periplus_wire::tcp::TcpFlags;

const A: u16 = 40_001;
const B: u16 = 40_002;

#[test]
fn the_syn_is_answered_before_accept_and_the_ack_completes_the_handshake() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1");
    assert!(script.stack.shard.accept(script.now, web).is_none());
    script.inject(A, ". 1:1(0) ack 1");
    script.expect_nothing();
    assert!(script.stack.take_acceptable(web), "the backend is woken");
    assert_eq!(script.accept(web).peer.port(), A);
    assert_eq!(script.stack.shard.counters().tcp_passive_opens, 1);
}

#[test]
fn an_option_is_answered_only_if_it_was_offered() {
    let (mut script, _) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535");
    let bare = script.next_segment(A).options;
    assert_eq!(bare.mss, Some(1460));
    assert_eq!((bare.window_scale, bare.timestamps), (None, None));
    assert!(!bare.sack_permitted);

    script.inject(B, "S 0:0(0) win 65535 <mss 1400,TS val 7 ecr 0,wscale 5>");
    let full = script.next_segment(B).options;
    assert_eq!(
        full.timestamps.map(|timestamps| timestamps.echo_reply),
        Some(7)
    );
    assert!(full.window_scale.is_some());
}

#[test]
fn a_repeated_syn_is_answered_by_the_same_syn_ack() {
    let (mut script, _) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    let first = script.next_segment(A);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    let second = script.next_segment(A);
    assert!(first.is(TcpFlags::SYN | TcpFlags::ACK));
    assert_eq!(first, second);
}

#[test]
fn initial_sequence_numbers_differ_from_connection_to_connection() {
    let (mut script, _) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.inject(B, "S 0:0(0) win 65535 <mss 1460>");
    assert_ne!(
        script.next_segment(A).sequence,
        script.next_segment(B).sequence
    );
}

#[test]
fn an_ack_of_what_was_never_sent_is_reset_and_the_record_kept() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1");
    script.inject(A, ". 1:1(0) ack 7");
    script.expect(A, "R 7:7(0)");
    script.inject(A, ". 1:1(0) ack 1");
    script.expect_nothing();
    assert_eq!(script.accept(web).peer.port(), A);
}

#[test]
fn a_rst_in_syn_received_forgets_the_record() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1");
    script.inject(A, "R 1:1(0)");
    script.expect_nothing();
    script.inject(A, ". 1:1(0) ack 1");
    script.expect(A, "R 1:1(0)");
    assert!(script.stack.shard.accept(script.now, web).is_none());
}

#[test]
fn data_on_the_handshakes_ack_is_delivered() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    script.expect(A, "S. 0:0(0) ack 1");
    script.inject(A, "P. 1:101(100) ack 1");
    let id = script.accept(web).id;
    assert_eq!(script.read(id), Ok(content(0..100)));
}

#[test]
fn the_window_in_a_syn_is_never_scaled() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 10 <mss 1460,wscale 10>");
    script.expect(A, "S. 0:0(0) ack 1");
    script.inject(A, ". 1:1(0) ack 1 win 1");
    let id = script.accept(web).id;
    script.write(id, 0..5000);
    // The ACK's window of 1 stands for 1,024 bytes.
    let sent = script.segments_now(A);
    assert_eq!(
        sent.iter().map(|segment| segment.data.len()).sum::<usize>(),
        1024
    );
}

#[test]
fn a_handshake_needs_no_backend() {
    let (mut script, web) = Script::listening(options(), 10);
    script.handshake(A);
    script.inject(A, "P. 1:101(100) ack 1");
    script.inject(A, "F. 101:101(0) ack 1");
    let id = script.accept(web).id;
    assert_eq!(script.read(id), Ok(content(0..100)));
    let end = script.stack.shard.read(script.now, id, &mut [0; 10]);
    assert!(matches!(end, Ok(Read::End)), "{end:?}");
}
