//! Every state × every kind of segment, in and around the window, against `spec/segments.txt`.

mod rules;
mod stage;

use periplus_tests::Segment;
use periplus_wire::SeqNum;
use periplus_wire::tcp::{TcpFlags, Timestamps};
use rules::{Cell, Rule, first, rules};
use stage::{MAX_SND_WND, Stack, Stage, TS_RECENT};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const STATES: [&str; 14] = [
    "CLOSED",
    "LISTEN",
    "SYN-SENT",
    "SYN-RECEIVED/passive",
    "SYN-RECEIVED/active",
    "ESTABLISHED",
    "ESTABLISHED/closed",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "CLOSE-WAIT",
    "CLOSING",
    "LAST-ACK",
    "TIME-WAIT",
    "TIME-WAIT/held",
];
/// The segments: their control bits, and how much text they have.
const SEGMENTS: [(&str, TcpFlags, usize); 11] = [
    ("SYN", TcpFlags::SYN, 0),
    ("SYN,FIN", TcpFlags::SYN.union(TcpFlags::FIN), 0),
    ("SYN,RST", TcpFlags::SYN.union(TcpFlags::RST), 0),
    ("SYN,ACK", TcpFlags::SYN.union(TcpFlags::ACK), 0),
    ("RST", TcpFlags::RST, 0),
    ("RST,ACK", TcpFlags::RST.union(TcpFlags::ACK), 0),
    ("ACK", TcpFlags::ACK, 0),
    ("FIN,ACK", TcpFlags::FIN.union(TcpFlags::ACK), 0),
    ("DATA", TcpFlags::ACK, 100),
    ("DATA,FIN", TcpFlags::FIN.union(TcpFlags::ACK), 100),
    ("NONE", TcpFlags::NONE, 100),
];
const ACKS: [&str; 5] = ["new", "una", "old", "ancient", "unsent"];
/// States that know no sequence number of the peer's: any will do.
const NOT_SYNCHRONIZED: [&str; 3] = ["CLOSED", "LISTEN", "SYN-SENT"];
/// States in which 100 bytes are in flight.
const WITH_TEXT_IN_FLIGHT: [&str; 3] = ["ESTABLISHED", "ESTABLISHED/closed", "CLOSE-WAIT"];
/// States in which nothing is.
const WITH_NOTHING_IN_FLIGHT: [&str; 5] = [
    "CLOSED",
    "LISTEN",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "TIME-WAIT/held",
];

/// SEG.LEN.
fn length(flags: TcpFlags, text: usize) -> u32 {
    let bit = |bit| u32::from(flags.contains(bit));
    text as u32 + bit(TcpFlags::SYN) + bit(TcpFlags::FIN)
}

fn positions(state: &str, length: u32) -> Vec<&'static str> {
    let is_open = !state.starts_with("TIME-WAIT") && !state.ends_with("/closed");
    let mut positions = vec!["next", "left", "beyond", "far-left", "far-right"];
    if NOT_SYNCHRONIZED.contains(&state) {
        return vec!["next", "far-left", "far-right"];
    }
    if is_open {
        positions.extend(["inside", "last", "edge"]);
    }
    if length > 1 {
        positions.push("over-left");
        if is_open {
            positions.push("over-right");
        }
    }
    positions
}

fn sequence(stage: &Stage, position: &str, length: u32) -> SeqNum {
    let back = |count: u32| 0u32.wrapping_sub(count);
    let (nxt, edge) = (stage.rcv_nxt, stage.edge);
    match position {
        "next" => nxt,
        "inside" => nxt + 1000,
        "last" => edge + back(length.max(1)),
        "over-left" => nxt + back(1),
        "over-right" => edge + back(1),
        "left" => nxt + back(length.max(1)),
        "edge" => edge,
        "beyond" => edge + 1,
        "far-left" => nxt + back(1 << 30),
        "far-right" => edge + (1 << 30),
        other => panic!("no such position: {other}"),
    }
}

fn acknowledgment(stage: &Stage, ack: &str) -> SeqNum {
    let back = |count: u32| 0u32.wrapping_sub(count);
    match ack {
        "-" => SeqNum(0),
        "new" => stage.nxt,
        "una" => stage.una,
        "old" => stage.una + back(1),
        "ancient" => stage.una + back(MAX_SND_WND + 1),
        "unsent" => stage.nxt + 1,
        other => panic!("no such ACK: {other}"),
    }
}

fn timestamps(state: &str) -> &'static [&'static str] {
    match state {
        "CLOSED" | "LISTEN" => &["none", "added"],
        "SYN-SENT" => &["none", "added", "bad-echo"],
        "SYN-RECEIVED/passive" | "ESTABLISHED" => &[
            "none", "added", "later", "same", "earlier", "absent", "bad-echo",
        ],
        _ => &["none", "added", "later", "same", "earlier", "absent"],
    }
}

/// Every combination.
fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for state in STATES {
        for (segment, flags, text) in SEGMENTS {
            for seq in positions(state, length(flags, text)) {
                for &ts in timestamps(state) {
                    let has_ack = flags.contains(TcpFlags::ACK);
                    let acks = if has_ack { &ACKS[..] } else { &["-"] };
                    let nothing_in_flight = WITH_NOTHING_IN_FLIGHT.contains(&state);
                    let acks = acks
                        .iter()
                        .filter(|&&ack| ack != "una" || !nothing_in_flight);
                    cells.extend(acks.map(|&ack| Cell {
                        state,
                        segment,
                        seq,
                        ack,
                        ts,
                    }));
                }
            }
        }
    }
    cells
}

fn segment(stage: &Stage, cell: &Cell) -> Segment {
    let (_, flags, text) = SEGMENTS
        .into_iter()
        .find(|(name, ..)| *name == cell.segment)
        .expect("a segment of the table");
    let seq = sequence(stage, cell.seq, length(flags, text));
    let ack = acknowledgment(stage, cell.ack);
    let mut segment = stage.segment(flags, seq, ack, text, TS_RECENT);
    let value = match cell.ts {
        "later" | "added" | "bad-echo" => TS_RECENT + 1,
        "earlier" => TS_RECENT - 1,
        _ => TS_RECENT,
    };
    let echo_reply = if cell.ts == "bad-echo" {
        stage.tsval.wrapping_add(1_000_000)
    } else {
        stage.tsval
    };
    segment.options.timestamps = match cell.ts {
        "none" | "absent" => None,
        _ => Some(Timestamps { value, echo_reply }),
    };
    segment
}

/// Plays a cell. Says what is not as the row has it.
fn play(stack: &mut Stack, cell: &Cell, rule: &Rule) -> Result<(), String> {
    let agreed = !matches!(cell.ts, "none" | "added");
    let mut stage = Stage::new(stack, cell.state, agreed || cell.state == "SYN-SENT");
    stage.timestamps = agreed;
    let segment = segment(&stage, cell);
    let (before, counted) = (stage.seen(), stage.counters());
    let old_nxt = stage.rcv_nxt;
    stage.inject(&segment);
    let answers = stage.sent();
    let (after, now_counted) = (stage.seen(), stage.counters());

    // What becomes of the connection.
    let state = after.state.map_or("CLOSED", |state| match state.name() {
        "SYN-RECV" => "SYN-RECEIVED",
        "ESTAB" => "ESTABLISHED",
        name => name,
    });
    let bare = |name: &'static str| name.split('/').next().unwrap_or(name);
    let next = match rule.next {
        "." if cell.state == "LISTEN" => "CLOSED",
        "." => bare(cell.state),
        next => next,
    };
    check("state", &state, &next)?;
    let text = after.queues.receive_queue > before.queues.receive_queue;
    check("text", &text, &rule.has("text"))?;
    let held = after.queues.reassembly_queue > before.queues.reassembly_queue;
    check("held", &held, &rule.has("held"))?;
    if WITH_TEXT_IN_FLIGHT.contains(&cell.state) && next != "CLOSED" {
        let in_flight = if rule.has("una") && cell.ack == "new" {
            0
        } else {
            100
        };
        check("in flight", &after.queues.retransmit_queue, &in_flight)?;
    }

    // What is answered.
    let is_ack = matches!(rule.answer, "ack" | "ack-limited" | "challenge");
    let mut rcv_nxt = old_nxt;
    if rule.has("text") {
        rcv_nxt += if cell.seq == "next" { 100 } else { 99 };
    }
    let entered = rule.next != "." && matches!(next, "CLOSE-WAIT" | "CLOSING" | "TIME-WAIT");
    if entered && segment.flags.contains(TcpFlags::FIN) && rule.answer == "ack" {
        rcv_nxt += 1;
    }
    if segment.flags.contains(TcpFlags::SYN) && rule.next != "." {
        rcv_nxt = segment.sequence + 1;
    }
    let length = length(segment.flags, segment.data.len());
    let expected = match rule.answer {
        "nothing" => None,
        "syn+ack" => Some((TcpFlags::SYN | TcpFlags::ACK, stage.iss, rcv_nxt)),
        "rst" => Some((TcpFlags::RST, segment.acknowledgment, SeqNum(0))),
        "rst+ack" => Some((
            TcpFlags::RST | TcpFlags::ACK,
            SeqNum(0),
            segment.sequence + length,
        )),
        _ if is_ack => Some((TcpFlags::ACK, stage.nxt, rcv_nxt)),
        other => panic!("line {}: no such answer: {other}", rule.line),
    };
    let numbers = |segment: &Segment| (segment.flags, segment.sequence, segment.acknowledgment);
    let sent: Vec<_> = answers.iter().map(numbers).collect();
    let delayed = (TcpFlags::ACK, stage.nxt, rcv_nxt);
    let may_be_delayed = rule.has("text") && expected.is_none() && sent == [delayed];
    if sent != expected.into_iter().collect::<Vec<_>>() && !may_be_delayed {
        let (iss, irs) = (stage.iss, old_nxt);
        let relative = |(flags, seq, ack)| format!("{flags:?} SND {} RCV {}", seq - iss, ack - irs);
        let sent: Vec<_> = sent.into_iter().map(relative).collect();
        let expected = expected.map(relative);
        return Err(format!("answer: {sent:?}, not {expected:?}"));
    }
    for answer in &answers {
        let has = answer.options.timestamps;
        let is_reset = answer.flags.contains(TcpFlags::RST);
        let is_syn = answer.flags.contains(TcpFlags::SYN);
        let asked = segment.options.timestamps.is_some();
        let wanted = match rule.next {
            "." => agreed && !is_reset,
            _ if is_syn => asked,
            _ => agreed,
        };
        if cell.state != "SYN-SENT" {
            check("timestamps", &has.is_some(), &wanted)?;
        }
        let recent = has.filter(|_| matches!(cell.ts, "earlier" | "same"));
        if let Some(recent) = recent {
            check("TSecr", &recent.echo_reply, &TS_RECENT)?;
        }
    }
    let challenged = now_counted.tcp_challenge_ack - counted.tcp_challenge_ack;
    check(
        "challenges",
        &challenged,
        &u64::from(rule.answer == "challenge"),
    )?;

    // The same once more.
    if rule.next == "." && is_ack {
        stage.inject(&segment);
        let again: Vec<_> = stage.sent().iter().map(numbers).collect();
        let again_expected = if rule.answer == "ack" {
            sent
        } else {
            Vec::new()
        };
        if !rule.has("held") && !segment.flags.contains(TcpFlags::FIN) {
            check("answer to a copy", &again, &again_expected)?;
        }
    }
    let ledger = stage.script.stack.shard.ledger();
    check("ledger balanced", &ledger.is_balanced(), &true)
}

fn check<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), String> {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what}: {got:?}, not {expected:?}"))
}

#[test]
fn every_segment_in_every_state_is_answered_as_the_table_says() {
    let rules = rules();
    let cells = cells();
    let mut used = BTreeSet::new();
    let mut failures: BTreeMap<_, (usize, &Cell)> = BTreeMap::new();
    let mut stack = Stack::new("");
    for (number, cell) in cells.iter().enumerate() {
        let rule = first(&rules, cell);
        // A new one before this one has given out the RSTs that it may at once.
        if number % 100 == 0 || cells[number - 1].state != cell.state {
            stack = Stack::new(cell.state);
        }
        used.insert(rule.line);
        if let Err(why) = play(&mut stack, cell, rule) {
            let failure = failures.entry((rule.line, why));
            failure.or_insert((0, cell)).0 += 1;
        }
    }
    println!("{} cells, {} rows", cells.len(), rules.len());
    let mut report = String::new();
    for ((line, why), (count, cell)) in &failures {
        let clause = rules.iter().find(|rule| rule.line == *line);
        let clause = clause.map_or("", |rule| rule.clause);
        let columns = cell.columns().join(" | ");
        let _ = writeln!(
            report,
            "line {line}: {clause}\n    {why}\n    {count} cells, first {columns}"
        );
    }
    assert!(failures.is_empty(), "of {} cells\n{report}", cells.len());
    let idle: Vec<_> = rules
        .iter()
        .filter(|rule| !used.contains(&rule.line))
        .collect();
    assert!(idle.is_empty(), "rows that nothing fits first: {idle:?}");
}
