//! Pacing: when the segments of a window leave, and what that is worth to the queues on the way.

use periplus_journey::{Instant, Interval, Mark, RequestEnd, StampedMark, Station};
use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_stack::{
    BufferSizes, ConnectionId, Read, ShardOptions, SocketOptions, Sysctls, TcpInfo, Write,
};
use periplus_tcp::TIMER_TICK;
use periplus_tests::{Pair, Segment, options};
use std::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);
/// How long a look at the rings takes in a [`Pair`].
const LOOK: Duration = Duration::from_micros(10);
/// Bytes of a segment of a [`Pair`]'s server, and of its frame.
const SEGMENT: u64 = 1448;
const FRAME: u64 = 1514;

static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// A server that sends to a client over a path, without buffers that limit it.
struct Flow {
    pair: Pair,
    client: ConnectionId,
    server: ConnectionId,
    written: u64,
    received: u64,
}

impl Flow {
    fn new(tcp: Sysctls, faults: FaultOptions) -> Self {
        let tcp = Sysctls {
            tcp_rmem: BufferSizes::fixed(8 << 20),
            tcp_wmem: BufferSizes::fixed(8 << 20),
            ..tcp
        };
        let link = LinkOptions {
            offloads: false,
            ..LinkOptions::default()
        };
        Self::between(Pair::faulty(
            [(); 2].map(|()| ShardOptions { tcp, ..options() }),
            faults,
            link,
        ))
    }

    fn between(mut pair: Pair) -> Self {
        let web = pair.server.listen(80, 10);
        let (client, server) = pair.connect(web, 80);
        Self {
            pair,
            client,
            server,
            written: 0,
            received: 0,
        }
    }

    fn with_rate(self, rate: u64) -> Self {
        let mut flow = self;
        let options = SocketOptions {
            max_pacing_rate: Some(rate),
            ..SocketOptions::default()
        };
        let now = flow.pair.now;
        let shard = &mut flow.pair.server.shard;
        shard.set_socket_options(now, flow.server, options);
        flow
    }

    fn info(&self) -> TcpInfo {
        let shard = &self.pair.server.shard;
        shard
            .tcp_info(self.pair.now, self.server)
            .expect("it is open")
    }

    /// The server writes as much of what is missing to `end` as it is given room for.
    fn write(&mut self, end: u64) {
        let now = self.pair.now;
        while self.written < end {
            let length = ZEROS.len().min((end - self.written) as usize);
            let shard = &mut self.pair.server.shard;
            match shard.write(now, self.server, &ZEROS[..length]) {
                Ok(Write::Accepted(count)) => self.written += count as u64,
                Ok(Write::Wait) => break,
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// The client reads all that has come.
    fn read(&mut self) {
        let mut buffer = [0; ZEROS.len()];
        let now = self.pair.now;
        let shard = &mut self.pair.client.shard;
        while let Ok(Read::Data(count)) = shard.read(now, self.client, &mut buffer) {
            self.received += count as u64;
        }
    }

    /// The server sends `length` bytes more, and the client reads them. Returns how long that took.
    fn send(&mut self, length: u64) -> Duration {
        let began = self.pair.now;
        let end = self.written + length;
        self.write(end);
        while self.received < end {
            assert!(self.pair.settle() || self.pair.step(), "it goes on");
            self.read();
            if self.pair.server.take_writable(self.server) {
                self.write(end);
            }
        }
        self.pair.now.since(began)
    }

    /// The segments with text that the server has sent from `since` on.
    fn sent_since(&self, since: Instant) -> Vec<(Instant, Segment)> {
        let segments = self.pair.server.device.segments();
        segments
            .filter(|(at, segment)| *at >= since && !segment.data.is_empty())
            .collect()
    }
}

/// When something left, and how many bytes then.
fn departures(sent: &[(Instant, Segment)]) -> Vec<(Instant, u64)> {
    let bursts = sent.chunk_by(|one, next| one.0 == next.0);
    bursts
        .map(|burst| {
            let bytes = burst.iter().map(|(_, segment)| segment.data.len() as u64);
            (burst[0].0, bytes.sum())
        })
        .collect()
}

fn at_rate(bytes: u64, rate: u64) -> Duration {
    Duration::from_nanos(bytes * 1_000_000_000 / rate)
}

/// The most that waits before a bottleneck of `rate` bytes a second, in bytes.
fn longest_queue(sent: &[(Instant, Segment)], rate: u64) -> u64 {
    let (mut idle_at, mut longest) = (Instant::ZERO, Duration::ZERO);
    for (at, segment) in sent {
        let frame = segment.data.len() as u64 + (FRAME - SEGMENT);
        idle_at = idle_at.max(*at) + at_rate(frame, rate);
        longest = longest.max(idle_at.since(*at));
    }
    longest.as_nanos() as u64 * rate / 1_000_000_000
}

/// 10 ms there and back, and nothing else.
fn long_path() -> FaultOptions {
    FaultOptions {
        delay: 5 * MILLISECOND,
        limit: usize::MAX,
        ..FaultOptions::default()
    }
}

#[test]
fn the_gap_after_a_departure_is_its_length_divided_by_the_rate() {
    for rate in [200_000, 2_000_000, 20_000_000] {
        let mut flow = Flow::new(Sysctls::default(), long_path()).with_rate(rate);
        // Until the window is no longer what limits it.
        flow.send(rate / 2);
        assert_eq!(flow.info().pacing_rate, Some(rate));
        flow.pair.run_for(100 * MILLISECOND);
        let began = flow.pair.now;
        flow.send(rate / 2);
        let departures = departures(&flow.sent_since(began));
        assert!(departures.len() > 30, "{rate}: {}", departures.len());
        // The first comes late, and is given half of its interval.
        let (first, length) = departures[0];
        let mut due = first + at_rate(length, rate) / 2;
        for &(at, length) in &departures[1..] {
            let early = due.since(at);
            let late = at.since(due);
            assert!(early < TIMER_TICK, "{rate}: {early:?} early");
            assert!(late <= TIMER_TICK + LOOK, "{rate}: {late:?} late");
            due += at_rate(length, rate);
        }
    }
}

/// The most that left beyond what `rate` makes, over any time.
fn largest_burst(sent: &[(Instant, Segment)], rate: u64) -> u64 {
    let began = sent[0].0;
    let (mut bytes, mut lowest, mut burst) = (0i64, 0, 0);
    for (at, length) in departures(sent) {
        let share = at.since(began).as_nanos() as u64 * rate / 1_000_000_000;
        lowest = lowest.min(bytes - share as i64);
        bytes += length as i64;
        burst = burst.max(bytes - share as i64 - lowest);
    }
    burst as u64
}

/// Copies included: of either kind a burst of a millisecond or two segments, and what repairs the first loss, which waits for nobody.
#[test]
fn whatever_is_lost_the_rate_is_kept() {
    const RATE: u64 = 2_000_000;
    const LENGTH: u64 = 1_000_000;
    let most = 2 * (RATE / 1000).max(2 * SEGMENT) + 2 * SEGMENT;
    let check = |mut flow: Flow, least| {
        flow.send(20 * SEGMENT); // what is not paced
        let began = flow.pair.now;
        flow.send(LENGTH);
        let sent = flow.sent_since(began);
        let again = sent.len() as u64 - LENGTH.div_ceil(SEGMENT);
        assert!(again >= least, "{again} copies say little");
        let burst = largest_burst(&sent, RATE);
        assert!(burst <= most, "{burst} of {most} bytes");
    };
    for seed in 1..=8 {
        let faults = FaultOptions {
            seed,
            loss: 0.03,
            ..long_path()
        };
        check(Flow::new(Sysctls::default(), faults).with_rate(RATE), 10);
    }
    // Half of a window at once, and most ACKs: each that comes tells of many holes.
    let path = FaultOptions {
        delay: 50 * MILLISECOND,
        ..long_path()
    };
    let mut flow = Flow::new(Sysctls::default(), path).with_rate(RATE);
    let mut segments = 0..;
    let lost = 200..300;
    let rule = move |segment: &Segment| {
        !segment.data.is_empty() && segments.next().is_some_and(|n| lost.contains(&n))
    };
    flow.pair.server.device.lose_if(rule);
    let mut acks = 0..;
    let rule = move |_: &Segment| acks.next().is_some_and(|n: u64| !n.is_multiple_of(16));
    flow.pair.client.device.lose_if(rule);
    check(flow, 100);
}

/// 100 Mbit/s and 20 ms hold 165 segments; the bottleneck has room for as many. Once the window is known, an answer of that length is
/// written every 150 ms.
#[test]
fn an_answer_at_once_does_not_fill_the_queue_before_a_bottleneck() {
    const RATE: u64 = 12_500_000;
    const PATH: u64 = RATE / 50;
    let with = |tcp_pacing| {
        let tcp = Sysctls {
            tcp_pacing,
            ..Sysctls::default()
        };
        let one_way = PATH / 2 / FRAME;
        let faults = FaultOptions {
            rate: Some(8 * RATE),
            delay: 10 * MILLISECOND,
            limit: (one_way + PATH / FRAME) as usize,
            ..FaultOptions::default()
        };
        let mut flow = Flow::new(tcp, faults);
        flow.send(10_000_000);
        flow.pair.run_for(100 * MILLISECOND);
        let (began, before) = (flow.pair.now, flow.info().total_retrans);
        for _ in 0..10 {
            flow.send(PATH * 3 / 2);
            flow.pair.run_for(150 * MILLISECOND);
        }
        let queue = longest_queue(&flow.sent_since(began), RATE);
        (
            queue,
            flow.info().total_retrans - before,
            flow.info().snd_cwnd,
        )
    };
    let (at_once, paced) = (with(false), with(true));
    assert!(at_once.0 > PATH, "{at_once:?}");
    assert!(at_once.1 > 0, "it overflowed");
    assert!(paced.0 < PATH, "{paced:?}");
    assert_eq!(paced.1, 0, "nothing was lost");
}

/// What slow start leaves in the queue before a bottleneck that would hold eight products of bandwidth and delay, in percent of one, and the
/// segments sent again before one that holds a single product, where the server has sent 20 of them.
fn start(rate: u64, round_trip: Duration, hystart_detect: u8) -> (u64, u32) {
    let product = (u128::from(rate) * round_trip.as_nanos() / 1_000_000_000) as u64;
    let [deep, shallow] = [8, 1].map(|products| {
        let tcp = Sysctls {
            hystart_detect,
            ..Sysctls::default()
        };
        let faults = FaultOptions {
            rate: Some(8 * rate),
            delay: round_trip / 2,
            limit: (product / 2 / FRAME + products * product / FRAME) as usize,
            ..FaultOptions::default()
        };
        let mut flow = Flow::new(tcp, faults);
        let began = flow.pair.now;
        let mut left = None;
        let end = 20 * product;
        flow.write(end);
        while flow.received < end {
            assert!(flow.pair.settle() || flow.pair.step(), "it goes on");
            flow.read();
            if flow.pair.server.take_writable(flow.server) {
                flow.write(end);
            }
            left = left.or(flow.info().snd_ssthresh.map(|_| flow.pair.now));
        }
        let mut sent = flow.sent_since(began);
        sent.retain(|(at, _)| left.is_none_or(|left| *at <= left));
        let queue = longest_queue(&sent, rate) * 100 / product;
        (queue, flow.info().total_retrans)
    });
    (deep.0, shallow.1)
}

/// From 10 Mbit/s to a gigabit, 10 to 100 ms: the queue stays within one product until slow start is over, and a bottleneck that holds one
/// loses next to nothing of it.
#[test]
fn slow_start_ends_before_there_is_a_product_in_the_queue() {
    const SUSPICIOUS: u8 = 12;
    const RFC_9406: u8 = 4;
    let paths = [
        (1_250_000, 100),
        (2_500_000, 50),
        (6_250_000, 100),
        (12_500_000, 20),
        (125_000_000, 10),
    ];
    for (rate, milliseconds) in paths {
        let round_trip = milliseconds * MILLISECOND;
        let (queue, again) = start(rate, round_trip, SUSPICIOUS);
        assert!(queue <= 100, "{rate}, {milliseconds} ms: {queue} %");
        let (by_rounds, lost) = start(rate, round_trip, RFC_9406);
        assert!(by_rounds > 300, "{rate}, {milliseconds} ms: {by_rounds} %");
        assert!(again * 3 < lost, "{again} of {lost}");
    }
}

/// Every frame is late by up to a fifth of the round trip: the window may stand still for a little, but slow start goes on.
#[test]
fn jitter_does_not_end_slow_start() {
    for seed in 1..=40 {
        let round_trip = [5, 10, 20, 50][seed as usize % 4] * MILLISECOND;
        let faults = FaultOptions {
            seed,
            delay: round_trip / 2,
            jitter: round_trip / 5,
            limit: usize::MAX,
            ..FaultOptions::default()
        };
        let mut flow = Flow::new(Sysctls::default(), faults);
        flow.send(1_500_000);
        assert_eq!(flow.info().snd_ssthresh, None, "{seed}: {round_trip:?}");
        assert!(flow.info().snd_cwnd > 500, "{:?}", flow.info());
    }
}

/// A client that acknowledges late is no queue: a segment now and then, which it reads and acknowledges after a while, and then a long answer again.
#[test]
fn a_segment_now_and_then_does_not_end_slow_start() {
    let faults = FaultOptions {
        delay: 10 * MILLISECOND,
        limit: usize::MAX,
        ..FaultOptions::default()
    };
    let tcp = Sysctls {
        tcp_slow_start_after_idle: false,
        ..Sysctls::default()
    };
    let mut flow = Flow::new(tcp, faults);
    flow.send(100_000);
    let cwnd = flow.info().snd_cwnd;
    assert!(cwnd >= 32, "{cwnd}");
    for _ in 0..100 {
        flow.write(flow.written + 100);
        flow.pair.run_for(150 * MILLISECOND);
        flow.read();
    }
    assert!(flow.info().rtt > Some(50 * MILLISECOND));
    flow.send(1_000_000);
    assert_eq!(flow.info().snd_ssthresh, None);
    assert!(flow.info().snd_cwnd > 200, "{:?}", flow.info());
}

#[test]
fn after_a_silence_no_more_goes_at_once_than_in_the_beginning() {
    let mut flow = Flow::new(Sysctls::default(), long_path());
    flow.send(5_000_000);
    assert!(flow.info().snd_cwnd > 100);
    flow.pair.run_for(Duration::from_secs(5));
    let began = flow.pair.now;
    flow.send(1_000_000);
    let sent = flow.sent_since(began);
    let first_round_trip = |time| sent.iter().filter(move |(at, _)| at.since(began) < time);
    assert_eq!(first_round_trip(10 * MILLISECOND).count(), 10);
    let at_once = first_round_trip(MILLISECOND).count();
    assert!((2..=6).contains(&at_once), "{at_once} at once");
    // At 200 % of the window a round trip
    assert_eq!(first_round_trip(6 * MILLISECOND).count(), 10);
}

/// The initial window goes at once, whatever the rate, and the handshake's round trip does not spread it.
#[test]
fn the_first_ten_segments_wait_for_nothing() {
    let mut flow = Flow::new(Sysctls::default(), long_path()).with_rate(10_000);
    let began = flow.pair.now;
    flow.send(12 * SEGMENT);
    let sent = flow.sent_since(began);
    let at_once = sent.iter().filter(|(at, _)| *at == sent[0].0).count();
    assert_eq!(at_once, 10);
    assert!(sent[10].0.since(sent[0].0) > 100 * MILLISECOND);
}

/// What a memory link carries is not held up, by not one frame and not one timer.
#[test]
fn a_short_path_does_not_notice() {
    let with = |tcp_pacing| {
        let tcp = Sysctls {
            tcp_pacing,
            ..Sysctls::default()
        };
        let both = || ShardOptions { tcp, ..options() };
        let link = LinkOptions::default();
        let mut flow = Flow::between(Pair::joined(both(), both(), link));
        let took = flow.send(50_000_000);
        let frames = flow.pair.server.device.sent.len();
        (took, frames, flow.pair.server.timeouts)
    };
    assert_eq!(with(true), with(false));
}

/// A gigabit over 2 ms: timers expire once for what the pace makes in a millisecond, and for what is sent less often. It takes longer by what
/// slow start's flights are spread over, a round trip.
#[test]
fn timers_expire_once_a_quantum() {
    const LENGTH: u64 = 20_000_000;
    let with = |tcp_pacing| {
        let tcp = Sysctls {
            tcp_pacing,
            ..Sysctls::default()
        };
        let faults = FaultOptions {
            rate: Some(1_000_000_000),
            delay: MILLISECOND,
            limit: usize::MAX,
            ..FaultOptions::default()
        };
        let mut flow = Flow::new(tcp, faults);
        let took = flow.send(LENGTH);
        (took, flow.pair.server.timeouts)
    };
    let (at_once, paced) = (with(false), with(true));
    let quantum = 125_000; // a millisecond of a gigabit
    assert!(paced.1 - at_once.1 <= LENGTH / quantum, "{paced:?}");
    assert!(
        paced.0 <= at_once.0 + 2 * MILLISECOND + at_once.0 / 100,
        "{paced:?}, {at_once:?}"
    );
}

/// What waits for its time waits here: `send_queue`, and not the peer's doing.
#[test]
fn the_wait_is_the_send_queues_and_not_the_peers() {
    const RATE: u64 = 100_000;
    const ANSWER: u64 = 50_000;
    let mut flow = Flow::new(Sysctls::default(), long_path()).with_rate(RATE);
    flow.send(200_000); // and the window is no limit
    let id = flow.server;
    let client = flow.client;
    let now = flow.pair.now;
    flow.pair.client.shard.write(now, client, &[0; 8]).unwrap();
    flow.pair.run_for(20 * MILLISECOND);
    let mark = |flow: &mut Flow, mark| {
        let at = flow.pair.now;
        let shard = &mut flow.pair.server.shard;
        shard.mark(
            id,
            StampedMark {
                at,
                stream: 0,
                mark,
            },
        );
    };
    mark(&mut flow, Mark::Request { start: 0 });
    let now = flow.pair.now;
    let mut request = [0; 8];
    flow.pair.server.shard.read(now, id, &mut request).unwrap();
    let how = RequestEnd::Complete;
    mark(&mut flow, Mark::RequestEnd { end: 8, how });
    let start = flow.written;
    mark(&mut flow, Mark::Response { start });
    let end = start + ANSWER;
    mark(&mut flow, Mark::ResponseEnd { end });
    flow.send(ANSWER);
    flow.pair.run_for(100 * MILLISECOND);
    let record = flow.pair.server.records.last().expect("a record");
    let spine = record.spine();
    let mut intervals = spine.intervals().iter();
    let queue = intervals.find(|interval| interval.station == Station::SendQueue);
    let waited = queue.map_or(Duration::ZERO, Interval::duration);
    assert!(waited > at_rate(ANSWER, RATE) * 9 / 10, "{waited:?}");
    assert_eq!(record.peer_in_server, Duration::ZERO);
}

/// Nobody's timer brings it on: the next thing that happens on a quiet path is the departure.
#[test]
fn a_wait_is_one_of_the_connections_time_outs() {
    let mut flow = Flow::new(Sysctls::default(), long_path()).with_rate(10_000);
    flow.send(10 * SEGMENT);
    let now = flow.pair.now;
    flow.write(flow.written + 4 * SEGMENT);
    flow.pair.run_for(20 * MILLISECOND); // all that is out is acknowledged
    assert_eq!(flow.info().unacked, 0);
    assert_eq!(flow.info().notsent_bytes, 4 * SEGMENT as u32);
    // Two by two, and the last two of the first ten are given half of their time.
    for (segments, sent) in [(1, 2), (2, 4)] {
        flow.pair.run_for(at_rate(segments * SEGMENT, 10_000));
        assert_eq!(flow.sent_since(now).len(), sent);
    }
    let sent = flow.sent_since(now);
    assert!(sent[2].0.since(sent[0].0) >= at_rate(2 * SEGMENT, 10_000));
    assert_eq!(flow.pair.server.shard.counters().tcp_win_probe, 0);
    assert_eq!(flow.pair.server.shard.counters().tcp_timeouts, 0);
}
