//! A journey for a terminal: a title, a line a station, and the sums.

use crate::lanes::{Lane, Nature, lanes};
use crate::remarks::remarks;
use crate::{Logged, plain, units};
use std::fmt::Write;

/// How a block is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether to colour it. Without colour the same is told by the characters of the bars.
    pub colour: bool,
    /// The terminal's width in columns. Less than 80 is taken as 80.
    pub width: usize,
}

const NARROWEST: usize = 80;
const SHORTEST_REQUEST: usize = 10;
const WIDEST_BAR: usize = 80;
const TIME_WIDTH: usize = 8;
const MARGIN: usize = 2;

/// The journey as a block of lines, each ended by a newline.
///
/// A bar's place and length are the station's share of the whole journey; a station shorter than one character still
/// gets one, so that no station is invisible.
pub fn block(logged: &Logged, look: Look) -> String {
    let width = look.width.max(NARROWEST);
    let mut out = String::new();
    title(&mut out, logged, Look { width, ..look });
    let lanes = lanes(logged);
    let names: Vec<String> = lanes.iter().map(name).collect();
    let name_width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    let bar_width = width
        .saturating_sub(MARGIN + name_width + 1 + TIME_WIDTH + 2)
        .clamp(10, WIDEST_BAR);
    // An overlay may outlast the spine: a handler that works on after its answer was acknowledged.
    let whole = lanes
        .iter()
        .map(Lane::end)
        .max()
        .unwrap_or(0)
        .max(logged.total_ns);
    for (lane, name) in lanes.iter().zip(&names) {
        let time = units::time(lane.ns);
        let bar = bar(lane, whole, bar_width, look.colour);
        let _ = writeln!(
            out,
            "{:MARGIN$}{name:<name_width$} {time:>TIME_WIDTH$}  {bar}",
            ""
        );
    }
    sums(&mut out, logged, &lanes, Look { width, ..look });
    for remark in remarks(logged) {
        let _ = writeln!(out, "{:MARGIN$}{remark}", "");
    }
    out
}

fn title(out: &mut String, logged: &Logged, look: Look) {
    let (id, peer) = (logged.id, logged.peer);
    let how = logged.answer();
    let what = match logged.bytes_out {
        0 => format!("from {peer}"),
        bytes => format!("{} to {peer}", units::counted(bytes, "byte")),
    };
    let rest = format!(" → {how}, {what} (journey {id})");
    let request = logged.request.as_deref().unwrap_or(logged.kind.name());
    let room = look.width.saturating_sub(rest.chars().count());
    let request = plain::one_line(request, room.max(SHORTEST_REQUEST));
    let _ = writeln!(out, "{}{rest}", paint(look.colour, "1", &request));
}

fn name(lane: &Lane) -> String {
    let indent = if lane.overlay { "  " } else { "" };
    format!("{indent}{}", lane.label())
}

fn bar(lane: &Lane, whole: u64, width: usize, colour: bool) -> String {
    let mut cells: Vec<Option<Nature>> = vec![None; width];
    for piece in &lane.pieces {
        let (from, to) = columns(piece.start, piece.end, whole, width);
        for cell in &mut cells[from..to] {
            *cell = (*cell).max(Some(piece.nature));
        }
    }
    let used = cells
        .iter()
        .rposition(Option::is_some)
        .map_or(0, |last| last + 1);
    cells[..used]
        .chunk_by(|a, b| a == b)
        .map(|run| match run[0] {
            Some(nature) => {
                let mark = if lane.is_solid() {
                    mark(nature)
                } else {
                    OFF_AND_ON
                };
                paint(colour, hue(nature), &mark.repeat(run.len()))
            }
            None => " ".repeat(run.len()),
        })
        .collect()
}

/// The columns [from, to) that a stretch of time touches: at least one.
fn columns(start: u64, end: u64, whole: u64, width: usize) -> (usize, usize) {
    let whole = u128::from(whole.max(1));
    let from = (u128::from(start) * width as u128 / whole) as usize;
    let to = (u128::from(end) * width as u128).div_ceil(whole) as usize;
    let from = from.min(width - 1);
    (from, to.clamp(from + 1, width))
}

fn mark(nature: Nature) -> &'static str {
    match nature {
        Nature::Working => "█",
        Nature::Waiting => "▒",
        Nature::Theirs => "░",
    }
}

/// The mark of a stretch of which only some was spent in the station: several waits, from the first to the last.
const OFF_AND_ON: &str = "·";

fn hue(nature: Nature) -> &'static str {
    match nature {
        Nature::Working => "36",
        Nature::Waiting => "33",
        Nature::Theirs => "2",
    }
}

fn sums(out: &mut String, logged: &Logged, lanes: &[Lane], look: Look) {
    let sums: Vec<_> = logged
        .sums()
        .map(|(name, ns)| format!("{name} {}", units::time(ns)))
        .collect();
    let sums = sums.join("  ");
    let (width, legend) = legend(lanes, look.colour);
    let used = MARGIN + sums.chars().count();
    let gap = if used + width <= look.width {
        " ".repeat(look.width - used - width)
    } else {
        "\n".into()
    };
    let line = format!("{:MARGIN$}{sums}{gap}{legend}", "");
    let _ = writeln!(out, "{}", line.trim_end());
}

/// What the marks in these lanes mean, and how many columns that takes.
fn legend(lanes: &[Lane], colour: bool) -> (usize, String) {
    let (solid, off_and_on): (Vec<_>, Vec<_>) = lanes.iter().partition(|lane| lane.is_solid());
    let mut entries: Vec<_> = Nature::ALL
        .into_iter()
        .filter(|&nature| {
            solid
                .iter()
                .any(|lane| lane.pieces.iter().any(|piece| piece.nature == nature))
        })
        .map(|nature| (hue(nature), mark(nature), nature.word()))
        .collect();
    if !off_and_on.is_empty() {
        entries.push(("2", OFF_AND_ON, "off and on"));
    }
    let width = entries
        .iter()
        .map(|(.., word)| word.chars().count() + 4)
        .sum();
    let text = entries
        .into_iter()
        .map(|(hue, mark, word)| format!("  {} {word}", paint(colour, hue, mark)))
        .collect();
    (width, text)
}

fn paint(colour: bool, code: &str, text: &str) -> String {
    if colour {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests;
