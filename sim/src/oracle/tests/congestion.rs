//! A sender in rounds of one round trip, each losing a segment now and then.

use super::{accepted, refused};
use std::fmt::Write;

const OPENED: &str = "
    < S 0 win 65000 mss 1000 ws 7 sackok
    > S. 0 ack 1 win 65000 mss 1000 ws 7 sackok
    +0.05 < . 1 ack 1 win 65000
";

/// A transfer of segments of 1,000 bytes.
struct Sender {
    trace: String,
    /// cwnd, in segments.
    window: f64,
    /// ssthresh.
    threshold: f64,
    /// Of how many segments one is lost.
    lost: u32,
    /// What is kept of the window after a loss.
    kept: f64,
    /// What was sent in the last round, and whether it arrives.
    flight: Vec<(u32, bool)>,
    holes: Vec<u32>,
    una: u32,
    next: u32,
    sent: u32,
}

impl Sender {
    fn new(window: f64, lost: u32, kept: f64) -> Self {
        Self {
            trace: String::new(),
            window,
            threshold: f64::INFINITY,
            lost,
            kept,
            flight: Vec::new(),
            holes: Vec::new(),
            una: 1,
            next: 1,
            sent: 0,
        }
    }

    fn send(&mut self, first: u32) {
        self.sent += 1;
        self.flight
            .push((first, !self.sent.is_multiple_of(self.lost)));
        writeln!(self.trace, "> . {first}:{} ack 1", first + 1000).unwrap();
    }

    /// Everything that was sent in the last round arrives, and is answered; then the window is filled again.
    fn round(&mut self) {
        writeln!(self.trace, "+0.05").unwrap();
        let flight = std::mem::take(&mut self.flight);
        let mut highest = self.una;
        for (first, arrives) in flight {
            if arrives {
                self.holes.retain(|&hole| hole != first);
                highest = highest.max(first + 1000);
            } else if !self.holes.contains(&first) {
                self.holes.push(first);
            }
        }
        highest = highest.max(self.holes.iter().copied().max().unwrap_or(0));
        self.holes.sort_unstable();
        self.una = self.holes.first().copied().unwrap_or(highest);
        let mut blocks: Vec<String> = Vec::new();
        for (at, hole) in self.holes.iter().enumerate() {
            let end = self.holes.get(at + 1).copied().unwrap_or(self.next);
            if hole + 1000 < end && blocks.len() < 3 {
                blocks.push(format!("{}-{end}", hole + 1000));
            }
        }
        let mut line = format!("< . 1 ack {} win 65000", self.una);
        if !blocks.is_empty() {
            write!(line, " sack {}", blocks.join(",")).unwrap();
        }
        writeln!(self.trace, "{line}").unwrap();
        if !self.holes.is_empty() {
            self.threshold = (self.window * self.kept).max(2.0);
            self.window = self.threshold;
        } else if self.window < self.threshold {
            self.window *= 2.0;
        } else {
            self.window += 1.0;
        }
        for hole in self.holes.clone() {
            self.send(hole);
        }
        while (self.flight.len() as f64) < self.window.floor() {
            let first = self.next;
            self.next += 1000;
            self.send(first);
        }
    }

    fn rounds(mut self, count: usize) -> String {
        for _ in 0..count {
            self.round();
        }
        self.trace
    }
}

#[test]
fn half_or_seven_tenths_may_be_kept_after_a_loss() {
    for kept in [0.5, 0.7] {
        accepted(OPENED, &Sender::new(5.0, 97, kept).rounds(60));
        accepted(OPENED, &Sender::new(5.0, 331, kept).rounds(40));
    }
}

#[test]
fn a_window_that_does_not_come_down_is_seen() {
    refused(
        OPENED,
        &Sender::new(5.0, 97, 1.0).rounds(60),
        "RFC 5681 3.1",
    );
    refused(
        OPENED,
        &Sender::new(5.0, 97, 0.9).rounds(60),
        "RFC 5681 3.1",
    );
}

#[test]
fn the_first_window_is_ten_segments() {
    accepted(OPENED, &Sender::new(5.0, 1000, 0.5).rounds(1));
    refused(
        OPENED,
        &Sender::new(8.0, 1000, 0.5).rounds(1),
        "RFC 5681 3.1",
    );
}

#[test]
fn slow_start_at_most_doubles() {
    let mut sender = Sender::new(5.0, 1000, 0.5);
    sender.round();
    sender.window *= 2.0;
    sender.round();
    refused(OPENED, &sender.trace, "RFC 5681 3.1");
}

#[test]
fn after_a_time_out_there_is_one_segment() {
    let flight: String = (0..10)
        .map(|at| format!("> . {}:{} ack 1\n", 1 + 1000 * at, 1001 + 1000 * at))
        .collect();
    let expired = [OPENED, &flight, "+0.4 > . 1:1001 ack 1 \n"].concat();
    let two = "+0.05 < . 1 ack 1001 \n > . 1001:2001 ack 1 \n > . 2001:3001 ack 1 \n";
    accepted(&expired, two);
    let all: String = (1..10)
        .map(|at| format!("> . {}:{} ack 1\n", 1 + 1000 * at, 1001 + 1000 * at))
        .collect();
    refused(&expired, &all, "RFC 5681 3.1");
}

#[test]
fn what_was_for_nothing_may_be_taken_back() {
    let opened = "
        < S 0 win 65000 mss 1000 ws 7 sackok ts 1 0
        > S. 0 ack 1 win 65000 mss 1000 ws 7 sackok ts 500 1
        +0.05 < . 1 ack 1 win 65000 ts 2 500
    ";
    let segment = |at: u32, value: u32| {
        let first = 1 + 900 * at;
        format!("> . {first}:{} ack 1 ts {value} 2\n", first + 900)
    };
    let flight: String = (0..10).map(|at| segment(at, 550)).collect();
    let again = segment(0, 950);
    let more: String = (10..22).map(|at| segment(at, 960)).collect();
    let before = [opened, &flight, "+0.4 ", &again].concat();
    // The ACK answers the original, or what was sent again.
    accepted(
        &before,
        &["< . 1 ack 9001 win 65000 ts 400 550\n", &more].concat(),
    );
    let answer = "< . 1 ack 901 win 65000 ts 400 950\n";
    let rest: String = (1..10).map(|at| segment(at, 960)).collect();
    refused(&before, &[answer, &rest].concat(), "RFC 5681 3.1");
}
