//! However the frames of several streams are interleaved: each record has its own stamps, and its stations add up.

use super::{Line, ms};
use periplus_journey::{Label, Mark, Outcome, Record};
use proptest::prelude::*;
use std::time::Duration;

const FRAME: u64 = 10;

#[derive(Clone, Debug)]
struct Plan {
    frames_in: usize,
    frames_out: usize,
    /// The answer's end is told when it is out already.
    late: bool,
    /// After so many frames.
    reset: Option<usize>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let reset = proptest::option::weighted(0.3, 1usize..6);
    let frames = (1usize..4, 1usize..4, any::<bool>(), reset);
    frames.prop_map(|(frames_in, frames_out, late, reset)| Plan {
        frames_in,
        frames_out,
        late,
        reset: reset.filter(|frames| *frames < frames_in + frames_out),
    })
}

/// A stream, and what its record must say.
#[derive(Clone, Debug, Default)]
struct Expected {
    done: usize,
    arrived: u64,
    read: u64,
    parsed: Option<u64>,
    answered: Option<u64>,
    transmitted: Option<u64>,
    acknowledged: Option<u64>,
    ended: Option<u64>,
    answer_end: u64,
    peer: u64,
    bytes_in: u64,
    bytes_out: u64,
}

struct Play {
    line: Line,
    time: u64,
    last_read: u64,
    plans: Vec<Plan>,
    expected: Vec<Expected>,
}

impl Play {
    fn tick(&mut self) -> u64 {
        self.time += 1;
        self.line.at(self.time);
        self.time
    }

    /// The next frame of a stream, or its reset.
    fn turn(&mut self, chosen: usize) {
        let plan = self.plans[chosen].clone();
        let done = self.expected[chosen].done;
        if self.expected[chosen].ended.is_some() || done == plan.frames_in + plan.frames_out {
            return;
        }
        if plan.reset == Some(done) {
            self.reset(chosen);
        } else {
            self.expected[chosen].done += 1;
            if done < plan.frames_in {
                self.frame_in(chosen, done == 0, done + 1 == plan.frames_in);
            } else {
                let frame = done - plan.frames_in;
                let is_last = frame + 1 == plan.frames_out;
                self.frame_out(chosen, frame == 0, is_last, plan.late);
            }
        }
    }

    fn frame_in(&mut self, chosen: usize, is_first: bool, is_last: bool) {
        let stream = number(chosen);
        let arrived = self.tick();
        self.line.arrives(FRAME);
        for other in self.expected.iter_mut().filter(|other| other.is_parsing()) {
            other.peer += arrived - self.last_read;
        }
        self.last_read = self.tick();
        self.line.is_read();
        let end = self.line.read;
        let expected = &mut self.expected[chosen];
        expected.bytes_in += FRAME;
        if is_first {
            (expected.arrived, expected.read) = (arrived, self.last_read);
            self.line.request(stream, end - FRAME);
            let status = Label::Status(stream as u16);
            self.line.mark(stream, Mark::Label(status));
        }
        if is_last {
            let parsed = self.tick();
            self.expected[chosen].parsed = Some(parsed);
            self.line.request_end(stream, end);
            self.line.mark(stream, Mark::HandlerCalled);
        }
        self.carried(chosen);
    }

    fn frame_out(&mut self, chosen: usize, is_first: bool, is_last: bool, late: bool) {
        let stream = number(chosen);
        let start = self.line.transmitted;
        let end = start + FRAME;
        let written = self.tick();
        self.expected[chosen].bytes_out += FRAME;
        if is_first {
            self.expected[chosen].answered = Some(written);
            self.line.mark(stream, Mark::Response { start });
        }
        self.carried(chosen);
        if is_last && !late {
            self.line.mark(stream, Mark::ResponseEnd { end });
        }
        let transmitted = self.tick();
        self.line.transmits(FRAME);
        if is_last {
            self.expected[chosen].transmitted = Some(transmitted);
            self.expected[chosen].answer_end = end;
            if late {
                self.tick();
                self.line.mark(stream, Mark::ResponseEnd { end });
            }
        }
    }

    fn reset(&mut self, chosen: usize) {
        let ended = self.tick();
        let last_read = self.last_read;
        let expected = &mut self.expected[chosen];
        if expected.is_parsing() {
            expected.peer += ended - last_read;
        }
        expected.ended = Some(ended);
        let reason = "stream_reset";
        self.line.mark(number(chosen), Mark::Reset { reason });
    }

    fn carried(&mut self, chosen: usize) {
        let (received, sent) = (
            self.expected[chosen].bytes_in,
            self.expected[chosen].bytes_out,
        );
        self.line
            .mark(number(chosen), Mark::Carried { received, sent });
    }

    /// The peer acknowledges a part of what is out.
    fn acknowledge(&mut self, of_16: u64) {
        let out = self.line.transmitted - self.line.acknowledged;
        let offset = self.line.acknowledged + (out * of_16).div_ceil(16);
        let at = self.tick();
        for expected in &mut self.expected {
            if expected.transmitted.is_some() && expected.answer_end <= offset {
                expected.acknowledged.get_or_insert(at);
            }
        }
        self.line.acknowledges(offset);
    }
}

impl Expected {
    fn is_parsing(&self) -> bool {
        self.read > 0 && self.parsed.is_none() && self.ended.is_none()
    }

    fn check(&self, record: &Record) {
        let events = &record.events;
        let at = |time: Option<u64>| time.map(ms);
        assert_eq!(events.arrived, Some(ms(self.arrived)));
        assert_eq!(events.read, Some(ms(self.read)));
        assert_eq!(events.parsed, at(self.parsed));
        assert_eq!(events.answered, at(self.answered));
        assert_eq!(events.transmitted, at(self.transmitted));
        assert_eq!(events.acknowledged, at(self.acknowledged));
        assert_eq!(events.ended, at(self.ended));
        assert_eq!(record.peer_in_server, Duration::from_millis(self.peer));
        assert_eq!(
            (record.bytes_in, record.bytes_out),
            (self.bytes_in, self.bytes_out)
        );
        assert!(!record.coarse);
        let last = self.ended.or(self.acknowledged).expect("it is over");
        let spine = record.spine();
        let sum: Duration = spine.intervals().iter().map(|part| part.duration()).sum();
        assert_eq!(sum, Duration::from_millis(last - self.arrived));
    }
}

/// A stream that a client opens has an odd number (RFC 9113 section 5.1.1).
fn number(chosen: usize) -> u32 {
    2 * chosen as u32 + 1
}

proptest! {
    #[test]
    fn each_record_has_its_own_stamps(
        plans in proptest::collection::vec(plan(), 1..8),
        turns in proptest::collection::vec((any::<prop::sample::Index>(), 0u64..40), 0..80),
    ) {
        let count = plans.len();
        let mut play = Play {
            line: Line::new(),
            time: 0,
            last_read: 0,
            plans,
            expected: vec![Expected::default(); count],
        };
        for (chosen, acknowledged) in turns {
            play.turn(chosen.index(count));
            if acknowledged <= 16 {
                play.acknowledge(acknowledged);
            }
        }
        let mut records = play.line.records();
        for record in &records {
            let ended = if record.events.ended.is_some() { Outcome::Reset } else { Outcome::Answered };
            prop_assert_eq!(record.outcome, ended);
        }
        let end = play.tick();
        for expected in &mut play.expected {
            if expected.is_parsing() {
                expected.peer += end - play.last_read;
            }
            if expected.acknowledged.is_none() {
                expected.ended.get_or_insert(end);
            }
        }
        let over = play.line.end(Outcome::Closed);
        records.extend(over);
        for (chosen, expected) in play.expected.iter().enumerate() {
            let status = Some(number(chosen) as u16);
            let mut of_stream = records.iter().filter(|record| record.status == status);
            match of_stream.next() {
                Some(record) => expected.check(record),
                None => prop_assert_eq!(expected.done, 0),
            }
            prop_assert!(of_stream.next().is_none());
        }
    }
}
