//! The pictures of `spec/states.txt`, and that those in the manual are of the table as it is.

mod diagram;
mod endings;
mod labels;
mod layout;
mod marks;

use super::table::{Table, Transition, bare};
use std::path::PathBuf;
use std::{env, fs};

/// Set, the pictures in the manual are written anew instead of compared.
const RENEW: &str = "PERIPLUS_RENEW_PICTURES";

/// A segment that says two things: it goes two ways at once, which have arrows of their own.
fn is_composite(row: &Transition) -> bool {
    row.event.ends_with(", ACK all") && !row.clause.contains("note 2")
}

/// What has an arrow in the diagram; what ends a connection anywhere is in the other picture.
fn has_an_arrow(row: &Transition) -> bool {
    let ends = matches!(bare(&row.to), "CLOSED" | "LISTEN");
    let moves = bare(&row.from) != bare(&row.to);
    moves && !is_composite(row) && (!ends || row.clause.starts_with("figure 5"))
}

/// What ends a connection, and is in no other picture.
fn is_an_ending(row: &Transition) -> bool {
    let ends = matches!(bare(&row.to), "CLOSED" | "LISTEN");
    ends && row.from != row.to && !is_composite(row) && !has_an_arrow(row)
}

fn is_kept(name: &str, drawn: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../manual/pictures");
    let path = folder.join(name);
    if env::var_os(RENEW).is_some() {
        fs::write(&path, drawn).expect("the picture can be written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == drawn,
        "manual/pictures/{name} is not of spec/states.txt as it is. Look at what changed, and renew it:\n    \
         {RENEW}=1 cargo test -p periplus-tests --test rooms state_table::picture"
    );
}

#[test]
fn the_diagram_in_the_manual_is_of_this_table() {
    is_kept("tcp-states.svg", &diagram::svg(&Table::read()));
}

#[test]
fn the_endings_in_the_manual_are_of_this_table() {
    is_kept("tcp-endings.svg", &endings::svg(&Table::read()));
}

/// So that the diagram need not show them.
#[test]
fn a_segment_that_says_two_things_goes_both_ways_at_once() {
    let table = Table::read();
    for row in table
        .transitions
        .iter()
        .filter(|row| row.event.ends_with(", ACK all"))
    {
        let first = table.transition(&row.from, "ACK all");
        let between = first.map_or(&row.from, |first| &first.to);
        let event = row.event.trim_end_matches(", ACK all");
        let second = table.transition(between, event);
        let end = second.map_or(between, |second| &second.to);
        assert_eq!(
            &row.to, end,
            "line {}: {} in {}",
            row.line, row.event, row.from
        );
    }
}

/// The page beside the pictures says something of every state, and counts the departures as they do.
#[test]
fn the_manual_has_a_paragraph_for_every_state_and_every_departure() {
    let table = Table::read();
    let page = include_str!("../../manual/states.md");
    let lines: Vec<_> = page.lines().collect();
    for state in table.meanings.keys() {
        let heading = format!("## {state}");
        assert!(lines.contains(&heading.as_str()), "no heading {heading:?}");
    }
    for (index, name) in marks::Numbers::of(&table).names().iter().enumerate() {
        let item = format!("{}. **{name}**: ", index + 1);
        let is_told = lines.iter().any(|line| line.starts_with(&item));
        assert!(is_told, "no item {item:?}");
    }
}
