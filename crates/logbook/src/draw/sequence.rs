//! What client, stack and backend said to each other, line by line. The time goes downwards, not to scale.

use super::panel::NAME;
use super::sheet::Sheet;
use super::{document, glyphs};
use crate::{Logged, units};

/// Where the life-lines stand.
const CLIENT: f64 = 176.0;
pub(super) const STACK: f64 = 424.0;
pub(super) const BACKEND: f64 = 868.0;

const HEAD: f64 = 138.0;
const FIRST_ROW: f64 = 206.0;
/// The distance of one row from the next.
pub(super) const ROW: f64 = 58.0;

/// Where the row with that number stands.
pub(super) fn row(number: usize) -> f64 {
    FIRST_ROW + ROW * number as f64
}

/// Begins the picture of a connection: its heading, and the life-lines of client and stack down to `bottom`.
pub(super) fn begin(
    logged: &Logged,
    title: &str,
    description: &str,
    (bottom, height): (f64, f64),
) -> Sheet {
    let mut sheet = document::begin(title, description, height);
    let [id, date] = document::which(logged);
    let of = format!("the connection of {}", document::name(logged));
    document::heading(&mut sheet, title, &[of, id, date]);
    let (peer, local) = (
        logged.peer.to_string(),
        format!("listens on {}", logged.local),
    );
    life_line(&mut sheet, CLIENT, "client", &peer, bottom);
    life_line(&mut sheet, STACK, "stack", &local, bottom);
    sheet
}

/// A life-line with who it is, down to `bottom`.
pub(super) fn life_line(sheet: &mut Sheet, x: f64, who: &str, where_: &str, bottom: f64) {
    sheet.words((x, HEAD), "middle", "heading", who);
    sheet.words((x, HEAD + 18.0), "middle", "quiet small", where_);
    sheet.line("grid", (x, HEAD + 28.0), (x, bottom));
}

/// What the colours mean.
pub(super) fn legend(sheet: &mut Sheet, has_the_clients_turn: bool) {
    let mut entries = vec![
        ("working", "this one"),
        ("waiting", "waiting"),
        ("free", "free place"),
    ];
    if has_the_clients_turn {
        entries.insert(2, ("theirs", "the client's turn"));
    }
    document::legend(sheet, &entries, 98.0);
}

/// The time of a row, set at the left.
pub(super) fn time(sheet: &mut Sheet, y: f64, ns: u64) {
    sheet.words((NAME, y + 4.5), "start", "time quiet", &units::time(ns));
}

/// A segment from the client to the stack, with its name.
pub(super) fn to_stack(sheet: &mut Sheet, y: f64, name: &str) {
    glyphs::arrow(sheet, "way", &[(CLIENT + 2.0, y), (STACK - 2.0, y)]);
    segment(sheet, y, name);
}

/// A segment from the stack to the client.
pub(super) fn to_client(sheet: &mut Sheet, y: f64, name: &str) {
    glyphs::arrow(sheet, "way", &[(STACK - 2.0, y), (CLIENT + 2.0, y)]);
    segment(sheet, y, name);
}

fn segment(sheet: &mut Sheet, y: f64, name: &str) {
    let middle = (CLIENT + STACK) / 2.0;
    sheet.words((middle, y - 7.0), "middle", "", name);
}

/// A stay, as a bar along a life-line from one row to another.
pub(super) fn stay(sheet: &mut Sheet, class: &str, x: f64, from: f64, to: f64) {
    sheet.bar(class, (x - 5.0, from), 10.0, (to - from).max(3.0));
}
