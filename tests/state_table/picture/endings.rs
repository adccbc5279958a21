//! What ends a connection wherever it is: what the figure leaves out "for legibility".

use super::is_an_ending;
use super::marks::{Numbers, STYLE, mark};
use crate::state_table::table::{Table, Transition, bare};
use periplus_logbook::draw::{Sheet, begin, length};

const TITLE: &str = "What ends a connection at once";
const LEFT: f64 = 32.0;
const RIGHT: f64 = 928.0;
const FIRST_COLUMN: f64 = 262.0;
const TOP: f64 = 158.0;
const ROW: f64 = 30.0;
/// The states, in the order of a connection's life.
const STATES: [&str; 10] = [
    "LISTEN",
    "SYN-SENT",
    "SYN-RECEIVED",
    "ESTABLISHED",
    "CLOSE-WAIT",
    "LAST-ACK",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "CLOSING",
    "TIME-WAIT",
];
/// Whose connections a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// Of whomever.
    Anybody,
    /// Those that only the listener has.
    Listener,
    /// All others.
    Backend,
}

/// A line: what it is called here, and of which events.
const LINES: [(&str, Whose, &[&str]); 13] = [
    ("RST at RCV.NXT", Whose::Anybody, &["RST", "RST,ACK"]),
    ("RST one number early", Whose::Anybody, &["RST before"]),
    ("ICMP: port unreachable", Whose::Anybody, &["ICMP hard"]),
    ("ICMP: host unreachable", Whose::Anybody, &["ICMP soft"]),
    ("text for nobody", Whose::Anybody, &["text"]),
    ("ABORT", Whose::Backend, &["ABORT"]),
    ("CLOSE with text unread", Whose::Backend, &["CLOSE unread"]),
    (
        "CLOSE, too many orphans",
        Whose::Backend,
        &["CLOSE too many"],
    ),
    (
        "CLOSE of the listener",
        Whose::Listener,
        &["CLOSE", "CLOSE unread", "CLOSE too many", "ABORT"],
    ),
    ("retries used up", Whose::Anybody, &["retries"]),
    ("user time-out", Whose::Anybody, &["user time-out"]),
    ("keepalive unanswered", Whose::Anybody, &["keepalive"]),
    ("no FIN for a minute", Whose::Anybody, &["FIN time-out"]),
];

type Line = (&'static str, Whose, &'static [&'static str]);

/// Whether the line shows this row of the table.
fn shows(&(_, whose, events): &Line, row: &Transition) -> bool {
    let is_listeners = row.from.ends_with("/record") || row.from.ends_with("/queued");
    let is_theirs = match whose {
        Whose::Anybody => true,
        Whose::Listener => is_listeners,
        Whose::Backend => !is_listeners,
    };
    is_an_ending(row) && is_theirs && events.contains(&row.event)
}

/// The picture.
pub(super) fn svg(table: &Table) -> String {
    let numbers = Numbers::of(table);
    let height = TOP + ROW * LINES.len() as f64 + 74.0;
    let mut sheet = begin(TITLE, &description(table), height);
    sheet.style(STYLE);
    sheet.words((LEFT, 46.0), "start", "title", TITLE);
    let source =
        "what RFC 9293 leaves out of its figure 5 \"for legibility\", as spec/states.txt has it";
    sheet.words((LEFT, 70.0), "start", "quiet", source);
    for (column, state) in STATES.iter().enumerate() {
        heading(&mut sheet, column, state);
    }
    for (number, line) in LINES.iter().enumerate() {
        let middle = TOP + ROW * (number as f64 + 0.5);
        sheet.line(
            "row",
            (LEFT, middle - ROW / 2.0),
            (RIGHT, middle - ROW / 2.0),
        );
        sheet.words((LEFT, middle + 4.5), "start", "", line.0);
        let in_line: Vec<_> = STATES
            .iter()
            .map(|state| rows(table, state, line))
            .collect();
        for (column, rows) in in_line
            .iter()
            .enumerate()
            .filter(|(_, rows)| !rows.is_empty())
        {
            ending(&mut sheet, (x(column), middle), rows);
        }
        let all: Vec<_> = in_line.concat();
        for number in numbers.in_rows(&all) {
            mark(&mut sheet, (FIRST_COLUMN - 32.0, middle), number);
        }
    }
    legend(&mut sheet, height - 30.0);
    sheet.finish()
}

fn x(column: usize) -> f64 {
    FIRST_COLUMN + (RIGHT - FIRST_COLUMN) * (column as f64 + 0.5) / STATES.len() as f64
}

/// The rows of that state that a line shows.
fn rows<'a>(table: &'a Table, state: &str, line: &Line) -> Vec<&'a Transition> {
    let is_it = |row: &&Transition| bare(&row.from) == state && shows(line, row);
    table.transitions.iter().filter(is_it).collect()
}

fn description(table: &Table) -> String {
    let sentence = |line: &Line| {
        let ends = |state: &&&str| !rows(table, state, line).is_empty();
        let states: Vec<_> = STATES.iter().filter(ends).copied().collect();
        format!("{}: in {}.", line.0, states.join(", "))
    };
    let sentences: Vec<_> = LINES.iter().map(sentence).collect();
    sentences.join(" ")
}

/// A state's name over its column, in as many lines as it has words.
fn heading(sheet: &mut Sheet, column: usize, state: &str) {
    let cut = match state {
        "ESTABLISHED" => 5,
        _ => state.find('-').map_or(state.len(), |dash| dash + 1),
    };
    let (first, second) = state.split_at(cut);
    let first = if state == "ESTABLISHED" {
        "ESTAB-"
    } else {
        first
    };
    for (line, words) in [first, second].into_iter().enumerate() {
        let baseline = TOP - 26.0 + 14.0 * line as f64;
        sheet.words((x(column), baseline), "middle", "column", words);
    }
}

/// A dot: in silence; a diamond: the peer is told by a RST; a ring: only the listener's record goes.
fn ending(sheet: &mut Sheet, (x, y): (f64, f64), rows: &[&Transition]) {
    let (back, over): (Vec<&Transition>, Vec<_>) =
        rows.iter().partition(|row| bare(&row.to) == "LISTEN");
    let apart = if back.is_empty() || over.is_empty() {
        0.0
    } else {
        9.0
    };
    if !back.is_empty() {
        dot(sheet, "back", (x + apart, y));
    }
    let at = (x - apart, y);
    match over.first() {
        Some(row) if row.sends == "RST" => diamond(sheet, at),
        Some(_) => dot(sheet, "silent", at),
        None => {}
    }
}

fn dot(sheet: &mut Sheet, class: &str, (x, y): (f64, f64)) {
    let [x, y] = [x, y].map(length);
    sheet.empty(
        "circle",
        &[("class", &class), ("cx", &x), ("cy", &y), ("r", &5)],
    );
}

fn diamond(sheet: &mut Sheet, (x, y): (f64, f64)) {
    let corners = [(x, y - 8.0), (x + 8.0, y), (x, y + 8.0), (x - 8.0, y)];
    let corners = corners.map(|(x, y)| format!("{},{}", length(x), length(y)));
    sheet.empty(
        "polygon",
        &[("class", &"told"), ("points", &corners.join(" "))],
    );
}

fn legend(sheet: &mut Sheet, baseline: f64) {
    let middle = baseline - 4.5;
    dot(sheet, "silent", (LEFT + 8.0, middle));
    sheet.words(
        (LEFT + 24.0, baseline),
        "start",
        "small",
        "over, and nothing is sent",
    );
    diamond(sheet, (LEFT + 218.0, middle));
    sheet.words(
        (LEFT + 234.0, baseline),
        "start",
        "small",
        "over, and the peer is sent a RST",
    );
    dot(sheet, "back", (LEFT + 470.0, middle));
    sheet.words((LEFT + 486.0, baseline), "start", "small", "back to LISTEN");
    mark(sheet, (LEFT + 622.0, middle), 1);
    sheet.words(
        (LEFT + 640.0, baseline),
        "start",
        "small",
        "not as in RFC 9293",
    );
}

#[test]
fn every_ending_of_the_table_is_drawn_in_one_line_and_those_in_one_place_are_alike() {
    let table = Table::read();
    for row in table.transitions.iter().filter(|row| is_an_ending(row)) {
        let lines = LINES.iter().filter(|line| shows(line, row)).count();
        assert_eq!(lines, 1, "line {}: {}", row.line, row.event);
        assert!(STATES.contains(&bare(&row.from)), "line {}", row.line);
    }
    for (line, state) in LINES
        .iter()
        .flat_map(|line| STATES.map(|state| (line, state)))
    {
        let rows = rows(&table, state, line);
        let over = rows.iter().filter(|row| bare(&row.to) == "CLOSED");
        let mut sends: Vec<_> = over.map(|row| row.sends).collect();
        sends.dedup();
        assert!(sends.len() <= 1, "{} in {state}: {sends:?}", line.0);
    }
}
