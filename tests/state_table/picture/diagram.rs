//! The states and the ways between them, arranged as in RFC 9293's figure 5.

use super::has_an_arrow;
use super::labels::Label;
use super::layout::{Arrow, BOX, PLACES, Point, SIDES, Way, arrows};
use super::marks::{Numbers, RADIUS, STEP, STYLE, mark};
use crate::state_table::table::{Table, Transition, bare};
use periplus_logbook::draw::{Sheet, WIDTH, arrow, begin, length};
use std::collections::BTreeSet;

const HEIGHT: f64 = 1164.0;
const LEFT: f64 = 32.0;
/// Where the list of the departures begins.
const LIST: f64 = 1078.0;
const COLUMNS: usize = 4;
const LINE: f64 = 18.0;
const TITLE: &str = "The states of a connection";

/// The picture.
pub(super) fn svg(table: &Table) -> String {
    let numbers = Numbers::of(table);
    let mut sheet = begin(TITLE, &description(table), HEIGHT);
    sheet.style(STYLE);
    sheet.words((LEFT, 46.0), "start", "title", TITLE);
    let source = "RFC 9293, figure 5, as spec/states.txt has it";
    sheet.words((LEFT, 70.0), "start", "quiet", source);
    for (name, from, to) in SIDES {
        side(&mut sheet, name, from, to);
    }
    for arrow in &arrows() {
        let line = points(&arrow.points);
        sheet.empty("polyline", &[("class", &"halo"), ("points", &line)]);
        draw(&mut sheet, arrow);
    }
    for arrow in &arrows() {
        say(&mut sheet, table, &numbers, arrow);
    }
    for (place, (name, at)) in PLACES.iter().enumerate() {
        let is_first = PLACES.iter().position(|(first, _)| first == name) == Some(place);
        let rows = table.transitions.iter();
        let stays = |row: &&Transition| is_first && bare(&row.from) == *name && row.from == row.to;
        let stays: Vec<_> = rows.filter(stays).collect();
        state(&mut sheet, name, *at, &numbers.in_rows(&stays));
    }
    legend(&mut sheet);
    list(&mut sheet, &numbers);
    sheet.finish()
}

/// The rows that an arrow stands for.
///
/// # Panics
/// If there are none.
fn rows<'a>(table: &'a Table, arrow: &Arrow) -> Vec<&'a Transition> {
    let is_of_it = |row: &&Transition| {
        has_an_arrow(row) && bare(&row.from) == arrow.from && bare(&row.to) == arrow.to
    };
    let rows: Vec<_> = table.transitions.iter().filter(is_of_it).collect();
    assert!(
        !rows.is_empty(),
        "{} does not lead to {}",
        arrow.from,
        arrow.to
    );
    rows
}

fn description(table: &Table) -> String {
    let arrow = |arrow: &Arrow| {
        let label = Label::of(&rows(table, arrow));
        let words = label.events.iter().chain(&label.sends);
        let words: Vec<_> = words.map(String::as_str).collect();
        format!("{} to {}: {}.", arrow.from, arrow.to, words.join(", "))
    };
    let arrows: Vec<_> = arrows().iter().map(arrow).collect();
    arrows.join(" ")
}

fn points(points: &[Point]) -> String {
    let point = |&(x, y): &Point| format!("{},{}", length(x), length(y));
    let points: Vec<_> = points.iter().map(point).collect();
    points.join(" ")
}

fn side(sheet: &mut Sheet, name: &str, (left, top): Point, (right, bottom): Point) {
    let [x, y, width, height] = [left, top, right - left, bottom - top].map(length);
    sheet.empty(
        "rect",
        &[
            ("class", &"band"),
            ("x", &x),
            ("y", &y),
            ("width", &width),
            ("height", &height),
            ("rx", &6),
        ],
    );
    sheet.words((right - 10.0, top + 16.0), "end", "quiet small", name);
}

fn class(way: Way) -> &'static str {
    match way {
        Way::Client => "client",
        Way::Server => "server",
        Way::Other => "other",
        Way::Beside => "beside",
    }
}

fn draw(sheet: &mut Sheet, of: &Arrow) {
    arrow(sheet, class(of.way), &of.points);
}

/// The lines of an arrow's label.
fn lines(label: &Label, before: Option<&str>) -> Vec<(String, &'static str)> {
    let before = before.map(|before| (before.to_owned(), "small"));
    let events = label.events.iter().map(|event| (event.clone(), "small"));
    let sends = label
        .sends
        .iter()
        .map(|sends| (sends.clone(), "quiet small"));
    before.into_iter().chain(events).chain(sends).collect()
}

fn say(sheet: &mut Sheet, table: &Table, numbers: &Numbers<'_>, arrow: &Arrow) {
    let rows = rows(table, arrow);
    let label = Label::of(&rows);
    let (x, y) = arrow.label;
    for (line, (words, class)) in lines(&label, arrow.before).iter().enumerate() {
        sheet.words((x, y + LINE * line as f64), arrow.anchor, class, words);
    }
    for (place, number) in numbers.in_rows(&rows).into_iter().enumerate() {
        let (x, y) = arrow.mark;
        mark(sheet, (x, y + STEP * place as f64), number);
    }
}

fn state(sheet: &mut Sheet, name: &str, (x, y): Point, marks: &BTreeSet<usize>) {
    let (width, height) = BOX;
    let [left, top] = [x - width / 2.0, y - height / 2.0].map(length);
    sheet.empty(
        "rect",
        &[
            ("class", &"state"),
            ("x", &left),
            ("y", &top),
            ("width", &length(width)),
            ("height", &length(height)),
            ("rx", &6),
        ],
    );
    sheet.words((x, y + 5.0), "middle", "name", name);
    for (place, number) in marks.iter().rev().enumerate() {
        let corner = (x - 38.0 - STEP * place as f64, y + height / 2.0);
        mark(sheet, corner, *number);
    }
}

fn legend(sheet: &mut Sheet) {
    let entries = [
        ("client", "the usual way of a client"),
        ("server", "the usual way of a server"),
        ("other", "in figure 5"),
        ("beside", "not in figure 5"),
    ];
    for (row, (class, words)) in entries.into_iter().enumerate() {
        let y = 112.0 + 22.0 * row as f64;
        arrow(sheet, class, &[(LEFT, y - 4.0), (LEFT + 44.0, y - 4.0)]);
        sheet.words((LEFT + 54.0, y), "start", "small", words);
    }
    let y = 112.0 + 22.0 * entries.len() as f64;
    mark(sheet, (LEFT + 22.0, y - 4.0), 1);
    sheet.words(
        (LEFT + 54.0, y),
        "start",
        "small",
        "not as in RFC 9293: see below",
    );
}

fn list(sheet: &mut Sheet, numbers: &Numbers<'_>) {
    let names = numbers.names();
    let rows = names.len().div_ceil(COLUMNS);
    let width = (WIDTH - 2.0 * LEFT) / COLUMNS as f64;
    for (index, name) in names.iter().enumerate() {
        let (column, row) = (index / rows, index % rows);
        let x = LEFT + width * column as f64;
        let y = LIST + 24.0 * row as f64;
        mark(sheet, (x + 10.0, y - 4.0), index + 1);
        sheet.words((x + 26.0, y), "start", "small", name);
    }
}

#[test]
fn every_arrow_of_the_table_is_drawn_once() {
    let table = Table::read();
    let rows = table.transitions.iter().filter(|row| has_an_arrow(row));
    let told: BTreeSet<_> = rows.map(|row| (bare(&row.from), bare(&row.to))).collect();
    let arrows = arrows();
    let drawn: BTreeSet<_> = arrows.iter().map(|arrow| (arrow.from, arrow.to)).collect();
    assert_eq!(drawn.len(), arrows.len());
    assert_eq!(drawn, told);
}

#[test]
fn an_arrow_is_dotted_if_figure_5_has_it_not() {
    let table = Table::read();
    for arrow in arrows() {
        let is_in_figure = rows(&table, &arrow)
            .iter()
            .any(|row| row.clause.contains("figure 5"));
        let is_beside = arrow.way == Way::Beside;
        let close_waits = arrow.before.is_some(); // the figure's arrow, a state later
        assert_eq!(
            is_beside,
            !is_in_figure && !close_waits,
            "{} to {}",
            arrow.from,
            arrow.to
        );
    }
}

/// A rectangle: its left upper and its right lower corner.
type Area = (Point, Point);

fn meet(one: Area, other: Area) -> bool {
    one.0.0 < other.1.0 && other.0.0 < one.1.0 && one.0.1 < other.1.1 && other.0.1 < one.1.1
}

/// What the words of a label take up; a little more than most fonts need.
fn areas(arrow: &Arrow, label: &Label) -> Vec<Area> {
    let (x, y) = arrow.label;
    let lines = lines(label, arrow.before).into_iter().enumerate();
    let area = |(line, (words, _)): (usize, (String, _))| {
        let width = 6.8 * words.chars().count() as f64;
        let left = match arrow.anchor {
            "start" => x,
            "end" => x - width,
            _ => x - width / 2.0,
        };
        let baseline = y + LINE * line as f64;
        ((left, baseline - 10.0), (left + width, baseline + 3.0))
    };
    lines.map(area).collect()
}

#[test]
fn no_label_lies_on_a_box_an_arrow_a_number_or_another_label() {
    let table = Table::read();
    let numbers = Numbers::of(&table);
    let mut taken: Vec<(String, Area)> = Vec::new();
    let around =
        |(x, y): Point, (width, height): Point| ((x - width, y - height), (x + width, y + height));
    for (name, at) in PLACES {
        taken.push((name.to_owned(), around(at, (BOX.0 / 2.0, BOX.1 / 2.0))));
    }
    for arrow in arrows() {
        let name = format!("{} to {}", arrow.from, arrow.to);
        for ends in arrow.points.windows(2) {
            let (from, to) = (ends[0], ends[1]);
            let first = (from.0.min(to.0) - 1.5, from.1.min(to.1) - 1.5);
            let last = (from.0.max(to.0) + 1.5, from.1.max(to.1) + 1.5);
            taken.push((name.clone(), (first, last)));
        }
        for place in 0..numbers.in_rows(&rows(&table, &arrow)).len() {
            let at = (arrow.mark.0, arrow.mark.1 + STEP * place as f64);
            taken.push((format!("a number of {name}"), around(at, (RADIUS, RADIUS))));
        }
    }
    for arrow in arrows() {
        let name = format!("the label of {} to {}", arrow.from, arrow.to);
        for area in areas(&arrow, &Label::of(&rows(&table, &arrow))) {
            let under = taken.iter().find(|(_, other)| meet(area, *other));
            assert!(
                under.is_none(),
                "{name} lies on {:?}",
                under.map(|(what, _)| what)
            );
            let is_inside = area.0.0 > 0.0 && area.1.0 < WIDTH;
            assert!(is_inside, "{name} leaves the sheet");
            taken.push((name.clone(), area));
        }
    }
}
