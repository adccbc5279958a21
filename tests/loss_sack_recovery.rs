//! Recovery by what the peer's SACK options say (RFC 8985).

use periplus_stack::{CongestionAlgorithm, ConnectionId};
use periplus_tests::{Script, Segment, options};
use periplus_wire::SeqNum;
use std::collections::VecDeque;
use std::time::Duration;

const A: u16 = 40_001;

/// The path's round-trip time.
const RTT: Duration = Duration::from_millis(20);

fn connected(syn_options: &str) -> (Script, ConnectionId) {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, &format!("S 0:0(0) win 65535 <mss 1000{syn_options}>"));
    script.drain();
    script.advance(RTT);
    script.inject(A, ". 1:1(0) ack 1");
    let id = script.accept(web).id;
    (script, id)
}

/// So many segments of a thousand bytes are in flight to a peer that understands SACK.
fn in_flight(segments: u64) -> (Script, ConnectionId) {
    let (mut script, id) = connected(",sackOK");
    script.write(id, 0..1000 * segments);
    assert_eq!(script.segments_now(A).len() as u64, segments);
    script.advance(RTT);
    (script, id)
}

#[test]
fn what_was_sent_before_something_that_arrived_is_lost_and_sent_again_in_order() {
    let (mut script, id) = in_flight(10);
    let info = |script: &Script| {
        let info = script.stack.shard.tcp_info(script.now, id).unwrap();
        (info.lost, info.retrans, info.reordering)
    };
    script.inject(A, ". 1:1(0) ack 1 <sack 2001:3001>");
    script.inject(A, ". 1:1(0) ack 1 <sack 6001:7001 2001:3001>");
    script.expect_nothing();
    script.inject(A, ". 1:1(0) ack 1 <sack 8001:9001 6001:7001 2001:3001>");
    script.expect(A, ". 1:1001(1000) ack 1");
    script.expect_nothing();
    assert_eq!(info(&script), (6, 1, 3));
    // One of the six was late, not lost.
    script.inject(A, ". 1:1(0) ack 1 <sack 2001:4001 8001:9001 6001:7001>");
    script.expect(A, ". 1001:2001(1000) ack 1");
    script.expect_nothing();
    assert_eq!(info(&script), (5, 2, 6));
    script.inject(A, ". 1:1(0) ack 1 <sack 8001:10001 2001:4001 6001:7001>");
    script.expect(A, ". 4001:5001(1000) ack 1");
    script.expect_nothing();
    // What was sent again arrives: the path takes more (RFC 9937, SafeACK).
    script.inject(A, ". 1:1(0) ack 1001 <sack 8001:10001 2001:4001 6001:7001>");
    script.expect(A, ". 5001:6001(1000) ack 1");
    script.expect(A, ". 7001:8001(1000) ack 1");
    assert_eq!(info(&script), (4, 4, 6));
    script.inject(A, ". 1:1(0) ack 7001 <sack 8001:10001>");
    script.inject(A, ". 1:1(0) ack 10001");
    script.expect_nothing();
    assert_eq!(info(&script), (0, 0, 6));
    let counters = script.stack.shard.counters();
    assert_eq!((counters.tcp_sack_recovery, counters.tcp_timeouts), (1, 0));
    assert_eq!(
        (counters.tcp_fast_retrans, counters.tcp_retrans_segs),
        (5, 5)
    );
}

/// RFC 8985 6.2, step 4: a quarter of the round-trip time, and what the timer adds.
#[test]
fn on_a_path_that_reorders_what_may_be_late_is_waited_for() {
    let (mut script, id) = in_flight(10);
    script.inject(A, ". 1:1(0) ack 1 <sack 3001:4001>");
    script.inject(A, ". 1:1(0) ack 1 <sack 2001:4001>");
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:4001>");
    script.expect_nothing();
    let info = |script: &Script| script.stack.shard.tcp_info(script.now, id).unwrap();
    assert_eq!((info(&script).lost, info(&script).reordering), (0, 3));
    script.expect_after(Duration::from_millis(16), A, ". 1:1001(1000) ack 1");
    assert_eq!((info(&script).lost, info(&script).retrans), (1, 1));
    assert_eq!(script.stack.shard.counters().tcp_sack_reorder, 2);
}

/// The same where it arrives in time: nothing is sent again, and the window stays.
#[test]
fn what_was_only_late_costs_nothing() {
    let (mut script, id) = in_flight(10);
    for block in ["2001:3001", "1001:3001", "1001:6001"] {
        script.inject(A, &format!(". 1:1(0) ack 1 <sack {block}>"));
    }
    script.advance(Duration::from_millis(3));
    script.inject(A, ". 1:1(0) ack 6001");
    script.advance(Duration::from_millis(30));
    script.inject(A, ". 1:1(0) ack 10001");
    script.expect_nothing();
    let info = script.stack.shard.tcp_info(script.now, id).unwrap();
    assert_eq!((info.total_retrans, info.snd_ssthresh), (0, None));
}

/// Two SACKed segments are no three, but after a quarter of a round-trip time what came before them is lost as well.
#[test]
fn a_loss_near_the_end_of_a_flight_waits_for_a_quarter_of_the_round_trip() {
    let (mut script, _) = in_flight(3);
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:3001>");
    script.expect_nothing();
    script.expect_after(Duration::from_millis(16), A, ". 1:1001(1000) ack 1");
    script.inject(A, ". 1:1(0) ack 3001");
    assert_eq!(script.stack.shard.counters().tcp_timeouts, 0);
}

/// RFC 8985 6: a copy is judged as what was sent once is, by what was sent after it.
#[test]
fn a_copy_that_is_lost_is_sent_again_without_a_time_out() {
    let (mut script, id) = in_flight(10);
    script.write(id, 10_000..20_000);
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:4001>");
    script.expect(A, ". 1:1001(1000) ack 1");
    let sent = script.segments_now(A).len();
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:10001>");
    assert!(sent + script.segments_now(A).len() > 0, "new data follows");
    script.advance(RTT);
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:11001>");
    script.expect(A, ". 1:1001(1000) ack 1");
    script.drain();
    script.inject(A, ". 1:1(0) ack 11001");
    let counters = script.stack.shard.counters();
    assert_eq!(counters.tcp_lost_retransmit, 1);
    assert_eq!((counters.tcp_sack_recovery, counters.tcp_timeouts), (1, 0));
}

#[test]
fn new_data_goes_where_no_hole_is_known_to_be_lost_half_as_fast_as_it_arrives() {
    let (mut script, id) = in_flight(10);
    script.choose(id, CongestionAlgorithm::Reno);
    script.write(id, 10_000..17_000);
    for end in [2001, 3001] {
        script.advance(Duration::from_millis(10));
        script.inject(A, &format!(". 1:1(0) ack 1 <sack 1001:{end}>"));
        script.next_segment(A); // limited transmit
    }
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:4001>");
    script.expect(A, ". 1:1001(1000) ack 1");
    // on the way from ten segments to five one is sent for every second that arrives (RFC 9937)
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:5001>");
    script.expect_nothing();
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:6001>");
    script.expect(A, ". 12001:13001(1000) ack 1");
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:7001>");
    script.expect_nothing();
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:8001>");
    script.expect(A, ". 13001:14001(1000) ack 1");
    script.expect_nothing();
}

#[test]
fn a_segment_arrived_whole_or_not_at_all() {
    let (mut script, id) = connected(",sackOK");
    script.write(id, 0..10_000);
    script.drain();
    script.advance(RTT);
    for blocks in ["501:1001", "501:2001", "501:3001", "501:4001"] {
        script.inject(A, &format!(". 1:1(0) ack 1 <sack {blocks}>"));
    }
    // As on Linux: what is SACKed of a segment in part has to be told again.
    script.expect(A, ". 1:1001(1000) ack 1");
}

/// The newest segments were lost too, and nothing above them tells. A copy that has arrived does.
#[test]
fn what_was_sent_before_a_copy_that_arrived_is_lost() {
    let (mut script, _) = in_flight(10);
    for end in [2001, 3001, 4001, 5001, 6001, 7001, 8001] {
        script.inject(A, &format!(". 1:1(0) ack 1 <sack 1001:{end}>"));
    }
    script.expect(A, ". 1:1001(1000) ack 1");
    script.expect_nothing(); // the last two may still be on their way
    script.advance(RTT);
    script.inject(A, ". 1:1(0) ack 8001");
    script.expect(A, ". 8001:9001(1000) ack 1");
    script.expect(A, "P. 9001:10001(1000) ack 1");
    script.inject(A, ". 1:1(0) ack 10001");
    assert_eq!(script.stack.shard.counters().tcp_timeouts, 0);
}

#[test]
fn after_a_time_out_what_the_peer_has_is_skipped() {
    let (mut script, _) = in_flight(5);
    script.inject(A, ". 1:1(0) ack 1 <sack 2001:3001>");
    script.expect_after(Duration::from_millis(16), A, ". 1:1001(1000) ack 1");
    script.expect_after(Duration::from_millis(220), A, ". 1:1001(1000) ack 1");
    script.inject(A, ". 1:1(0) ack 1001 <sack 2001:3001>");
    script.expect(A, ". 1001:2001(1000) ack 1");
    script.expect(A, ". 3001:4001(1000) ack 1");
    script.expect_nothing();
    script.inject(A, ". 1:1(0) ack 4001");
    script.expect(A, "P. 4001:5001(1000) ack 1");
    let counters = script.stack.shard.counters();
    assert_eq!(
        (
            counters.tcp_sack_recovery_fail,
            counters.tcp_slow_start_retrans
        ),
        (1, 4)
    );
}

/// RFC 2018 8: who acknowledges no more than what comes before a block has thrown the block away.
#[test]
fn a_peer_that_throws_away_what_it_sacked_gets_it_again() {
    let (mut script, _) = in_flight(4);
    script.inject(A, ". 1:1(0) ack 1 <sack 1001:3001>");
    script.inject(A, ". 1:1(0) ack 1001");
    script.expect_nothing();
    script.expect_after(Duration::from_millis(10), A, ". 1001:2001(1000) ack 1");
    script.inject(A, ". 1:1(0) ack 2001");
    script.expect(A, ". 2001:3001(1000) ack 1");
    script.expect(A, "P. 3001:4001(1000) ack 1");
    assert_eq!(script.stack.shard.counters().tcp_sack_reneging, 1);
}

#[test]
fn blocks_that_cannot_be_true_are_ignored_and_counted() {
    let (mut script, id) = in_flight(5);
    script.write(id, 5000..5100);
    script.drain();
    let impossible = [
        "4001:9001", // beyond what was sent
        "3001:2001", // backwards
        "2001:2001", // empty
        "1:1001",    // it would have been acknowledged
    ];
    for block in impossible.iter().cycle().take(12) {
        script.inject(A, &format!(". 1:1(0) ack 1 <sack {block}>"));
    }
    script.expect_nothing();
    assert_eq!(script.stack.shard.counters().tcp_sack_discard, 12);
}

#[test]
fn what_came_twice_is_counted_and_is_no_loss() {
    let (mut script, _) = in_flight(5);
    script.inject(A, ". 1:1(0) ack 2001");
    for _ in 0..4 {
        script.inject(A, ". 1:1(0) ack 2001 <sack 1:1001>");
        script.inject(A, ". 1:1(0) ack 2001 <sack 3001:4001 3001:5001>");
    }
    script.expect_nothing();
    let counters = script.stack.shard.counters();
    assert_eq!(
        (counters.tcp_dsack_recv, counters.tcp_dsack_ofo_recv),
        (4, 4)
    );
    assert_eq!(counters.tcp_sack_discard, 0);
}

/// A peer that answers each segment, and to which the first copies of some are lost.
struct Receiver {
    /// Which of its thousands of bytes are here.
    here: Vec<bool>,
    to_lose: Vec<usize>,
    sack: bool,
}

impl Receiver {
    /// Takes a segment. Returns its answer in notation.
    fn takes(&mut self, segment: &Segment, first: SeqNum) -> Option<String> {
        let at = (segment.sequence - first) as usize / 1000;
        if let Some(lost) = self.to_lose.iter().position(|&lost| lost == at) {
            self.to_lose.remove(lost);
            return None;
        }
        let end = at + segment.data.len() / 1000;
        self.here[at..end].fill(true);
        let acknowledged = self.here.iter().take_while(|&&here| here).count();
        let mut blocks: Vec<(usize, usize)> = Vec::new();
        for at in (acknowledged..self.here.len()).filter(|&at| self.here[at]) {
            match blocks.last_mut() {
                Some((_, end)) if *end == at => *end += 1,
                _ => blocks.push((at, at + 1)),
            }
        }
        blocks.reverse();
        blocks.truncate(4);
        let ack = format!(". 1:1(0) ack {}", 1000 * acknowledged + 1);
        if blocks.is_empty() || !self.sack {
            return Some(ack);
        }
        let number = |at: &usize| 1000 * at + 1;
        let blocks = blocks
            .iter()
            .map(|(left, right)| format!(" {}:{}", number(left), number(right)));
        Some(format!("{ack} <sack{}>", blocks.collect::<String>()))
    }
}

/// Thirty segments, of which `to_lose` are lost once: how many round trips it takes until all are acknowledged.
fn round_trips(sack: bool, to_lose: &[usize]) -> usize {
    let (mut script, id) = connected(if sack { ",sackOK" } else { "" });
    let mut receiver = Receiver {
        here: vec![false; 30],
        to_lose: to_lose.to_vec(),
        sack,
    };
    script.write(id, 0..30_000);
    let mut in_flight: VecDeque<Segment> = script.segments_now(A).into();
    let first = in_flight[0].sequence;
    let mut round_trips = 0;
    while !in_flight.is_empty() {
        round_trips += 1;
        script.advance(Duration::from_millis(20));
        let answers: Vec<_> = in_flight
            .drain(..)
            .filter_map(|segment| receiver.takes(&segment, first))
            .collect();
        for answer in answers {
            script.inject(A, &answer);
        }
        in_flight.extend(script.segments_now(A));
    }
    assert!(receiver.here.iter().all(|&here| here), "all arrived");
    assert_eq!(script.stack.shard.counters().tcp_timeouts, 0);
    round_trips
}

/// The gain: NewReno learns of one hole a round trip, SACK tells of all.
#[test]
fn several_losses_in_a_window_cost_one_round_trip_more_not_one_each() {
    let without_loss = round_trips(true, &[]);
    let lost = [10, 12, 14, 16, 18];
    let with_sack = round_trips(true, &lost);
    let without_sack = round_trips(false, &lost);
    assert_eq!(with_sack, without_loss + 1);
    assert!(without_sack >= without_loss + lost.len(), "{without_sack}");
}
