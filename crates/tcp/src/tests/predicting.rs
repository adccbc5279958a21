//! The short way of a segment that was predicted leaves a connection as the steps of RFC 9293 3.10.7 do.

use crate::journal::ConnectionJournal;
use crate::{
    BufferSizes, Connection, Context, Continued, Disposition, Emit, FrameBudget, MemoryBudget,
    Offer, Payload, ReceiveOffload, Recorder, RingFull, Segment, SegmentHeader, SpareBuffers,
    State, Sysctls,
};
use periplus_journey::{Beginning, Counters, Instant};
use periplus_ring::{PoolLevel, RxFrame};
use periplus_wire::tcp::{TcpFlags, TcpOptions, Timestamps};
use periplus_wire::{Ecn, SeqNum};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::Duration;

const IRS: SeqNum = SeqNum::new(u32::MAX - 3000);
const ISS: SeqNum = SeqNum::new(u32::MAX - 5000);
const MSS: u16 = 1460;
const SHIFT: u8 = 4;

#[derive(Clone, Debug)]
enum Step {
    /// A segment `behind` bytes before what is expected, that acknowledges all of what is out but `open` bytes.
    Arrive {
        text: u16,
        behind: i32,
        open: u32,
        window: u16,
        push: bool,
        fin: bool,
        age: u32,
        /// What continues it: bytes of text, and whether they are pushed.
        more: Vec<(u16, bool)>,
    },
    Read(usize),
    Write(usize),
    Wait(u32),
}

fn arrival() -> impl Strategy<Value = Step> {
    let text = prop_oneof![3 => Just(0), 2 => Just(100), 4 => Just(1448), 1 => 1..3000u16];
    let behind = prop_oneof![12 => Just(0), 1 => -3000..3000i32];
    let open = prop_oneof![6 => Just(0), 3 => Just(1448), 1 => 0..40_000u32];
    let window = prop_oneof![9 => Just(4000u16), 1 => any::<u16>()];
    let age = prop_oneof![9 => Just(0u32), 1 => 0..9u32];
    (text, behind, open, window, any::<bool>(), age).prop_flat_map(
        |(text, behind, open, window, push, age)| {
            let fin = prop::bool::weighted(0.01);
            (fin, row()).prop_map(move |(fin, more)| Step::Arrive {
                text,
                behind,
                open,
                window,
                push,
                fin,
                age,
                more,
            })
        },
    )
}

/// Mostly a segment comes alone, or full ones with it.
fn row() -> impl Strategy<Value = Vec<(u16, bool)>> {
    let text = prop_oneof![6 => Just(1448u16), 2 => Just(500), 1 => 1..3000u16];
    let continued = (text, prop::bool::weighted(0.2));
    prop_oneof![
        3 => Just(Vec::new()),
        1 => prop::collection::vec(continued, 1..12),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => arrival(),
        3 => (0..5000usize).prop_map(Step::Read),
        3 => prop_oneof![Just(1024usize), 0..30_000usize].prop_map(Step::Write),
        2 => prop_oneof![0..300u32, 0..3_000_000u32].prop_map(Step::Wait),
    ]
}

/// So much text in a buffer that has room for more.
fn frame(byte: u8, text: u16) -> RxFrame {
    let mut frame = RxFrame::from(vec![byte; 4096]);
    frame.truncate(text.into());
    frame
}

/// Collects what is sent.
#[derive(Default)]
struct Sent(Vec<(SegmentHeader, Vec<u8>)>);

impl Emit for Sent {
    fn largest_payload(&self, segment_size: usize) -> usize {
        segment_size
    }

    fn segment(
        &mut self,
        header: &SegmentHeader,
        payload: &[&[u8]],
        _: usize,
    ) -> Result<(), RingFull> {
        self.0.push((*header, payload.concat()));
        Ok(())
    }
}

/// The rest of a burst.
struct Row {
    segments: VecDeque<Continued>,
    /// Where the first of them begins.
    seq: SeqNum,
    taken: u32,
}

impl ReceiveOffload for Row {
    fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    fn next(&mut self, window: u32) -> Option<Continued> {
        if self.segments.front()?.text.len() > window as usize {
            return None;
        }
        let next = self.segments.pop_front()?;
        self.seq += next.text.len() as u32;
        self.taken += 1;
        Some(next)
    }
}

/// One of two connections to which the same happens.
struct Twin {
    connection: Connection,
    counters: Counters,
    sysctls: Sysctls,
    recorder: Recorder,
    spare: SpareBuffers,
    now: Instant,
    sent: Sent,
    predicts: bool,
    predicted: u32,
    continued: u32,
}

impl Twin {
    /// `memory`: bytes that the receive queue may hold, if they are few.
    fn new(timestamps: bool, memory: Option<usize>, predicts: bool) -> Self {
        let defaults = Sysctls::default();
        let sysctls = Sysctls {
            tcp_timestamps: timestamps,
            tcp_rmem: memory.map_or(defaults.tcp_rmem, BufferSizes::fixed),
            ..defaults
        };
        let now = Instant::from_millis(1000);
        let offer = Offer::new(MSS, &sysctls);
        let mut twin = Self {
            connection: Connection::connect(ISS, offer, 77, now),
            counters: Counters::default(),
            sysctls,
            recorder: Recorder::new(true, "twin", 100),
            spare: SpareBuffers::default(),
            now,
            sent: Sent::default(),
            predicts,
            predicted: 0,
            continued: 0,
        };
        twin.transmit();
        let mut answer = twin.segment(IRS, ISS + 1, TcpFlags::SYN | TcpFlags::ACK, 0);
        answer.wnd = 60_000;
        answer.options = TcpOptions {
            mss: Some(MSS),
            window_scale: Some(SHIFT),
            sack_permitted: true,
            timestamps: answer.options.timestamps,
            ..TcpOptions::default()
        };
        twin.arrives(answer);
        assert_eq!(twin.connection.state, State::Established);
        let ends = [1, 2].map(|port| ([10, 0, 0, 1], port).into());
        let journal = ConnectionJournal::new(ends[0], ends[1], Beginning::default());
        twin.connection.journal = Some(Box::new(journal));
        twin.transmit();
        twin
    }

    fn segment(&self, seq: SeqNum, ack: SeqNum, flags: TcpFlags, age: u32) -> Segment {
        let value = self.now.as_millis() as u32 - age;
        let timestamps = self.sysctls.tcp_timestamps.then_some(Timestamps {
            value,
            echo_reply: value.wrapping_add(77),
        });
        Segment {
            seq,
            ack,
            wnd: 0,
            flags,
            options: TcpOptions {
                timestamps,
                ..TcpOptions::default()
            },
            ecn: Ecn::NotEct,
            payload: Payload::default(),
            time: crate::ArrivalTime {
                arrived: self.now,
                ..Default::default()
            },
        }
    }

    fn with<T>(&mut self, call: impl FnOnce(&mut Connection, &mut Context<'_>) -> T) -> T {
        let context = &mut Context {
            now: self.now,
            sysctls: &self.sysctls,
            counters: &mut self.counters,
            recorder: &mut self.recorder,
            spare: &mut self.spare,
            frames: FrameBudget {
                level: PoolLevel::Ample,
                frames_a_connection: 16,
            },
            orphans: 0,
            memory: MemoryBudget {
                receive: 1 << 30,
                send: 1 << 30,
            },
        };
        call(&mut self.connection, context)
    }

    fn arrives(&mut self, segment: Segment) {
        self.arrive(segment, VecDeque::new());
    }

    /// A segment and those that continue it arrive: together where that can be, and otherwise one by one.
    fn arrive(&mut self, mut segment: Segment, segments: VecDeque<Continued>) {
        let mut row = Row {
            segments,
            seq: segment.seq + segment.len(),
            taken: 0,
        };
        let predicts = self.predicts;
        loop {
            let (ack, wnd) = (segment.ack, segment.wnd);
            let (options, ecn) = (segment.options, segment.ecn);
            let predicted = self.with(|connection, context| {
                connection.activity.arrived(segment.payload.len());
                let taken = predicts
                    .then(|| connection.take_predicted(context, &mut segment, &mut row))
                    .flatten();
                let is_predicted = taken.is_some();
                let _: Disposition =
                    taken.unwrap_or_else(|| connection.arrives_step_by_step(context, segment));
                is_predicted
            });
            self.predicted += u32::from(predicted);
            let Some(Continued { text, flags, time }) = row.segments.pop_front() else {
                break;
            };
            let seq = row.seq;
            row.seq += text.len() as u32;
            segment = Segment {
                seq,
                ack,
                wnd,
                flags,
                options,
                ecn,
                payload: Payload::new(text, Vec::new()),
                time,
            };
        }
        self.continued += row.taken;
    }

    fn transmit(&mut self) {
        let mut sent = std::mem::take(&mut self.sent);
        self.with(|connection, context| {
            connection
                .transmit(context, &mut sent, usize::MAX)
                .expect("room in the ring")
        });
        self.sent = sent;
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Arrive {
                text,
                behind,
                open,
                window,
                push,
                fin,
                age,
                ref more,
            } => {
                let flags = [(push, TcpFlags::PSH), (fin, TcpFlags::FIN)]
                    .into_iter()
                    .filter(|(is_set, _)| *is_set)
                    .fold(TcpFlags::ACK, |flags, (_, flag)| flags | flag);
                let (snd, nxt) = (self.connection.snd, self.connection.rcv.nxt);
                let ack = snd.nxt - open.min(snd.flight_size() + 20);
                let seq = nxt + (-behind) as u32;
                let mut segment = self.segment(seq, ack, flags, age);
                segment.wnd = window;
                segment.payload = Payload::new(frame(7, text), Vec::new());
                // Nothing comes after a FIN.
                let more = more.iter().filter(|_| !fin).enumerate();
                let more = more.map(|(number, &(text, push))| Continued {
                    text: frame(number as u8, text),
                    flags: if push {
                        TcpFlags::ACK | TcpFlags::PSH
                    } else {
                        TcpFlags::ACK
                    },
                    time: crate::ArrivalTime {
                        arrived: self.now + Duration::from_millis(number as u64),
                        taken: Some(self.now),
                        rx_ring_at_most: None,
                    },
                });
                let more = more.collect();
                self.arrive(segment, more);
            }
            Step::Read(count) => {
                let mut buffer = vec![0; count];
                let _ = self.with(|connection, context| connection.read(context, &mut buffer));
            }
            Step::Write(count) => {
                let data = vec![9; count];
                let _ = self.with(|connection, context| connection.write(context, &data));
            }
            Step::Wait(microseconds) => {
                self.now += Duration::from_micros(microseconds.into());
                self.with(Connection::timeout);
            }
        }
        self.transmit();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_short_way_ends_where_the_long_way_does(
        timestamps: bool,
        memory in prop_oneof![2 => Just(None), 1 => (3000..40_000usize).prop_map(Some)],
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut twins = [true, false].map(|predicts| Twin::new(timestamps, memory, predicts));
        for (number, step) in steps.iter().enumerate() {
            twins.iter_mut().for_each(|twin| twin.take(step));
            let [short, long] = &twins;
            prop_assert_eq!(&short.sent.0, &long.sent.0, "sent after step {}", number);
            prop_assert_eq!(
                format!("{:?}", short.connection),
                format!("{:?}", long.connection),
                "the connection after step {}", number
            );
            prop_assert_eq!(format!("{:?}", short.counters), format!("{:?}", long.counters));
        }
    }
}

/// Or the test above would compare nothing.
#[test]
fn requests_and_acknowledgments_are_predicted() {
    for timestamps in [false, true] {
        let mut twin = Twin::new(timestamps, None, true);
        for text in [100, 1448, 0] {
            twin.take(&Step::Write(3000));
            twin.take(&Step::Arrive {
                text,
                behind: 0,
                open: 0,
                window: 4000,
                push: true,
                fin: false,
                age: 0,
                more: vec![(1448, false); 3],
            });
            twin.take(&Step::Read(50_000));
        }
        // the one without text is followed by none, and so what came with it is predicted by itself
        assert_eq!((twin.predicted, twin.continued), (4, 3 + 3 + 2));
    }
}

/// RFC 2883 4: what arrived twice is told once, also where several segments go together.
#[test]
fn a_duplicate_is_told_in_one_segment_of_many() {
    let mut twin = Twin::new(true, None, true);
    let old = twin.connection.rcv.nxt;
    let arrival = |twin: &Twin| {
        let mut segment = twin.segment(old, twin.connection.snd.nxt, TcpFlags::ACK, 0);
        segment.wnd = 4000;
        segment.payload = Payload::new(RxFrame::from(vec![7; 100]), Vec::new());
        segment
    };
    for _ in 0..2 {
        twin.arrives(arrival(&twin));
    }
    let data = vec![9; 8 * 1448];
    let _ = twin.with(|connection, context| connection.write(context, &data));
    twin.sent.0.clear();
    twin.transmit();
    let lengths: Vec<_> = twin.sent.0.iter().map(|(_, text)| text.len()).collect();
    let telling = |(header, _): &&(SegmentHeader, Vec<u8>)| !header.options.sack.is_empty();
    assert_eq!(twin.sent.0.iter().filter(telling).count(), 1, "{lengths:?}");
    assert_eq!(lengths[..3], [1436, 1448, 1448]);
}
