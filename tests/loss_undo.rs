//! What was sent again though it was only late, and the window that is given back for it (RFC 3522, RFC 4015).

use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_stack::{CongestionAlgorithm, ConnectionId, ShardOptions, SocketOptions};
use periplus_tcp::{BufferSizes, CaState, Sysctls, TcpInfo};
use periplus_tests::{Pair, Script, Stream, content, options};
use std::time::Duration;

const A: u16 = 40_001;

/// Ten segments of a thousand bytes are in flight to a peer with SACK and timestamps. Returns the timestamp that they carry.
fn in_flight() -> (Script, ConnectionId, u32) {
    in_flight_to("S")
}

/// So they are to a peer whose SYN has these flags.
fn in_flight_to(syn: &str) -> (Script, ConnectionId, u32) {
    // a write of many segments is taken at once
    let tcp = Sysctls {
        tcp_wmem: BufferSizes::fixed(512 * 1024),
        ..Sysctls::default()
    };
    let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
    let syn = format!("{syn} 0:0(0) win 65535 <mss 1012,sackOK,TS val 100 ecr 0>");
    script.inject(A, &syn);
    let tsval = script.next_segment(A).options.timestamps.unwrap().value;
    script.advance(Duration::from_millis(50));
    script.inject(A, &format!(". 1:1(0) ack 1 <TS val 110 ecr {tsval}>"));
    let id = script.accept(web).id;
    script.write(id, 0..10_000);
    let flight = script.segments_now(A);
    assert_eq!(flight.len(), 10);
    let tsval = flight[0].options.timestamps.unwrap().value;
    (script, id, tsval)
}

fn info(script: &Script, id: ConnectionId) -> TcpInfo {
    script.stack.shard.tcp_info(script.now, id).unwrap()
}

/// An ACK that echoes a timestamp.
fn acknowledge(script: &mut Script, text: &str, echo: u32) {
    script.inject(A, &format!("{text} <TS val 200 ecr {echo}>"));
}

/// Nothing is heard until the timer sends the first segment again.
fn time_out(script: &mut Script, id: ConnectionId) {
    while info(script, id).ca_state != CaState::Loss {
        script.wait_for_segment(A, Duration::from_secs(1)); // a probe comes before it
    }
    let state = info(script, id);
    assert_eq!((state.ca_state, state.snd_cwnd), (CaState::Loss, 1));
    assert_eq!(state.snd_ssthresh, Some(7));
}

#[test]
fn a_time_out_for_what_was_only_late_costs_nothing() {
    let (mut script, id, tsval) = in_flight();
    time_out(&mut script, id);
    acknowledge(&mut script, ". 1:1(0) ack 5001", tsval);
    let state = info(&script, id);
    assert_eq!((state.ca_state, state.snd_cwnd), (CaState::Open, 15));
    assert_eq!(state.snd_ssthresh, None);
    script.expect_nothing(); // the other five are on their way, too
    assert_eq!(script.stack.shard.counters().tcp_loss_undo, 1);
}

#[test]
fn a_time_out_whose_copy_is_acknowledged_was_one() {
    let (mut script, id, tsval) = in_flight();
    let before = script.now;
    time_out(&mut script, id);
    let waited = script.now.since(before).as_millis() as u32;
    acknowledge(&mut script, ". 1:1(0) ack 1001", tsval + waited);
    assert_eq!(info(&script, id).snd_ssthresh, Some(7));
    assert_eq!(script.stack.shard.counters().tcp_loss_undo, 0);
    script.expect(A, ". 1001:2001(1000) ack 1");
}

/// The peer has the second, third and fourth segment: the first is sent again.
fn recovery(script: &mut Script, id: ConnectionId, tsval: u32) {
    script.advance(Duration::from_millis(50));
    acknowledge_and_sack(script, ". 1:1(0) ack 1", tsval, "1001:4001");
    script.expect(A, ". 1:1001(1000) ack 1");
    assert_eq!(info(script, id).ca_state, CaState::Recovery);
}

/// An ACK that echoes a timestamp and tells of more than it acknowledges.
fn acknowledge_and_sack(script: &mut Script, text: &str, echo: u32, block: &str) {
    script.inject(A, &format!("{text} <TS val 200 ecr {echo},sack {block}>"));
}

#[test]
fn a_recovery_from_what_was_only_late_gives_the_window_back_when_it_ends() {
    let (mut script, id, tsval) = in_flight();
    recovery(&mut script, id, tsval);
    acknowledge(&mut script, ". 1:1(0) ack 10001", tsval);
    let state = info(&script, id);
    assert_eq!((state.ca_state, state.snd_ssthresh), (CaState::Open, None));
    assert_eq!(state.snd_cwnd, 17);
    assert_eq!(script.stack.shard.counters().tcp_full_undo, 1);
}

#[test]
fn or_once_nothing_is_on_its_way_that_was_sent_again() {
    let (mut script, id, tsval) = in_flight();
    recovery(&mut script, id, tsval);
    acknowledge(&mut script, ". 1:1(0) ack 5001", tsval);
    let state = info(&script, id);
    assert_eq!((state.ca_state, state.snd_ssthresh), (CaState::Open, None));
    assert_eq!(state.snd_cwnd, 12);
    assert_eq!(script.stack.shard.counters().tcp_partial_undo, 1);
    script.expect_nothing();
}

#[test]
fn what_fills_a_hole_late_shows_that_others_may_be_late_as_well() {
    let (mut script, id, tsval) = in_flight();
    recovery(&mut script, id, tsval);
    acknowledge_and_sack(&mut script, ". 1:1(0) ack 4001", tsval, "6001:9001");
    let state = info(&script, id);
    let expected = (CaState::Disorder, None, 9);
    assert_eq!(
        (state.ca_state, state.snd_ssthresh, state.reordering),
        expected
    );
    script.expect_nothing();
    acknowledge(&mut script, ". 1:1(0) ack 10001", tsval);
    let state = info(&script, id);
    assert_eq!((state.ca_state, state.snd_ssthresh), (CaState::Open, None));
    let counters = script.stack.shard.counters();
    assert_eq!(
        (counters.tcp_sack_recovery, counters.tcp_ts_reorder),
        (1, 1)
    );
}

#[test]
fn a_recovery_in_which_nothing_was_sent_again_was_for_nothing() {
    let (mut script, id, tsval) = in_flight();
    let paced = SocketOptions {
        max_pacing_rate: Some(10_000), // a segment in a tenth of a second
        ..SocketOptions::default()
    };
    script.stack.shard.set_socket_options(script.now, id, paced);
    script.write(id, 10_000..30_000);
    script.advance(Duration::from_millis(50));
    acknowledge(&mut script, ". 1:1(0) ack 1001", tsval);
    assert_eq!(script.segments_now(A).len(), 2);
    acknowledge_and_sack(&mut script, ". 1:1(0) ack 1001", tsval, "2001:5001");
    assert_eq!(info(&script, id).ca_state, CaState::Recovery);
    script.expect_nothing();
    acknowledge(&mut script, ". 1:1(0) ack 5001", tsval);
    let state = info(&script, id);
    assert_eq!((state.ca_state, state.snd_ssthresh), (CaState::Open, None));
    assert_eq!(state.total_retrans, 0);
    assert_eq!(script.stack.shard.counters().tcp_partial_undo, 1);
}

#[test]
fn but_not_while_a_copy_is_on_its_way() {
    let (mut script, id, tsval) = in_flight();
    script.advance(Duration::from_millis(50));
    acknowledge_and_sack(&mut script, ". 1:1(0) ack 1", tsval, "2001:8001");
    script.expect(A, ". 1:1001(1000) ack 1");
    script.expect(A, ". 1001:2001(1000) ack 1");
    acknowledge_and_sack(&mut script, ". 1:1(0) ack 1001", tsval, "2001:8001");
    assert_eq!(info(&script, id).ca_state, CaState::Recovery);
}

#[test]
fn what_is_lost_after_all_is_repaired_at_once() {
    let (mut script, id, tsval) = in_flight();
    time_out(&mut script, id);
    acknowledge(&mut script, ". 1:1(0) ack 5001", tsval);
    script.expect_nothing();
    acknowledge_and_sack(&mut script, ". 1:1(0) ack 5001", tsval, "6001:9001");
    script.expect(A, ". 5001:6001(1000) ack 1");
    assert_eq!(info(&script, id).ca_state, CaState::Recovery);
}

/// HyStart++ is for the first slow start, which goes on: a growing round trip still slows it.
#[test]
fn slow_start_goes_on_as_it_was() {
    let (mut script, id, tsval) = in_flight();
    time_out(&mut script, id);
    acknowledge(&mut script, ". 1:1(0) ack 10001", tsval);
    assert_eq!(info(&script, id).snd_cwnd, 20);
    let mut written = 10_000;
    script.advance(Duration::from_millis(10));
    for (round_trip, segments) in [(50, 20), (80, 40)] {
        script.write(id, written..written + 1000 * segments);
        script.drain();
        script.advance(Duration::from_millis(round_trip));
        for _ in 0..segments {
            written += 1000;
            acknowledge(&mut script, &format!(". 1:1(0) ack {}", written + 1), tsval);
        }
    }
    let cwnd = info(&script, id).snd_cwnd;
    assert!((50..60).contains(&cwnd), "not 80, but {cwnd}");
}

#[test]
fn without_timestamps_nobody_knows_who_does_not_look() {
    let tcp = Sysctls {
        tcp_frto: 0,
        ..Sysctls::default()
    };
    let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1000,sackOK>");
    script.drain();
    script.inject(A, ". 1:1(0) ack 1");
    let id = script.accept(web).id;
    script.write(id, 0..10_000);
    script.drain();
    time_out(&mut script, id);
    script.inject(A, ". 1:1(0) ack 10001");
    assert_eq!(info(&script, id).snd_ssthresh, Some(7));
}

/// A mark says that the path is congested, whatever became of the segments beside it.
#[test]
fn what_a_mark_cost_is_not_given_back() {
    // before the loss, with it, and with the ACK that shows that there was none
    for marked in 0..3 {
        let (mut script, id, tsval) = in_flight_to("SEW");
        let flags = |at| if marked == at { "E." } else { "." };
        script.advance(Duration::from_millis(50));
        acknowledge(&mut script, &format!("{} 1:1(0) ack 1001", flags(0)), tsval);
        let loss = format!("{} 1:1(0) ack 1001", flags(1));
        acknowledge_and_sack(&mut script, &loss, tsval, "2001:5001");
        script.expect(A, ". 1001:2001(1000) ack 1");
        let end = format!("{} 1:1(0) ack 10001", flags(2));
        acknowledge(&mut script, &end, tsval);
        let state = info(&script, id);
        assert_eq!(state.snd_ssthresh, Some(7), "{marked}");
        assert!(state.snd_cwnd <= 8, "{marked}: {}", state.snd_cwnd);
    }
}

#[test]
fn a_time_out_after_a_mark_costs_nothing_more() {
    let (mut script, id, tsval) = in_flight_to("SEW");
    script.advance(Duration::from_millis(50));
    acknowledge(&mut script, "E. 1:1(0) ack 1001", tsval);
    acknowledge(&mut script, ". 1:1(0) ack 5001", tsval);
    assert!(info(&script, id).snd_cwnd < 10);
    while info(&script, id).ca_state != CaState::Loss {
        script.wait_for_segment(A, Duration::from_secs(2));
    }
    assert_eq!(info(&script, id).snd_ssthresh, Some(7));
}

/// What is chosen in its place has a window of its own to answer for.
#[test]
fn another_congestion_control_gives_nothing_back() {
    let (mut script, id, tsval) = in_flight();
    recovery(&mut script, id, tsval);
    let options = SocketOptions {
        congestion: Some(CongestionAlgorithm::Reno),
        ..SocketOptions::default()
    };
    let now = script.now;
    let shard = &mut script.stack.shard;
    shard.set_socket_options(now, id, options);
    acknowledge(&mut script, ". 1:1(0) ack 10001", tsval);
    assert_eq!(info(&script, id).snd_ssthresh, Some(7));
}

/// Frames that are held back for longer than a time-out, on a path that loses others and marks none.
fn late_and_lossy(seed: u64) -> FaultOptions {
    FaultOptions {
        seed,
        loss: [0.0, 0.02, 0.1][seed as usize % 3],
        duplicate: 0.02,
        reorder: 0.05,
        reorder_delay: Duration::from_millis([20, 300, 2000][seed as usize / 3 % 3]),
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis([0, 5][seed as usize / 9 % 2]),
        ..FaultOptions::default()
    }
}

/// One of the ways in which two hosts may be set up.
fn set_up(seed: u64) -> ShardOptions {
    let tcp = Sysctls {
        tcp_sack: !seed.is_multiple_of(4),
        tcp_ecn: 1,
        tcp_congestion_control: CongestionAlgorithm::ALL[seed as usize / 4 % 2],
        hystart_detect: [12, 4, 3, 0][seed as usize / 8 % 4],
        tcp_slow_start_after_idle: seed.is_multiple_of(2),
        ..Sysctls::default()
    };
    ShardOptions { tcp, ..options() }
}

/// Whatever is undone while whatever else is lost: every byte arrives, and no end waits for ever.
#[test]
fn every_byte_arrives_where_some_are_late_and_others_lost() {
    const SEEDS: u64 = 72;
    const LENGTH: u64 = 200_000;
    let mut undone = [0; 3];
    for seed in 1..=SEEDS {
        let both = [set_up(seed), set_up(seed)];
        let mut pair = Pair::faulty(both, late_and_lossy(seed), LinkOptions::default());
        let web = pair.server.listen(80, 10);
        let (client, server) = pair.connect(web, 80);
        let mut client = Stream::new(client, content(0..LENGTH));
        let mut server = Stream::new(server, content(0..LENGTH));
        pair.run_until(Duration::from_secs(3600), |pair| {
            let now = pair.now;
            client.pump(&mut pair.client, now).expect("it holds");
            server.pump(&mut pair.server, now).expect("it holds");
            client.is_done() && server.is_done()
        });
        assert!(client.received == content(0..LENGTH), "{seed}");
        assert!(server.received == content(0..LENGTH), "{seed}");
        for host in [&pair.server, &pair.client] {
            let counters = host.shard.counters();
            undone[0] += counters.tcp_loss_undo;
            undone[1] += counters.tcp_full_undo;
            undone[2] += counters.tcp_partial_undo;
        }
    }
    assert!(undone.iter().all(|&times| times > 0), "{undone:?}");
}
