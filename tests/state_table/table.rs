//! `spec/states.txt` as it is read.

use std::collections::{BTreeMap, BTreeSet};

const TEXT: &str = include_str!("../../spec/states.txt");

/// What may follow a state's name, by the state.
const HOLDERS: [(&str, &[&str]); 8] = [
    ("SYN-RECEIVED", &["record", "held", "shut", "orphan"]),
    ("ESTABLISHED", &["queued", "held"]),
    ("FIN-WAIT-1", &["held", "orphan"]),
    ("FIN-WAIT-2", &["held", "orphan"]),
    ("CLOSE-WAIT", &["queued", "held"]),
    ("CLOSING", &["held", "orphan"]),
    ("LAST-ACK", &["held", "orphan"]),
    ("TIME-WAIT", &["held", "orphan"]),
];

/// One transition: a row gives several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transition {
    pub(super) from: String,
    pub(super) event: &'static str,
    pub(super) to: String,
    /// `-` for nothing.
    pub(super) sends: &'static str,
    /// The departure's name.
    pub(super) departs: Option<&'static str>,
    pub(super) clause: &'static str,
    /// The line of the table.
    pub(super) line: usize,
}

/// The table.
pub(super) struct Table {
    /// Every state, with who holds it.
    pub(super) states: Vec<String>,
    /// What is said of each state.
    pub(super) meanings: BTreeMap<&'static str, &'static str>,
    /// Every event.
    pub(super) events: Vec<&'static str>,
    /// Why the RFC is departed from, by the departures' names.
    pub(super) departures: Vec<(&'static str, &'static str)>,
    /// Every transition.
    pub(super) transitions: Vec<Transition>,
}

/// The state's name in the RFC.
pub(super) fn bare(state: &str) -> &str {
    state.split('/').next().unwrap_or(state)
}

fn holders(state: &str) -> &'static [&'static str] {
    let found = HOLDERS.iter().find(|(name, _)| *name == state);
    found.map_or(&[], |(_, holders)| holders)
}

impl Table {
    /// Reads the table.
    ///
    /// # Panics
    /// Where it contradicts itself, or names what it does not explain.
    pub(super) fn read() -> Self {
        let mut table = Self {
            states: Vec::new(),
            meanings: BTreeMap::new(),
            events: Vec::new(),
            departures: Vec::new(),
            transitions: Vec::new(),
        };
        for (number, line) in TEXT.lines().enumerate() {
            if let Some(definition) = line.strip_prefix("state ") {
                let (name, meaning) = define(definition);
                table.meanings.insert(name, meaning);
                table.add_state(name);
            } else if let Some(definition) = line.strip_prefix("event ") {
                table.events.push(define(definition).0);
            } else if let Some(definition) = line.strip_prefix("departure ") {
                table.departures.push(define(definition));
            } else if !line.is_empty() && !line.starts_with('#') && !line.starts_with("FROM ") {
                table.add_row(number + 1, line);
            }
        }
        table.check();
        table
    }

    fn add_state(&mut self, name: &str) {
        let holders = holders(name);
        if holders.is_empty() {
            self.states.push(name.to_owned());
        }
        let held = holders.iter().map(|holder| format!("{name}/{holder}"));
        self.states.extend(held);
    }

    fn add_row(&mut self, line: usize, row: &'static str) {
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        let [from, events, to, sends, departs, clause] = columns[..] else {
            panic!("line {line}: six columns, not {}", columns.len());
        };
        for from in self.expand(from, line) {
            for event in events.split(';').map(str::trim) {
                self.transitions.push(Transition {
                    to: self.destination(&from, to, line),
                    from: from.clone(),
                    event,
                    sends,
                    departs: (departs != "-").then_some(departs),
                    clause,
                    line,
                });
            }
        }
    }

    /// The states that a row's first column names.
    fn expand(&self, names: &str, line: usize) -> Vec<String> {
        let mut states = Vec::new();
        for name in names.split_whitespace() {
            let fits = |state: &&String| name == "*" || *state == name || bare(state) == name;
            let before = states.len();
            states.extend(self.states.iter().filter(fits).cloned());
            assert!(states.len() > before, "line {line}: no such state: {name}");
        }
        states
    }

    /// The state that a row's third column names; held as `from` is, if it does not say.
    fn destination(&self, from: &str, to: &str, line: usize) -> String {
        let holder = from.split_once('/').map(|(_, holder)| holder);
        let state = match holder {
            _ if to == "=" => from.to_owned(),
            Some(holder) if holders(to).contains(&holder) => format!("{to}/{holder}"),
            _ => to.to_owned(),
        };
        assert!(
            self.states.contains(&state),
            "line {line}: no such state: {state}"
        );
        state
    }

    fn check(&self) {
        let mut seen = BTreeSet::new();
        for row in &self.transitions {
            let Transition { event, line, .. } = row;
            assert!(self.events.contains(event), "line {line}: {event}?");
            let is_new = seen.insert((&row.from, event));
            assert!(is_new, "line {line}: {event} in {} was told", row.from);
            let stays = row.from == row.to;
            assert!(!stays || row.departs.is_some(), "line {line}: no news");
            if let Some(name) = row.departs {
                assert!(
                    self.departures.iter().any(|(known, _)| *known == name),
                    "line {line}: {name}?"
                );
            }
        }
        let used: BTreeSet<_> = self
            .transitions
            .iter()
            .filter_map(|row| row.departs)
            .collect();
        let explained: BTreeSet<_> = self.departures.iter().map(|(name, _)| *name).collect();
        assert_eq!(used, explained, "departures used, and explained");
    }

    /// What the event does in that state, if anything.
    pub(super) fn transition(&self, from: &str, event: &str) -> Option<&Transition> {
        let mut rows = self.transitions.iter();
        rows.find(|row| row.from == from && row.event == event)
    }

    /// The shortest way from CLOSED to every state that can be reached.
    pub(super) fn ways(&self) -> BTreeMap<&str, Vec<&Transition>> {
        let mut ways = BTreeMap::from([("CLOSED", Vec::new())]);
        let mut next = vec!["CLOSED"];
        while !next.is_empty() {
            for from in std::mem::take(&mut next) {
                for row in self.transitions.iter().filter(|row| row.from == from) {
                    if !ways.contains_key(row.to.as_str()) {
                        let mut way = ways[from].clone();
                        way.push(row);
                        ways.insert(&row.to, way);
                        next.push(&row.to);
                    }
                }
            }
        }
        ways
    }
}

/// `NAME  MEANING`: a name's words are set apart by one space, and from the meaning by more.
fn define(definition: &'static str) -> (&'static str, &'static str) {
    let (name, meaning) = definition.split_once("  ").expect("a name and its meaning");
    (name, meaning.trim())
}
