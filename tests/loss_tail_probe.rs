//! Tail loss probes (RFC 8985 7): what is lost at a flight's end is noticed before the timer expires.

use periplus_stack::{ConnectionId, ShardOptions};
use periplus_tcp::Sysctls;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const RTT: Duration = Duration::from_millis(10);

const fn milliseconds(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A connection with SACK over a path of 10 ms, whose RTO is 210 ms.
fn established(tcp_early_retrans: u8) -> (Script, ConnectionId) {
    let tcp = Sysctls {
        tcp_early_retrans,
        ..Sysctls::default()
    };
    let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460,sackOK>");
    script.expect(A, "S. 0:0(0) ack 1");
    script.advance(RTT);
    script.inject(A, ". 1:1(0) ack 1");
    let id = script.accept(web).id;
    (script, id)
}

fn three_segments(script: &mut Script, id: ConnectionId) {
    script.write(id, 0..4380);
    assert_eq!(script.segments_now(A).len(), 3);
}

#[test]
fn the_last_segment_goes_out_again_after_two_round_trips() {
    let (mut script, id) = established(3);
    three_segments(&mut script, id);
    script.expect_after(milliseconds(22), A, "P. 2921:4381(1460) ack 1");
    let counters = script.stack.shard.counters();
    assert_eq!((counters.tcp_loss_probes, counters.tcp_timeouts), (1, 0));
    // One probe a flight; behind it the retransmission timer begins anew.
    script.expect_after(milliseconds(210), A, ". 1:1461(1460) ack 1");
    assert_eq!(script.stack.shard.counters().tcp_timeouts, 1);
}

#[test]
fn one_segment_alone_waits_for_the_acknowledgment_that_may_be_delayed() {
    let (mut script, id) = established(3);
    script.write(id, 0..100);
    script.expect(A, "P. 1:101(100) ack 1");
    script.expect_after(milliseconds(210), A, "P. 1:101(100) ack 1");
    assert_eq!(script.stack.shard.counters().tcp_loss_probes, 1);
    script.expect_after(milliseconds(210), A, "P. 1:101(100) ack 1");
    assert_eq!(script.stack.shard.counters().tcp_timeouts, 1);
}

#[test]
fn the_knob_switches_it_off() {
    let (mut script, id) = established(0);
    three_segments(&mut script, id);
    script.expect_after(milliseconds(210), A, ". 1:1461(1460) ack 1");
    assert_eq!(script.stack.shard.counters().tcp_loss_probes, 0);
}

#[test]
fn a_peer_without_sack_is_not_probed() {
    let (mut script, id) = Script::established(A);
    script.write(id, 0..100);
    script.expect(A, "P. 1:101(100) ack 1");
    script.expect_after(milliseconds(200), A, "P. 1:101(100) ack 1");
    assert_eq!(script.stack.shard.counters().tcp_timeouts, 1);
}

#[test]
fn what_is_acknowledged_needs_no_probe() {
    let (mut script, id) = established(3);
    three_segments(&mut script, id);
    script.advance(RTT);
    script.inject(A, ". 1:1(0) ack 4381");
    script.advance(Duration::from_secs(10));
    script.expect_nothing();
    assert_eq!(
        script.stack.shard.connection(id).unwrap().next_timeout(),
        None
    );
}

/// Nobody else would notice: the last segment was lost, the probe repaired it.
#[test]
fn a_loss_that_a_probe_repaired_halves_the_window() {
    let (mut script, id) = established(3);
    three_segments(&mut script, id);
    script.advance(RTT);
    script.inject(A, ". 1:1(0) ack 2921");
    script.drain();
    script.advance(milliseconds(215));
    script.expect(A, "P. 2921:4381(1460) ack 1");
    script.inject(A, ". 1:1(0) ack 4381");
    assert_eq!(script.stack.shard.counters().tcp_loss_probe_recovery, 0);
    script.write(id, 4380..4480);
    script.expect(A, "P. 4381:4481(100) ack 1");
    script.inject(A, ". 1:1(0) ack 4481");
    assert_eq!(script.stack.shard.counters().tcp_loss_probe_recovery, 1);
}

#[test]
fn a_probe_that_was_needless_halves_nothing() {
    let (mut script, id) = established(3);
    three_segments(&mut script, id);
    script.expect_after(milliseconds(22), A, "P. 2921:4381(1460) ack 1");
    script.inject(A, ". 1:1(0) ack 4381");
    script.inject(A, ". 1:1(0) ack 4381"); // for the copy
    script.write(id, 4380..4480);
    script.expect(A, "P. 4381:4481(100) ack 1");
    script.inject(A, ". 1:1(0) ack 4481");
    assert_eq!(script.stack.shard.counters().tcp_loss_probe_recovery, 0);
}

/// What the answer to the probe shows to be lost costs the window once, and the probe nothing beside it.
#[test]
fn a_recovery_that_the_probe_brought_about_reduces_once() {
    let (mut script, id) = established(3);
    script.write(id, 0..14_600);
    script.drain();
    script.expect_after(milliseconds(22), A, "P. 13141:14601(1460) ack 1");
    script.inject(A, ". 1:1(0) ack 1 <sack 1461:14601>");
    script.expect(A, ". 1:1461(1460) ack 1");
    script.inject(A, ". 1:1(0) ack 14601");
    let info = |script: &Script| script.stack.shard.tcp_info(script.now, id).unwrap();
    let after_recovery = info(&script);
    assert_eq!(after_recovery.snd_ssthresh, Some(7));
    script.write(id, 14_600..20_440);
    script.drain();
    script.inject(A, ". 1:1(0) ack 20441");
    let then = info(&script);
    assert_eq!(then.snd_ssthresh, Some(7));
    assert_eq!(then.snd_cwnd, after_recovery.snd_cwnd);
    assert_eq!(script.stack.shard.counters().tcp_loss_probe_recovery, 0);
}
