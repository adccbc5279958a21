//! The numbers by which a picture points to the departures.

use crate::state_table::table::{Table, Transition};
use periplus_logbook::draw::{Sheet, length};
use std::collections::BTreeSet;

pub(super) const RADIUS: f64 = 9.5;
/// From one number to the next beside it.
pub(super) const STEP: f64 = 22.0;

/// The classes that the pictures of states have and others have not. Client and server are told apart by dashes as well as by
/// colours, which are those of the other pictures.
pub(super) const STYLE: &str = "\
    .client, .server, .beside, .other { fill: none; stroke-width: 2.8; stroke-linejoin: round; }
    .client { stroke: #0969b0; }
    .client-head { fill: #0969b0; }
    .server { stroke: #b87a00; stroke-dasharray: 10 4; }
    .server-head { fill: #b87a00; }
    .other { stroke: #59636e; stroke-width: 1.4; }
    .other-head, .beside-head { fill: #59636e; }
    .beside { stroke: #59636e; stroke-width: 1.4; stroke-dasharray: 2 3; }
    .halo { fill: none; stroke: #ffffff; stroke-width: 7; }
    .state { fill: #ffffff; stroke: #1f2328; stroke-width: 1.4; }
    .name { font-size: 14px; font-weight: 600; }
    .mark { fill: #ffffff; stroke: #8250df; stroke-width: 1.4; }
    .number { font-size: 11px; font-weight: 600; fill: #6639ba; }
    .column { font-size: 11px; fill: #59636e; }
    .silent { fill: #59636e; }
    .told { fill: #0969b0; }
    .back { fill: none; stroke: #59636e; stroke-width: 2; }
    @media (prefers-color-scheme: dark) {
      .client { stroke: #4aa8f0; }
      .client-head { fill: #4aa8f0; }
      .server { stroke: #f0b429; }
      .server-head { fill: #f0b429; }
      .other, .beside { stroke: #9da7b1; }
      .other-head, .beside-head { fill: #9da7b1; }
      .halo { stroke: #0d1117; }
      .state { fill: #161b22; stroke: #e6edf3; }
      .mark { fill: #0d1117; stroke: #a371f7; }
      .number { fill: #bc8cff; }
      .column { fill: #9da7b1; }
      .silent { fill: #9da7b1; }
      .told { fill: #4aa8f0; }
      .back { stroke: #9da7b1; }
    }
";

/// The departures' numbers, in the table's order.
pub(super) struct Numbers<'a>(Vec<&'a str>);

impl<'a> Numbers<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        Self(table.departures.iter().map(|(name, _)| *name).collect())
    }

    /// The departures in the order of their numbers.
    pub(super) fn names(&self) -> &[&'a str] {
        &self.0
    }

    /// The numbers of the rows' departures.
    pub(super) fn in_rows(&self, rows: &[&Transition]) -> BTreeSet<usize> {
        let names = rows.iter().filter_map(|row| row.departs);
        let number = |name| self.0.iter().position(|known| *known == name);
        names.filter_map(number).map(|index| index + 1).collect()
    }
}

/// Draws a number.
pub(super) fn mark(sheet: &mut Sheet, (x, y): (f64, f64), number: usize) {
    let [x_text, y_text, radius] = [x, y, RADIUS].map(length);
    sheet.empty(
        "circle",
        &[
            ("class", &"mark"),
            ("cx", &x_text),
            ("cy", &y_text),
            ("r", &radius),
        ],
    );
    sheet.words((x, y + 4.0), "middle", "number", &number.to_string());
}
