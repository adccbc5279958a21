//! What a SYN/ACK said holds, whatever is set between it and the ACK.

use periplus_stack::{ListenerId, ShardOptions, SocketOptions};
use periplus_tcp::Sysctls;
use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET, Script, Segment, options};
use periplus_wire::tcp::{TcpFlags, Timestamps};
use std::time::Duration;

const A: u16 = 40_001;
const SYN: &str = "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 700 ecr 0,wscale 7>";

/// A listener that has answered a SYN, and its SYN/ACK.
fn answered(options: ShardOptions) -> (Script, ListenerId, Segment) {
    let (mut script, web) = Script::listening(options, 10);
    script.inject(A, SYN);
    let syn_ack = script.next_segment(A);
    (script, web, syn_ack)
}

/// The segment `text` of the peer, with the timestamps that answer `last`.
fn inject(script: &mut Script, last: &Segment, text: &str) {
    let ours = last.options.timestamps.expect("timestamps");
    let mut segment = script.segment(A, text);
    segment.options.timestamps = Some(Timestamps {
        value: 701,
        echo_reply: ours.value,
    });
    script.inject_frame(&segment.to_frame(PEER_ETHERNET, STACK_ETHERNET));
}

fn none_of_it() -> Sysctls {
    Sysctls {
        tcp_window_scaling: false,
        tcp_timestamps: false,
        tcp_sack: false,
        tcp_ecn: 0,
        ..Sysctls::default()
    }
}

/// The peer completes the handshake, and sends a segment after a hole and what fills it. The right edge that it is told has not
/// moved left, by the scale that it was told.
fn is_kept(script: &mut Script, web: ListenerId, syn_ack: &Segment) {
    let edge = 1 + u32::from(syn_ack.window);
    let scale = syn_ack.options.window_scale.expect("a window scale");
    inject(script, syn_ack, ". 1:1(0) ack 1");
    script.accept(web);
    inject(script, syn_ack, "P. 1001:2001(1000) ack 1");
    let duplicate = script.next_segment(A);
    assert!(duplicate.options.timestamps.is_some());
    assert_eq!(duplicate.options.sack.iter().count(), 1);
    inject(script, syn_ack, "P. 1:1001(1000) ack 1");
    let ack = script.next_segment(A);
    assert_eq!(
        ack.acknowledgment,
        script.segment(A, ". 2001:2001(0)").sequence
    );
    let told = 2001 + (u32::from(ack.window) << scale);
    assert!(told >= edge, "{told} lies left of {edge}");
    assert!(told < edge + 200_000, "{told} was never meant");
}

#[test]
fn a_listeners_buffer_and_clamp_do_not_change_what_a_client_was_told() {
    let narrow = SocketOptions {
        receive_buffer: Some(20_000),
        ..SocketOptions::default()
    };
    let clamped = SocketOptions {
        window_clamp: Some(20_000),
        ..SocketOptions::default()
    };
    for (before, after) in [
        (SocketOptions::default(), narrow),
        (SocketOptions::default(), clamped),
        (narrow, SocketOptions::default()),
    ] {
        let (mut script, web) = Script::listening(options(), 10);
        let now = script.now;
        script.stack.shard.set_listener_options(now, web, before);
        script.inject(A, SYN);
        let syn_ack = script.next_segment(A);
        script.stack.shard.set_listener_options(now, web, after);
        is_kept(&mut script, web, &syn_ack);
    }
}

#[test]
fn knobs_do_not_change_what_a_client_was_told() {
    let (mut script, web, syn_ack) = answered(options());
    script.stack.shard.set_sysctls(none_of_it());
    is_kept(&mut script, web, &syn_ack);
}

#[test]
fn every_copy_of_a_syn_ack_says_the_same() {
    let (mut script, web, first) = answered(options());
    script.stack.shard.set_sysctls(none_of_it());
    script.advance(Duration::from_millis(1_001));
    let mut copy = script.next_segment(A);
    assert!(copy.is(TcpFlags::SYN | TcpFlags::ACK));
    let (before, after) = (first.options.timestamps, copy.options.timestamps);
    assert!(after.expect("timestamps").value > before.expect("timestamps").value);
    copy.options.timestamps = before;
    copy.option_bytes.clone_from(&first.option_bytes);
    assert_eq!(copy, first);
    is_kept(&mut script, web, &first);
}

/// What was not offered to this client is not agreed on, though it would be now.
#[test]
fn what_a_client_was_not_told_is_not_agreed_on() {
    let tcp = none_of_it();
    let (mut script, web, syn_ack) = answered(ShardOptions { tcp, ..options() });
    assert_eq!(syn_ack.options.window_scale, None);
    script.stack.shard.set_sysctls(Sysctls::default());
    script.inject(A, ". 1:1(0) ack 1 win 500");
    let id = script.accept(web).id;
    script.inject(A, "P. 1001:2001(1000) ack 1 win 500");
    let duplicate = script.next_segment(A);
    assert_eq!(duplicate.options.timestamps, None);
    assert_eq!(duplicate.options.sack.iter().count(), 0);
    script.write(id, 0..10_000);
    let sent: usize = script
        .segments_now(A)
        .iter()
        .map(|segment| segment.data.len())
        .sum();
    assert_eq!(sent, 500, "its window is not scaled");
}
