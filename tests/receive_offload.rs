//! Segments of a burst that continue one another are taken together, and nobody can tell: the peer, the backend, and who counts.

use periplus_journey::{Counters, DropReason, Instant};
use periplus_ring::{Arrival, PoolLevel, RxBurst, RxChecksum};
use periplus_stack::{ConnectionId, Read, ShardOptions, Sysctls};
use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET, Script, Segment, content, options};
use periplus_wire::tcp::{TcpFlags, TcpOptions, Timestamps};
use periplus_wire::{Ecn, SeqNum};
use proptest::prelude::*;
use std::time::Duration;

const A: u16 = 40_001;
const B: u16 = 40_002;
const FULL: u32 = 1448;

/// What of the peer is not the same in all of its segments.
#[derive(Clone, Copy, Debug)]
struct Manner {
    push: bool,
    ecn: Ecn,
    window: u16,
    /// By how much its clock of timestamps went on.
    ticks: u32,
    /// Bytes of Ethernet's padding behind it.
    padding: usize,
    /// The bit that was turned on the way.
    damage: Option<usize>,
}

const PLAIN: Manner = Manner {
    push: false,
    ecn: Ecn::NotEct,
    window: 4000,
    ticks: 0,
    padding: 0,
    damage: None,
};

/// A peer that plays a stream to a connection, and the stack that has it.
struct Stage {
    script: Script,
    id: ConnectionId,
    timestamp: Option<u32>,
    echo_reply: u32,
    /// The stack's sequence number to be acknowledged.
    acknowledged: SeqNum,
    port: u16,
    read: Vec<u8>,
}

impl Stage {
    fn new(timestamps: bool, ecn: bool, receive_buffer: Option<usize>) -> Self {
        let mut tcp = Sysctls::default();
        if let Some(size) = receive_buffer {
            tcp.tcp_rmem = periplus_stack::BufferSizes::fixed(size);
        }
        let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
        let flags = if ecn { "SEW" } else { "S" };
        let timestamps_option = if timestamps { "TS val 1 ecr 0," } else { "" };
        script.inject(
            A,
            &format!("{flags} 0:0(0) win 65535 <mss 1460,sackOK,{timestamps_option}wscale 4>"),
        );
        let answer = script.next_segment(A);
        let echo = answer.options.timestamps;
        let mut stage = Self {
            script,
            id: unknown(),
            timestamp: timestamps.then_some(1),
            echo_reply: echo.map_or(0, |timestamps| timestamps.value),
            acknowledged: answer.sequence + 1,
            port: A,
            read: Vec::new(),
        };
        let ack = stage.segment(0..0, PLAIN);
        stage.take(&[ack], true);
        stage.id = stage.script.accept(web).id;
        stage
    }

    /// The segment with the bytes at these places of the stream.
    fn segment(&mut self, range: std::ops::Range<u32>, manner: Manner) -> Vec<u8> {
        let mut segment = self.script.segment(self.port, ". 1:1(0) ack 1");
        segment.sequence += range.start;
        segment.data = content(range.start.into()..range.end.into());
        segment.acknowledgment = self.acknowledged;
        segment.window = manner.window;
        segment.ecn = manner.ecn;
        if manner.push {
            segment.flags |= TcpFlags::PSH;
        }
        if let Some(value) = &mut self.timestamp {
            *value += manner.ticks;
            segment.options = TcpOptions {
                timestamps: Some(Timestamps {
                    value: *value,
                    echo_reply: self.echo_reply,
                }),
                ..TcpOptions::default()
            };
        }
        let mut frame = segment.to_frame(PEER_ETHERNET, STACK_ETHERNET);
        frame.extend(vec![0xee; manner.padding]);
        if let Some(bit) = manner.damage {
            let bit = bit % (8 * (frame.len() - manner.padding));
            frame[bit / 8] ^= 1 << (bit % 8);
        }
        frame
    }

    /// The frames come, as one burst or each as its own, and the stack has its turn after them. Returns what it sends.
    fn take(&mut self, frames: &[Vec<u8>], together: bool) -> Vec<Segment> {
        let (now, count) = (self.script.now, frames.len());
        let arrivals = frames.iter().enumerate().map(|(number, frame)| {
            let age = Duration::from_micros((count - number) as u64);
            let arrived = Instant::from_nanos(now.as_nanos() - age.as_nanos() as u64);
            Arrival::single(frame.clone().into(), Some(arrived), RxChecksum::Unverified)
        });
        let shard = &mut self.script.stack.shard;
        let mut burst = RxBurst::new();
        for arrival in arrivals {
            burst.push(arrival);
            if !together || burst.is_full() {
                shard.receive(now, &mut burst, PoolLevel::Ample);
            }
        }
        shard.receive(now, &mut burst, PoolLevel::Ample);
        assert!(burst.is_empty());
        let sent = self.script.all_segments_now();
        for segment in sent.iter().filter(|segment| segment.has_data()) {
            let end = segment.sequence + segment.data.len() as u32;
            if self.acknowledged.before(end) {
                self.acknowledged = end;
            }
        }
        sent
    }

    fn read(&mut self, most: usize) {
        let mut buffer = vec![0; most];
        let shard = &mut self.script.stack.shard;
        if let Ok(Read::Data(length)) = shard.read(self.script.now, self.id, &mut buffer) {
            self.read.extend_from_slice(&buffer[..length]);
        }
    }

    fn counters(&self) -> Counters {
        self.script.stack.shard.counters()
    }

    /// All that can be seen of it, but whether segments were taken together.
    fn seen(&self) -> String {
        let counters = Counters {
            tcp_rcv_coalesce: 0,
            ..self.counters()
        };
        let shard = &self.script.stack.shard;
        let info = shard.tcp_info(self.script.now, self.id);
        format!("{info:?} {counters:?} {:?}", shard.ledger())
    }
}

/// Names no connection.
fn unknown() -> ConnectionId {
    let (mut script, web) = Script::listening(options(), 1);
    script.handshake(A);
    script.accept(web).id
}

#[derive(Clone, Copy, Debug)]
enum Sent {
    /// The next bytes.
    Next(u32),
    /// The next bytes, which are lost on the way.
    Lost(u32),
    /// Bytes that went before, and so many of them.
    Again(u32, u32),
    /// The first bytes that were lost.
    Repair,
}

#[derive(Clone, Debug)]
enum Event {
    Burst(Vec<(Sent, Manner)>),
    Read(usize),
    Write(u64),
    Wait(u64),
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        24 => Just(Sent::Next(FULL)),
        4 => (1..1460u32).prop_map(Sent::Next),
        1 => Just(Sent::Next(0)),
        1 => Just(Sent::Lost(FULL)),
        1 => (0..5000u32, 1..1460u32).prop_map(|(back, length)| Sent::Again(back, length)),
        2 => Just(Sent::Repair),
    ]
}

fn manner() -> impl Strategy<Value = Manner> {
    let ecn = prop_oneof![
        30 => Just(Ecn::NotEct),
        2 => Just(Ecn::Ect0),
        1 => Just(Ecn::Ce),
    ];
    let window = prop_oneof![15 => Just(4000u16), 1 => any::<u16>()];
    let ticks = prop_oneof![15 => Just(0u32), 1 => 1..5u32];
    let padding = prop_oneof![9 => Just(0), 1 => 1..9usize];
    let damage = prop::option::weighted(0.03, any::<usize>());
    (
        prop::bool::weighted(0.1),
        ecn,
        window,
        ticks,
        padding,
        damage,
    )
        .prop_map(|(push, ecn, window, ticks, padding, damage)| Manner {
            push,
            ecn,
            window,
            ticks,
            padding,
            damage,
        })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => prop::collection::vec((sent(), manner()), 1..40).prop_map(Event::Burst),
        3 => (1..60_000usize).prop_map(Event::Read),
        1 => (1..5000u64).prop_map(Event::Write),
        2 => (0..300u64).prop_map(Event::Wait),
    ]
}

/// The frames of a burst, given how far the stream has come and what of it was lost.
fn frames(
    stage: &mut Stage,
    burst: &[(Sent, Manner)],
    (next, lost): (&mut u32, &mut Vec<std::ops::Range<u32>>),
) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for &(sent, manner) in burst {
        let range = match sent {
            Sent::Next(length) | Sent::Lost(length) => *next..*next + length,
            Sent::Again(back, length) => {
                let start = next.saturating_sub(back);
                start..(start + length).min(*next)
            }
            Sent::Repair if lost.is_empty() => continue,
            Sent::Repair => lost.remove(0),
        };
        *next = (*next).max(range.end);
        if matches!(sent, Sent::Lost(_)) || manner.damage.is_some() {
            lost.push(range.clone());
        }
        if !matches!(sent, Sent::Lost(_)) {
            frames.push(stage.segment(range, manner));
        }
    }
    frames
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Lost, repeated, damaged, marked and pushed ones among them, and whatever the window has no room for.
    #[test]
    fn a_burst_ends_as_the_same_segments_one_by_one(
        timestamps: bool,
        ecn in prop::bool::weighted(0.2),
        receive_buffer in prop_oneof![3 => Just(None), 1 => (5000..60_000usize).prop_map(Some)],
        events in prop::collection::vec(event(), 1..30),
    ) {
        let mut stages = [true, false].map(|_| Stage::new(timestamps, ecn, receive_buffer));
        let mut ends = [(0, Vec::new()), (0, Vec::new())];
        for (number, event) in events.iter().enumerate() {
            let mut answers = Vec::new();
            for (which, stage) in stages.iter_mut().enumerate() {
                let (next, lost) = &mut ends[which];
                let sent = match event {
                    Event::Burst(burst) => {
                        let frames = frames(stage, burst, (next, lost));
                        stage.take(&frames, which == 0)
                    }
                    Event::Read(most) => {
                        stage.read(*most);
                        stage.take(&[], true)
                    }
                    Event::Write(length) => {
                        let data = content(0..*length);
                        let _ = stage.script.stack.shard.write(stage.script.now, stage.id, &data);
                        stage.take(&[], true)
                    }
                    Event::Wait(milliseconds) => {
                        stage.script.advance(Duration::from_millis(*milliseconds));
                        stage.take(&[], true)
                    }
                };
                answers.push(sent);
            }
            let [together, apart] = &stages;
            prop_assert_eq!(&answers[0], &answers[1], "sent after event {}", number);
            prop_assert_eq!(&together.read, &apart.read);
            prop_assert_eq!(together.seen(), apart.seen(), "after event {}", number);
            prop_assert!(together.read == content(0..together.read.len() as u64));
            prop_assert_eq!(apart.counters().tcp_rcv_coalesce, 0);
        }
    }
}

/// `count` full segments that continue one another from `start` on.
fn row(stage: &mut Stage, start: u32, count: u32) -> Vec<Vec<u8>> {
    let starts = (0..count).map(|number| start + number * FULL);
    starts
        .map(|start| stage.segment(start..start + FULL, PLAIN))
        .collect()
}

#[test]
fn each_frame_is_counted_and_one_ack_answers_all() {
    for timestamps in [false, true] {
        let mut stage = Stage::new(timestamps, false, None);
        let (before, frames_before) = (stage.counters(), stage.script.stack.shard.ledger().clone());
        let segments_before = info(&stage).segs_in;
        let frames = row(&mut stage, 0, 32);
        let sent = stage.take(&frames, true);
        let after = stage.counters();
        assert_eq!(sent.len(), 1);
        assert_eq!(after.tcp_rcv_coalesce - before.tcp_rcv_coalesce, 31);
        assert_eq!(after.ip_in_receives - before.ip_in_receives, 32);
        assert_eq!(after.ip_in_no_ect_pkts - before.ip_in_no_ect_pkts, 32);
        assert_eq!(after.tcp_in_segs - before.tcp_in_segs, 32);
        let ledger = stage.script.stack.shard.ledger();
        assert_eq!(ledger.received - frames_before.received, 32);
        assert_eq!(ledger.delivered - frames_before.delivered, 32);
        assert!(ledger.is_balanced());
        let info = info(&stage);
        assert_eq!(
            (info.segs_in - segments_before, info.data_segs_in),
            (32, 32)
        );
        stage.read(100_000);
        assert!(stage.read == content(0..u64::from(32 * FULL)));
    }
}

fn info(stage: &Stage) -> periplus_stack::TcpInfo {
    let info = stage
        .script
        .stack
        .shard
        .tcp_info(stage.script.now, stage.id);
    info.expect("it is there")
}

/// RFC 9293 3.8.6.3, and Linux behind its GRO: one ACK for a burst of two full segments or more, and a single one may wait.
#[test]
fn there_are_as_many_acks_as_bursts_of_two_segments_and_more() {
    // A window that may still grow is told at once.
    let mut stage = Stage::new(false, false, Some(100_000));
    let mut start = 0;
    let mut burst = |stage: &mut Stage, count: u32| {
        let frames = row(stage, start, count);
        start += count * FULL;
        let acks = stage.take(&frames, true).len();
        stage.read(100_000);
        acks + stage.script.all_segments_now().len()
    };
    // Until it no longer acknowledges at once what comes first (RFC 5681 4.2 allows that).
    for _ in 0..100 {
        burst(&mut stage, 1);
        stage.script.advance(Duration::from_millis(10));
    }
    stage.script.advance(Duration::from_millis(100));
    stage.script.drain();
    assert_eq!(
        [2, 3, 17, 1, 1].map(|count| burst(&mut stage, count)),
        [1, 1, 1, 0, 1]
    );
}

#[test]
fn a_damaged_segment_parts_those_before_it_from_those_behind() {
    let mut stage = Stage::new(true, false, None);
    let mut frames = row(&mut stage, 0, 8);
    let whole = frames[3].clone();
    let last = frames[3].len() - 1;
    frames[3][last] ^= 0x10;
    let sent = stage.take(&frames, true);
    assert_eq!(stage.counters().tcp_rcv_coalesce, 2);
    assert_eq!(stage.counters().tcp_in_errs, 1);
    let ledger = stage.script.stack.shard.ledger().clone();
    assert_eq!(ledger.dropped(DropReason::TcpCsum), 1);
    assert!(ledger.is_balanced());
    let hole = stage.script.segment(A, ". 1:1(0) ack 1").sequence + 3 * FULL;
    assert!(
        sent.iter().all(|ack| ack.acknowledgment == hole),
        "{sent:?}"
    );
    stage.read(100_000);
    assert_eq!(stage.read.len() as u32, 3 * FULL);
    stage.take(&[whole], true);
    stage.read(100_000);
    assert!(stage.read == content(0..u64::from(8 * FULL)));
}

/// A device with coalescing gives several frames as one, in a chain of buffers or a long one; and a short one may lie in a chain, too.
#[test]
fn what_was_put_together_already_joins_nothing_but_may_be_continued() {
    for (segments, in_chain) in [(2, true), (2, false), (1, true)] {
        let mut stage = Stage::new(true, false, None);
        let received = stage.script.stack.shard.ledger().received;
        let mut frames = row(&mut stage, 0, 2);
        frames.push(stage.segment(2 * FULL..4 * FULL, PLAIN));
        frames.extend(row(&mut stage, 4 * FULL, 2));
        let mut burst = RxBurst::new();
        for (number, frame) in frames.iter().enumerate() {
            let mut arrival = Arrival::single(frame.clone().into(), None, RxChecksum::Unverified);
            if number == 2 {
                arrival.segments = segments;
                if in_chain {
                    arrival.frame.truncate(100);
                    arrival.rest = vec![frame[100..].to_vec().into()];
                }
            }
            burst.push(arrival);
        }
        let shard = &mut stage.script.stack.shard;
        shard.receive(stage.script.now, &mut burst, PoolLevel::Ample);
        assert_eq!(shard.ledger().received - received, 4 + u64::from(segments));
        assert_eq!(shard.counters().tcp_rcv_coalesce, 1 + 2);
        stage.read(100_000);
        assert!(stage.read == content(0..u64::from(6 * FULL)));
    }
}

#[test]
fn segments_of_two_connections_each_find_theirs() {
    for (order, together) in [("ABABAB", 0), ("AABBBA", 3), ("AAABBB", 4)] {
        let mut stage = Stage::new(false, false, None);
        stage.script.handshake(B);
        let before = stage.counters().ip_in_receives;
        let mut starts = [0, 0];
        let frames = order.bytes().map(|port| {
            let which = usize::from(port == b'B');
            stage.port = [A, B][which];
            starts[which] += FULL;
            let acknowledged = stage.acknowledged;
            if which == 1 {
                stage.acknowledged = stage.script.segment(B, ". 1:1(0) ack 1").acknowledgment;
            }
            let frame = stage.segment(starts[which] - FULL..starts[which], PLAIN);
            stage.acknowledged = acknowledged;
            frame
        });
        let frames: Vec<_> = frames.collect();
        let sent = stage.take(&frames, true);
        assert_eq!(stage.counters().ip_in_receives - before, 6);
        assert_eq!(stage.counters().tcp_rcv_coalesce, together, "{order}");
        for port in [A, B] {
            let end = stage.script.segment(port, ". 1:1(0) ack 1").sequence + 3 * FULL;
            let answered = sent
                .iter()
                .any(|ack| ack.destination.port() == port && ack.acknowledgment == end);
            assert!(answered, "{order}: {port}");
        }
    }
}
