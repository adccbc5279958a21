//! A trace is a script, a line a step:
//!
//! | line | meaning |
//! |---|---|
//! | `< S. 0:0 ack 1 win 9000` | this segment arrives: flags as tcpdump writes them, sequence numbers from 0 at either SYN |
//! | `> P. 1:101 ack 1` | this segment is sent next; `win` is compared if it is given |
//! | `> nothing` | nothing is sent |
//! | `wait 40ms` | time passes, and what is due is done |
//! | `stall 40ms` | the same, while the transmit ring takes nothing |
//! | `write 100`, `read 100`, `shutdown`, `close`, `abort`, `cutoff`, `nodelay`, `quickack` | the backend calls |
//! | `state FinWait1` | the connection is in that state |
//!
//! Segments of a full size hold 1000 bytes. At the end nothing may be left that was sent and not expected.

use crate::{
    Connection, Context, Emit, FrameBudget, MemoryBudget, Offer, Recorder, RingFull, Segment,
    SegmentHeader, SocketOptions, SpareBuffers, Sysctls,
};
use periplus_journey::{Counters, Instant};
use periplus_ring::{PoolLevel, RxFrame};
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};
use std::collections::VecDeque;
use std::time::Duration;

const ISS: SeqNum = SeqNum::new(u32::MAX - 500); // every trace wraps
const IRS: SeqNum = SeqNum::new(7_000_000);
const SEGMENT: u16 = 1000;

/// Collects what is sent.
#[derive(Default)]
struct Sent(VecDeque<(SegmentHeader, usize)>);

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
        let length = payload.iter().map(|piece| piece.len()).sum();
        self.0.push_back((*header, length));
        Ok(())
    }
}

/// A connection under test, driven by a script.
pub(super) struct Trace {
    pub(super) connection: Connection,
    pub(super) counters: Counters,
    sysctls: Sysctls,
    recorder: Recorder,
    spare: SpareBuffers,
    now: Instant,
    /// What is free of the shard's memory for receiving.
    pub(super) free: usize,
    /// Orphans of the shard, this one not counted.
    pub(super) orphans: usize,
    sent: Sent,
}

impl Trace {
    /// A connection about to send its SYN.
    pub(super) fn opening() -> Self {
        Self::opening_with(SEGMENT, usize::MAX)
    }

    /// The same with an MSS in our SYN of `mss`, and `free` bytes left of the shard's memory for receiving.
    pub(super) fn opening_with(mss: u16, free: usize) -> Self {
        let sysctls = Sysctls {
            tcp_timestamps: false,
            tcp_window_scaling: false,
            ..Sysctls::default()
        };
        let connection =
            Connection::connect(ISS, Offer::new(mss, &sysctls), 0, Instant::from_millis(1));
        let mut trace = Self {
            connection,
            counters: Counters::default(),
            sysctls,
            recorder: Recorder::new(false, "trace", 0),
            spare: SpareBuffers::default(),
            now: Instant::from_millis(1),
            free,
            orphans: 0,
            sent: Sent::default(),
        };
        trace.transmit();
        trace
    }

    /// A connection in ESTABLISHED whose peer takes 20,000 bytes.
    pub(super) fn established() -> Self {
        let mut trace = Self::opening();
        trace.run("> S 0:0\n < S. 0:0 ack 1 win 20000\n > . 1:1 ack 1\n state Established");
        trace
    }

    /// Runs a script.
    ///
    /// # Panics
    /// At the first line that does not hold.
    #[track_caller]
    pub(super) fn run(&mut self, script: &str) -> &mut Self {
        for line in script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            match verb {
                "<" => self.arrives(rest),
                ">" => self.is_sent(line, rest),
                "wait" => self.wait(rest, true),
                "stall" => self.wait(rest, false),
                "state" => assert_eq!(
                    format!("{:?}", self.connection.state()),
                    rest,
                    "after: {line}"
                ),
                call => self.call(call, rest),
            }
        }
        self
    }

    /// Takes the next segment if it is this one.
    pub(super) fn sent_again(&mut self, expected: &str) -> bool {
        let is_next = self
            .sent
            .0
            .front()
            .is_some_and(|&sent| describe(sent, false) == expected);
        if is_next {
            self.sent.0.pop_front();
        }
        is_next
    }

    /// Takes the next segment, whatever it is; says whether there was one.
    pub(super) fn sent_any(&mut self) -> bool {
        self.sent.0.pop_front().is_some()
    }

    /// Sets `tcp_rmem`.
    pub(super) fn receive_at_most(&mut self, bytes: usize) {
        self.sysctls.tcp_rmem = crate::BufferSizes::fixed(bytes);
    }

    pub(super) fn with<T>(
        &mut self,
        call: impl FnOnce(&mut Connection, &mut Context<'_>) -> T,
    ) -> T {
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
            orphans: self.orphans,
            memory: MemoryBudget {
                receive: self.free,
                send: usize::MAX,
            },
        };
        call(&mut self.connection, context)
    }

    fn transmit(&mut self) {
        let mut sent = std::mem::take(&mut self.sent);
        self.with(|connection, context| connection.transmit(context, &mut sent, 1 << 20))
            .unwrap();
        self.sent = sent;
    }

    fn arrives(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let flags = flags(words.next().expect("flags"));
        let (start, end) = words
            .next()
            .and_then(|range| range.split_once(':'))
            .expect("start:end");
        let start: u32 = start.parse().expect("a number");
        let length = end.parse::<u32>().expect("a number") - start;
        let mut segment = Segment {
            seq: IRS + start,
            ack: SeqNum::new(0),
            wnd: 20_000,
            flags,
            options: TcpOptions::default(),
            ecn: Ecn::NotEct,
            payload: Default::default(),
            time: Default::default(),
        };
        segment.time.arrived = self.now;
        if length > 0 {
            segment.payload =
                crate::Payload::new(RxFrame::from(vec![b'x'; length as usize]), Vec::new());
        }
        if segment.has(TcpFlags::SYN) {
            segment.options.mss = Some(self.connection.offer.mss);
        }
        while let Some(word) = words.next() {
            let value: u32 = words
                .next()
                .and_then(|value| value.parse().ok())
                .expect("a number");
            match word {
                "ack" => segment.ack = ISS + value,
                "win" => segment.wnd = value as u16,
                other => panic!("no such field: {other}"),
            }
        }
        self.with(|connection, context| connection.segment_arrives(context, segment));
        self.transmit();
    }

    #[track_caller]
    fn is_sent(&mut self, line: &str, expected: &str) {
        let found = self.sent.0.pop_front();
        if expected == "nothing" {
            assert_eq!(
                found.map(|sent| describe(sent, true)),
                None,
                "nothing should have been sent"
            );
            return;
        }
        let found = found.unwrap_or_else(|| panic!("nothing was sent, expected: {line}"));
        assert_eq!(
            describe(found, expected.contains("win")),
            expected,
            "expected: {line}"
        );
    }

    fn wait(&mut self, time: &str, ring_has_room: bool) {
        let milliseconds: u64 = time.trim_end_matches("ms").parse().expect("milliseconds");
        let until = self.now + Duration::from_millis(milliseconds);
        while let Some(due) = self.connection.next_timeout().filter(|&due| due <= until) {
            self.now = self.now.max(due);
            self.with(Connection::timeout);
            if ring_has_room {
                self.transmit();
            }
        }
        self.now = until;
    }

    fn set_option(&mut self, set: impl FnOnce(&mut SocketOptions)) {
        let mut options = **self.connection.socket_options();
        set(&mut options);
        self.with(|connection, context| connection.set_socket_options(context, options));
    }

    fn call(&mut self, call: &str, argument: &str) {
        let count = || argument.parse::<usize>().expect("a number");
        match call {
            "write" => {
                let data = vec![b'y'; count()];
                self.with(|connection, context| connection.write(context, &data))
                    .unwrap();
            }
            "read" => {
                let mut buffer = vec![0; count()];
                self.with(|connection, context| connection.read(context, &mut buffer))
                    .unwrap();
            }
            "shutdown" => self.with(Connection::shutdown_write).unwrap(),
            "close" => self.with(Connection::close),
            "abort" => self.with(Connection::abort),
            "cutoff" => self.with(Connection::cut_off),
            "nodelay" => self.set_option(|options| options.no_delay = true),
            "unpingpong" => {
                self.with(|connection, context| connection.set_quick_ack(context, true))
            }
            "pingpong" => self.with(|connection, context| connection.set_quick_ack(context, false)),
            "quickack" => self.set_option(|options| options.quick_ack = Some(true)),
            other => panic!("no such call: {other}"),
        }
        self.transmit();
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left: Vec<_> = self
                .sent
                .0
                .drain(..)
                .map(|sent| describe(sent, false))
                .collect();
            assert!(left.is_empty(), "sent and not expected: {left:?}");
        }
    }
}

fn flags(text: &str) -> TcpFlags {
    text.chars().fold(TcpFlags::NONE, |flags, letter| {
        flags
            | match letter {
                'S' => TcpFlags::SYN,
                'F' => TcpFlags::FIN,
                'R' => TcpFlags::RST,
                'P' => TcpFlags::PSH,
                '.' => TcpFlags::ACK,
                other => panic!("no such flag: {other}"),
            }
    })
}

fn describe((header, length): (SegmentHeader, usize), with_window: bool) -> String {
    let mut text = String::new();
    for (flag, letter) in [
        (TcpFlags::SYN, 'S'),
        (TcpFlags::FIN, 'F'),
        (TcpFlags::RST, 'R'),
        (TcpFlags::PSH, 'P'),
        (TcpFlags::ACK, '.'),
    ] {
        if header.flags.contains(flag) {
            text.push(letter);
        }
    }
    let start = header.seq - ISS;
    text += &format!(" {start}:{}", start as usize + length);
    if header.flags.contains(TcpFlags::ACK) {
        text += &format!(" ack {}", header.ack - IRS);
    }
    if with_window {
        text += &format!(" win {}", header.wnd);
    }
    text
}
