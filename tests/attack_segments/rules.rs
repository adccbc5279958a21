//! The table as it is read: rows, and which of them a combination meets first.

use std::collections::BTreeMap;

/// The table.
const TEXT: &str = include_str!("../../spec/segments.txt");

/// A combination of the columns that ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) state: &'static str,
    pub(super) segment: &'static str,
    pub(super) seq: &'static str,
    /// `-` for a segment without ACK.
    pub(super) ack: &'static str,
    pub(super) ts: &'static str,
}

impl Cell {
    /// In the order of the table.
    pub(super) fn columns(&self) -> [&'static str; 5] {
        [self.state, self.segment, self.seq, self.ack, self.ts]
    }
}

/// A row.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) line: usize,
    asks: [Vec<&'static str>; 5],
    pub(super) answer: &'static str,
    effect: Vec<&'static str>,
    pub(super) next: &'static str,
    pub(super) clause: &'static str,
}

impl Rule {
    fn fits(&self, cell: &Cell) -> bool {
        let mut columns = self.asks.iter().zip(cell.columns());
        columns.all(|(set, value)| set.contains(&"*") || set.contains(&value))
    }

    /// Whether it has this effect.
    pub(super) fn has(&self, effect: &str) -> bool {
        self.effect.contains(&effect)
    }
}

/// Every row, in order.
pub(super) fn rules() -> Vec<Rule> {
    let mut sets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut rules = Vec::new();
    for (number, line) in TEXT.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("STATE ") {
            continue;
        }
        let expand = |words: &'static str| -> Vec<&'static str> {
            let words = words.split([' ', ',']).filter(|word| !word.is_empty());
            words.collect()
        };
        let members = |words: &'static str| -> Vec<&'static str> {
            let words = words.split_whitespace();
            let members = words.map(|word| sets.get(word).cloned().unwrap_or(vec![word]));
            members.flatten().collect()
        };
        if let Some(definition) = line.strip_prefix("let ") {
            let (name, words) = definition.split_once('=').expect("let NAME = MEMBERS");
            let words = words.split_whitespace().collect();
            sets.insert(name.trim(), words);
            continue;
        }
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [state, segment, seq, ack, ts, answer, effect, next, clause] = columns[..] else {
            panic!("line {}: nine columns, not {}", number + 1, columns.len());
        };
        rules.push(Rule {
            line: number + 1,
            asks: [state, segment, seq, ack, ts].map(members),
            answer,
            effect: expand(effect),
            next,
            clause,
        });
    }
    rules
}

/// The first row that fits.
pub(super) fn first<'a>(rules: &'a [Rule], cell: &Cell) -> &'a Rule {
    let rule = rules.iter().find(|rule| rule.fits(cell));
    rule.unwrap_or_else(|| panic!("no row fits {cell:?}"))
}
