//! What was sent again for nothing, where no timestamps tell: by new data after a time-out (F-RTO, RFC 5682), and by D-SACK (RFC 3708).

use periplus_stack::{CongestionAlgorithm, ConnectionId};
use periplus_tcp::{CaState, TcpInfo};
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const RTT: Duration = Duration::from_millis(20);

/// Ten segments of a thousand bytes are in flight, of `written`, to a peer whose SYN has these options more.
fn in_flight(written: u64, syn_options: &str) -> (Script, ConnectionId) {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, &format!("S 0:0(0) win 65535 <mss 1000{syn_options}>"));
    script.drain();
    script.advance(RTT);
    script.inject(A, ". 1:1(0) ack 1");
    let id = script.accept(web).id;
    script.choose(id, CongestionAlgorithm::Reno);
    script.write(id, 0..written);
    assert_eq!(script.segments_now(A).len(), 10);
    script.advance(RTT);
    (script, id)
}

fn info(script: &Script, id: ConnectionId) -> TcpInfo {
    script.stack.shard.tcp_info(script.now, id).unwrap()
}

fn time_out(script: &mut Script, id: ConnectionId) {
    let mut last = String::new();
    while info(script, id).ca_state != CaState::Loss {
        last = script.wait_for_segment(A, Duration::from_secs(1)); // a probe may come before it
    }
    assert_eq!(last, ". 1:1001(1000) ack 1");
    assert_eq!(info(script, id).snd_ssthresh, Some(5));
}

#[test]
fn after_a_time_out_new_data_finds_out_that_nothing_was_lost() {
    for syn_options in [",sackOK", ""] {
        let (mut script, id) = in_flight(20_000, syn_options);
        time_out(&mut script, id);
        // The path stood still. What the peer acknowledges may be the copy.
        script.inject(A, ". 1:1(0) ack 1001");
        let new = script.segments_now(A);
        assert!(!new.is_empty(), "{syn_options}");
        assert!(new.iter().all(|segment| segment.data.len() == 1000));
        // This one was never sent again.
        script.inject(A, ". 1:1(0) ack 2001");
        let state = info(&script, id);
        assert_eq!((state.ca_state, state.snd_ssthresh), (CaState::Open, None));
        assert_eq!(
            (state.lost, script.stack.shard.counters().tcp_spurious_rtos),
            (0, 1)
        );
    }
}

#[test]
fn or_that_it_was_after_all() {
    let (mut script, id) = in_flight(20_000, ",sackOK");
    time_out(&mut script, id);
    script.inject(A, ". 1:1(0) ack 1001");
    let new = script.segments_now(A).len() as u32;
    assert!(new > 0);
    let end = 10_001 + 1000 * new;
    script.inject(A, &format!(". 1:1(0) ack 1001 <sack {}:{end}>", end - 1000));
    script.expect(A, ". 1001:2001(1000) ack 1");
    let state = info(&script, id);
    assert_eq!(
        (state.ca_state, state.snd_ssthresh),
        (CaState::Loss, Some(5))
    );
    assert_eq!(script.stack.shard.counters().tcp_spurious_rtos, 0);
}

#[test]
fn without_new_data_what_counts_as_lost_is_sent_again() {
    let (mut script, id) = in_flight(10_000, ",sackOK");
    time_out(&mut script, id);
    script.inject(A, ". 1:1(0) ack 1001");
    script.expect(A, ". 1001:2001(1000) ack 1");
    script.expect(A, ". 2001:3001(1000) ack 1");
    script.expect_nothing();
}

/// The first segment, sent again in a recovery, was only late.
fn late(script: &mut Script, id: ConnectionId) {
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:4001>");
    script.expect(A, ". 1:1001(1000) ack 1");
    assert_eq!(info(script, id).ca_state, CaState::Recovery);
    script.advance(Duration::from_millis(5));
    script.inject(A, ". 1:1(0) ack 4001");
    assert_eq!(info(script, id).snd_ssthresh, Some(5));
}

#[test]
fn a_copy_that_is_reported_to_have_been_needless_gives_the_window_back() {
    // while the recovery lasts, and after it
    for end in [4001, 10_001] {
        let (mut script, id) = in_flight(10_000, ",sackOK");
        late(&mut script, id);
        script.inject(A, &format!(". 1:1(0) ack {end}"));
        script.advance(RTT);
        script.inject(A, &format!(". 1:1(0) ack {end} <sack 1:1001>"));
        let state = info(&script, id);
        assert_eq!(
            (state.ca_state, state.snd_ssthresh),
            (CaState::Open, None),
            "{end}"
        );
        assert!(state.snd_cwnd >= 10);
        assert_eq!(state.dsack_dups, 1);
        assert_eq!(script.stack.shard.counters().tcp_dsack_undo, 1);
    }
}

#[test]
fn but_not_while_another_copy_was_not_reported() {
    let (mut script, id) = in_flight(10_000, ",sackOK");
    script.inject(A, ". 1:1(0) ack 1 <sack 2001:7001>");
    script.expect(A, ". 1:1001(1000) ack 1");
    script.expect(A, ". 1001:2001(1000) ack 1");
    script.advance(RTT);
    script.inject(A, ". 1:1(0) ack 10001 <sack 1:1001>");
    assert_eq!(info(&script, id).snd_ssthresh, Some(5));
    script.inject(A, ". 1:1(0) ack 10001 <sack 1001:2001>");
    assert_eq!(info(&script, id).snd_ssthresh, None);
}

/// More than was ever sent again cannot be reported: the network doubles segments, or the peer wants a wide window.
#[test]
fn who_reports_what_was_never_sent_again_is_not_heard() {
    let (mut script, id) = in_flight(10_000, ",sackOK");
    for _ in 0..5 {
        script.inject(A, ". 1:1(0) ack 3001 <sack 1:1001>");
    }
    script.inject(A, ". 1:1(0) ack 3001 <sack 4001:7001>");
    script.expect(A, ". 3001:4001(1000) ack 1");
    script.inject(A, ". 1:1(0) ack 3001 <sack 3001:4001 3001:7001>");
    assert_eq!(info(&script, id).snd_ssthresh, Some(6));
    assert_eq!(script.stack.shard.counters().tcp_dsack_undo, 0);
}
