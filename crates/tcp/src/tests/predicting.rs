//! The short way of a segment that was predicted leaves a connection as the steps of RFC 9293 3.10.7 do.

use crate::{
    Connection, Context, Disposition, Emit, FrameBudget, MemoryBudget, Offer, Payload, Recorder,
    RingFull, Segment, SegmentHeader, SpareBuffers, State, Sysctls,
};
use periplus_journey::{Counters, Instant};
use periplus_ring::{PoolLevel, RxFrame};
use periplus_wire::tcp::{TcpFlags, TcpOptions, Timestamps};
use periplus_wire::{Ecn, SeqNum};
use proptest::prelude::*;
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
            prop::bool::weighted(0.01).prop_map(move |fin| Step::Arrive {
                text,
                behind,
                open,
                window,
                push,
                fin,
                age,
            })
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => arrival(),
        3 => (0..5000usize).prop_map(Step::Read),
        3 => prop_oneof![Just(1024usize), 0..30_000usize].prop_map(Step::Write),
        2 => prop_oneof![0..300u32, 0..3_000_000u32].prop_map(Step::Wait),
    ]
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
}

impl Twin {
    fn new(timestamps: bool, predicts: bool) -> Self {
        let sysctls = Sysctls {
            tcp_timestamps: timestamps,
            ..Sysctls::default()
        };
        let now = Instant::from_millis(1000);
        let offer = Offer::new(MSS, &sysctls);
        let mut twin = Self {
            connection: Connection::connect(ISS, offer, 77, now),
            counters: Counters::default(),
            sysctls,
            recorder: Recorder::new(false, "twin", 0),
            spare: SpareBuffers::default(),
            now,
            sent: Sent::default(),
            predicts,
            predicted: 0,
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
                frames_a_connection: 64,
            },
            orphans: 0,
            memory: MemoryBudget {
                receive: 1 << 30,
                send: 1 << 30,
            },
        };
        call(&mut self.connection, context)
    }

    fn arrives(&mut self, mut segment: Segment) {
        let predicts = self.predicts;
        let predicted = self.with(|connection, context| {
            connection.activity.arrived(segment.payload.len());
            let taken = predicts
                .then(|| connection.take_predicted(context, &mut segment))
                .flatten();
            let is_predicted = taken.is_some();
            let _: Disposition =
                taken.unwrap_or_else(|| connection.arrives_step_by_step(context, segment));
            is_predicted
        });
        self.predicted += u32::from(predicted);
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
                let frame = RxFrame::from(vec![7; text.into()]);
                segment.payload = Payload::new(frame, Vec::new());
                self.arrives(segment);
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
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_short_way_ends_where_the_long_way_does(
        timestamps: bool,
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut twins = [true, false].map(|predicts| Twin::new(timestamps, predicts));
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
        let mut twin = Twin::new(timestamps, true);
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
            });
            twin.take(&Step::Read(5000));
        }
        assert_eq!(twin.predicted, 3);
    }
}

/// RFC 2883 4: what arrived twice is told once, also where several segments go together.
#[test]
fn a_duplicate_is_told_in_one_segment_of_many() {
    let mut twin = Twin::new(true, true);
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
