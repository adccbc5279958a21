//! Every state × every event, against `spec/states.txt`: RFC 9293's figure 5 with what it leaves out.

mod alphabet;
mod picture;
mod segments;
mod stage;
mod table;

use stage::Stage;
use std::collections::BTreeSet;
use std::fmt::Write;
use table::{Table, Transition, bare};

/// The arrows of RFC 9293's figure 5, and the one of its note 2, by the RFC's events.
const FIGURE_5: [(&str, &str, &str); 21] = [
    ("CLOSED", "passive OPEN", "LISTEN"),
    ("CLOSED", "active OPEN", "SYN-SENT"),
    ("LISTEN", "CLOSE", "CLOSED"),
    ("LISTEN", "SYN", "SYN-RECEIVED"),
    ("LISTEN", "SEND", "SYN-SENT"),
    ("SYN-SENT", "CLOSE", "CLOSED"),
    ("SYN-SENT", "SYN", "SYN-RECEIVED"),
    ("SYN-SENT", "SYN,ACK", "ESTABLISHED"),
    ("SYN-RECEIVED", "RST", "LISTEN"),
    ("SYN-RECEIVED", "ACK all", "ESTABLISHED"),
    ("SYN-RECEIVED", "CLOSE", "FIN-WAIT-1"),
    ("ESTABLISHED", "CLOSE", "FIN-WAIT-1"),
    ("ESTABLISHED", "FIN", "CLOSE-WAIT"),
    ("FIN-WAIT-1", "ACK all", "FIN-WAIT-2"),
    ("FIN-WAIT-1", "FIN", "CLOSING"),
    ("FIN-WAIT-1", "FIN, ACK all", "TIME-WAIT"),
    ("FIN-WAIT-2", "FIN", "TIME-WAIT"),
    ("CLOSE-WAIT", "CLOSE", "LAST-ACK"),
    ("CLOSING", "ACK all", "TIME-WAIT"),
    ("LAST-ACK", "ACK all", "CLOSED"),
    ("TIME-WAIT", "2 MSL", "CLOSED"),
];
/// Events during which copies of what is in flight go out.
const TIME: [&str; 6] = [
    "RTO",
    "2 MSL",
    "FIN time-out",
    "retries",
    "user time-out",
    "keepalive",
];

/// Brings a stack from CLOSED into the state to which `way` leads, by the table's own rows.
fn come_by(way: &[&Transition], event: &str, leave_unread: bool) -> Result<Stage, String> {
    let mut stage = Stage::new(alphabet::sysctls(event), alphabet::socket_options(event));
    let mut left = false;
    for row in way {
        stage.play(row.event);
        stage.sent();
        let state = stage.state();
        if state != row.to {
            return Err(format!("{} on the way led to {state}", row.event));
        }
        if leave_unread && !left && bare(&state) == "ESTABLISHED" {
            stage.leave_unread();
            left = true;
        }
    }
    Ok(stage)
}

/// Lets `event` happen in the state to which `way` leads. Says what is not as the table has it.
fn check(table: &Table, state: &str, way: &[&Transition], event: &str) -> Result<(), String> {
    let leave_unread = event == "CLOSE unread" && !state.ends_with("/orphan");
    let mut stage = come_by(way, event, leave_unread)?;
    stage.play(event);
    let mut sent = stage.sent();
    let after = stage.state();
    let row = table.transition(state, event);
    let expected = row.map_or(state, |row| &row.to);
    if after != expected {
        return Err(format!("leads to {after}, not to {expected}"));
    }
    let Some(row) = row else { return Ok(()) };
    if TIME.contains(&event) {
        sent.retain(|&name| name == "RST");
    }
    let sends: BTreeSet<_> = [row.sends]
        .into_iter()
        .filter(|&name| name != "-")
        .collect();
    if sent != sends {
        return Err(format!("line {}: sends {sent:?}, not {sends:?}", row.line));
    }
    let ledger = stage.script.stack.shard.ledger();
    ledger
        .is_balanced()
        .then_some(())
        .ok_or("lost a frame".to_owned())
}

#[test]
fn every_event_in_every_state_does_what_the_table_says_and_nothing_where_it_is_silent() {
    let table = Table::read();
    let ways = table.ways();
    let mut report = String::new();
    for state in &table.states {
        let way = ways.get(state.as_str()).expect("a way to every state");
        for event in &table.events {
            if let Err(why) = check(&table, state, way, event) {
                let _ = writeln!(report, "{event} in {state}: {why}");
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn every_state_is_reached_and_leads_back_to_closed() {
    let table = Table::read();
    let ways = table.ways();
    let lost = table
        .states
        .iter()
        .find(|state| !ways.contains_key(state.as_str()));
    assert_eq!(lost, None, "no way leads to it");
    let mut ending = BTreeSet::from(["CLOSED"]);
    loop {
        let before = ending.len();
        let rows = table.transitions.iter();
        let more = rows
            .filter(|row| ending.contains(row.to.as_str()))
            .map(|row| row.from.as_str());
        let more: Vec<_> = more.collect();
        ending.extend(more);
        if ending.len() == before {
            break;
        }
    }
    let endless = table
        .states
        .iter()
        .find(|state| !ending.contains(state.as_str()));
    assert_eq!(endless, None, "it never ends");
}

/// What is held by nobody, or by a backend that will not act any more, ends by time alone, whatever the peer does not do.
#[test]
fn what_nobody_holds_ends_by_itself() {
    let table = Table::read();
    let by_time = |row: &&Transition| TIME.contains(&row.event) && row.to != row.from;
    for state in &table.states {
        let is_left = state.ends_with("/orphan") || state.ends_with("/record");
        let mut rows = table.transitions.iter().filter(by_time);
        assert!(!is_left || rows.any(|row| row.from == *state), "{state}");
    }
}

#[test]
fn every_arrow_of_figure_5_is_in_the_table_or_departed_from_by_name() {
    let table = Table::read();
    let rows = table.transitions.iter();
    let mut in_figure: Vec<_> = rows
        .filter(|row| row.clause.starts_with("figure 5"))
        .collect();
    for (from, event, to) in FIGURE_5 {
        let is_it = |row: &&Transition| bare(&row.from) == from && row.event == event;
        let found: Vec<_> = in_figure.iter().copied().filter(is_it).collect();
        assert!(!found.is_empty(), "{event} in {from} is not in the table");
        for row in found {
            let kept = bare(&row.to) == to || row.departs.is_some();
            assert!(kept, "line {}: {event} in {from} leads to {to}", row.line);
        }
    }
    let is_arrow = |row: &Transition| {
        FIGURE_5
            .iter()
            .any(|(from, _, to)| bare(&row.from) == *from && bare(&row.to) == *to)
    };
    in_figure.retain(|row| !is_arrow(row) && row.departs.is_none());
    assert!(in_figure.is_empty(), "not in figure 5: {in_figure:?}");
}
