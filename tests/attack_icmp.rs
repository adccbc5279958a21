//! ICMP errors that anybody may send (RFC 5927): only who has seen what is in flight is believed, and not with everything.

use periplus_stack::{ConnectionId, ShardOptions, StreamError, Sysctls};
use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET, Script, Segment, options, packet};
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet;
use periplus_wire::icmpv4::{MessageType, unreachable};
use periplus_wire::ipv4;
use std::time::Duration;

const A: u16 = 40_001;
const HOUR: Duration = Duration::from_secs(3600);

/// The packet in which `segment` left the stack.
fn sent(segment: &Segment) -> Vec<u8> {
    let mut frame = segment.to_frame(STACK_ETHERNET, PEER_ETHERNET);
    frame.drain(..ethernet::HEADER_LENGTH);
    frame
}

/// A router's message about `segment`.
fn icmp(message_type: MessageType, code: u8, mtu: u16, segment: &Segment) -> Vec<u8> {
    let [high, low] = mtu.to_be_bytes();
    let mut message = vec![message_type.0, code, 0, 0, 0, 0, high, low];
    message.extend(&sent(segment)[..ipv4::HEADER_LENGTH + 8]);
    let mut sum = Sum::new();
    sum.add(&message);
    message[2..4].copy_from_slice(&sum.finish().to_be_bytes());
    packet(ipv4::ICMP, &message)
}

fn unreachable(code: u8, segment: &Segment) -> Vec<u8> {
    icmp(MessageType::DESTINATION_UNREACHABLE, code, 0, segment)
}

fn too_long(mtu: u16, segment: &Segment) -> Vec<u8> {
    let code = unreachable::FRAGMENTATION_NEEDED;
    icmp(MessageType::DESTINATION_UNREACHABLE, code, mtu, segment)
}

/// The stack has sent its SYN.
fn connecting() -> (Script, ConnectionId, Segment) {
    let mut script = Script::new(options());
    let id = script.connect(A);
    let syn = script.next_segment(A);
    (script, id, syn)
}

/// `length` bytes are in flight, in segments of at most 1,460.
fn sending(options: ShardOptions, length: u64) -> (Script, ConnectionId, Vec<Segment>) {
    let (mut script, listener) = Script::listening(options, 10);
    script.handshake(A);
    let id = script.accept(listener).id;
    script.write(id, 0..length);
    let sent = script.segments_now(A);
    (script, id, sent)
}

fn lengths(segments: &[Segment]) -> Vec<usize> {
    segments.iter().map(|segment| segment.data.len()).collect()
}

/// RFC 1122 4.2.3.9.
#[test]
fn a_hard_error_ends_the_connecting_with_its_error() {
    for (code, error) in [
        (unreachable::PROTOCOL, StreamError::ProtocolUnreachable),
        (unreachable::PORT, StreamError::Refused),
        (unreachable::HOST_PROHIBITED, StreamError::HostUnreachable),
        (unreachable::NET_PROHIBITED, StreamError::NetworkUnreachable),
        (
            unreachable::COMMUNICATION_PROHIBITED,
            StreamError::HostUnreachable,
        ),
    ] {
        let (mut script, id, syn) = connecting();
        script.inject_frame(&unreachable(code, &syn));
        assert_eq!(
            script.stack.shard.is_connected(id),
            Err(error),
            "code {code}"
        );
        script.expect_nothing();
    }
}

/// RFC 1122 4.2.3.9: it MUST NOT abort; but what was the matter is told in the end.
#[test]
fn a_soft_error_ends_nothing_and_is_told_when_connecting_timed_out() {
    for (code, error) in [
        (unreachable::NET, StreamError::NetworkUnreachable),
        (unreachable::HOST, StreamError::HostUnreachable),
        (unreachable::SOURCE_ROUTE, StreamError::HostUnreachable),
    ] {
        let (mut script, id, syn) = connecting();
        script.inject_frame(&unreachable(code, &syn));
        assert_eq!(
            script.stack.shard.is_connected(id),
            Ok(false),
            "code {code}"
        );
        script.advance(HOUR);
        assert_eq!(
            script.stack.shard.is_connected(id),
            Err(error),
            "code {code}"
        );
    }
}

#[test]
fn no_error_ends_a_connection_and_the_last_is_told_when_it_times_out() {
    let (mut script, id, sent) = sending(options(), 100);
    for code in 0..16 {
        script.inject_frame(&unreachable(code, &sent[0]));
    }
    script.inject_frame(&unreachable(unreachable::PORT, &sent[0]));
    script.inject(A, ". 1:1(0) ack 1");
    script.drain();
    assert_eq!(
        script.stack.shard.peek(id, &mut [0; 1]),
        Ok(periplus_stack::Read::Wait)
    );
    script.advance(HOUR);
    let told = script.stack.shard.peek(id, &mut [0; 1]);
    assert_eq!(told, Err(StreamError::Refused));
}

/// As by Linux's SO_ERROR.
#[test]
fn an_error_of_a_connection_that_goes_on_is_told_once_to_who_asks() {
    let (mut script, id, sent) = sending(options(), 100);
    assert_eq!(script.stack.shard.take_soft_error(id), None);
    script.inject_frame(&unreachable(unreachable::HOST, &sent[0]));
    let told = [(); 2].map(|()| script.stack.shard.take_soft_error(id));
    assert_eq!(told, [Some(StreamError::HostUnreachable), None]);
    script.advance(HOUR);
    let told = script.stack.shard.peek(id, &mut [0; 1]);
    assert_eq!(told, Err(StreamError::TimedOut));
}

#[test]
fn an_error_is_forgotten_when_something_is_acknowledged() {
    let (mut script, id, sent) = sending(options(), 100);
    script.inject_frame(&unreachable(unreachable::HOST, &sent[0]));
    script.inject(A, ". 1:1(0) ack 101");
    script.write(id, 100..200);
    script.advance(HOUR);
    let told = script.stack.shard.peek(id, &mut [0; 1]);
    assert_eq!(told, Err(StreamError::TimedOut));
}

/// RFC 5927 4.1: SND.UNA =< SEG.SEQ < SND.NXT.
#[test]
fn an_error_about_what_is_not_in_flight_is_not_believed() {
    let (mut script, id, syn) = connecting();
    for change in [1, u32::MAX, 1 << 31] {
        let mut guess = syn.clone();
        guess.sequence += change;
        script.inject_frame(&unreachable(unreachable::PORT, &guess));
    }
    assert_eq!(script.stack.shard.is_connected(id), Ok(false));
    assert_eq!(script.stack.shard.counters().out_of_window_icmps, 3);

    let (mut script, _, sent) = sending(options(), 2920);
    for change in [u32::MAX, 2920, 1 << 31] {
        let mut guess = sent[0].clone();
        guess.sequence += change;
        script.inject_frame(&too_long(1000, &guess));
    }
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().out_of_window_icmps, 3);
}

#[test]
fn an_error_about_a_connection_that_nobody_has_is_counted() {
    let (mut script, _, sent) = sending(options(), 100);
    let mut other = sent[0].clone();
    other.destination.set_port(A + 1);
    script.inject_frame(&unreachable(unreachable::PORT, &other));
    let mut broken = unreachable(unreachable::PORT, &sent[0]);
    *broken.last_mut().unwrap() ^= 1;
    script.inject_frame(&broken);
    script.expect_nothing();
    let counters = script.stack.shard.counters();
    assert_eq!(
        (counters.icmp_in_errors, counters.icmp_in_csum_errors),
        (2, 1)
    );
    assert_eq!(counters.icmp_in_dest_unreachs, 1);
}

/// RFC 6633.
#[test]
fn a_source_quench_is_ignored() {
    let (mut script, _, sent) = sending(options(), 100);
    script.inject_frame(&icmp(MessageType::SOURCE_QUENCH, 0, 0, &sent[0]));
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().icmp_in_src_quenchs, 1);
}

/// As on Linux: the sender of the SYN cannot be reached, and its place is free for another.
#[test]
fn a_half_open_connection_goes_if_its_own_syn_ack_is_quoted() {
    let (mut script, _) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460>");
    let syn_ack = script.next_segment(A);
    let mut guess = syn_ack.clone();
    guess.sequence += 1;
    script.inject_frame(&unreachable(unreachable::HOST, &guess));
    assert_eq!(script.stack.shard.connection_counts(), (0, 1, 0));
    assert_eq!(script.stack.shard.counters().out_of_window_icmps, 1);
    script.inject_frame(&unreachable(unreachable::HOST, &syn_ack));
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    script.expect_nothing();
}

/// RFC 1191 6: what was too long goes out again at once, shorter, and so does all that follows.
#[test]
fn a_shorter_path_has_what_is_in_flight_sent_again_at_once() {
    let (mut script, id, sent) = sending(options(), 2920);
    assert_eq!(lengths(&sent), [1460, 1460]);
    script.inject_frame(&too_long(1000, &sent[0]));
    let again = script.segments_now(A);
    assert_eq!(again[0].sequence, sent[0].sequence);
    assert!(
        lengths(&again).iter().all(|&length| length <= 960),
        "{:?}",
        lengths(&again)
    );
    assert_eq!(lengths(&again).iter().sum::<usize>(), 2920);
    script.inject(A, ". 1:1(0) ack 2921");
    script.write(id, 2920..3920);
    assert_eq!(lengths(&script.segments_now(A)), [960, 40]);
}

#[test]
fn a_path_is_not_believed_to_be_shorter_than_min_pmtu() {
    for (told, min_pmtu, longest) in [(68, 552, 512), (68, 1000, 960), (0, 552, 1492 - 40)] {
        let tcp = Sysctls {
            min_pmtu,
            ..Sysctls::default()
        };
        let (mut script, _, sent) = sending(ShardOptions { tcp, ..options() }, 2920);
        script.inject_frame(&too_long(told, &sent[0]));
        let again = script.segments_now(A);
        assert_eq!(lengths(&again).first(), Some(&longest), "told {told}");
    }
}

/// RFC 5927 7.2: it would have passed.
#[test]
fn a_path_that_takes_what_was_sent_changes_nothing() {
    let (mut script, _, sent) = sending(options(), 2920);
    script.inject_frame(&too_long(1500, &sent[0]));
    script.expect_nothing();
    let (mut script, _, sent) = sending(options(), 100);
    script.inject_frame(&too_long(1000, &sent[0]));
    script.expect_nothing();
}

#[test]
fn longer_segments_are_tried_again_after_mtu_expires() {
    for (wait, length) in [(6, 960), (8, 1460)] {
        let tcp = Sysctls {
            mtu_expires: Duration::from_secs(7),
            ..Sysctls::default()
        };
        let (mut script, id, sent) = sending(ShardOptions { tcp, ..options() }, 2920);
        script.inject_frame(&too_long(1000, &sent[0]));
        script.drain();
        script.inject(A, ". 1:1(0) ack 2921");
        script.advance(Duration::from_secs(wait));
        script.write(id, 2920..4380);
        assert_eq!(
            lengths(&script.segments_now(A))[0],
            length,
            "after {wait} s"
        );
    }
}
