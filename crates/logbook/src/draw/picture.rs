//! The sheet: title, sums, legend, panels, remarks.

use super::panel::{LEFT, NAME, Panel, RIGHT, class, describe};
use super::scale::Scale;
use super::sheet::{Sheet, length};
use super::style::STYLE;
use crate::lanes::{Lane, Nature, lanes};
use crate::remarks::remarks;
use crate::{Logged, date, plain, units};
use periplus_journey::Station;
use std::fmt;

const WIDTH: f64 = 960.0;
const TITLE_LENGTH: usize = 72;

/// Why there is no picture: no time passed in this journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingToDraw {
    what: String,
}

impl fmt::Display for NothingToDraw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ended the moment it began, so there is no time to draw",
            self.what
        )
    }
}

impl std::error::Error for NothingToDraw {}

/// One journey as an SVG document that needs nothing but itself.
///
/// The axis is linear. Where what the server is answerable for is a small part of the whole (a client that thinks, a
/// delayed ACK), that part is drawn a second time underneath, magnified.
pub fn svg(logged: &Logged) -> Result<String, NothingToDraw> {
    let lanes = lanes(logged);
    let Some(whole) = lanes.iter().map(Lane::end).max().filter(|&whole| whole > 0) else {
        let reason = logged
            .reason
            .as_deref()
            .map(|reason| format!(", {reason}"))
            .unwrap_or_default();
        let (kind, id, outcome) = (logged.kind.name(), logged.id, logged.outcome.name());
        return Err(NothingToDraw {
            what: format!("journey {id} ({kind}, {outcome}{reason})"),
        });
    };
    let first = Panel {
        top: 172.0,
        scale: Scale {
            from: 0,
            to: whole,
            left: LEFT,
            right: RIGHT,
        },
        origin: origin(logged),
        demux: passed_demux(logged).then(|| format!("a socket listens on {}", logged.local)),
        lanes: lanes.iter().collect(),
        id_prefix: "",
    };
    let second = magnified(&lanes, whole, first.bottom() + 64.0);
    let panels_bottom = second.as_ref().map_or(first.bottom(), Panel::bottom);
    let remarks = remarks(logged);
    let height = panels_bottom + 24.0 + 20.0 * remarks.len() as f64;

    let mut sheet = Sheet::default();
    let view_box = format!("0 0 {WIDTH} {}", length(height));
    sheet.open(
        "svg",
        &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("viewBox", &view_box),
            ("width", &WIDTH),
            ("height", &length(height)),
            ("role", &"img"),
            ("aria-labelledby", &"title desc"),
        ],
    );
    sheet.text(
        "title",
        &[("id", &"title")],
        &format!("The journey of {}", name(logged)),
    );
    sheet.text("desc", &[("id", &"desc")], &in_words(logged, &lanes));
    sheet.raw("  <style>\n");
    sheet.raw(STYLE);
    sheet.raw("  </style>\n");
    sheet.empty(
        "rect",
        &[
            ("class", &"paper"),
            ("width", &"100%"),
            ("height", &"100%"),
            ("rx", &8),
        ],
    );
    head(&mut sheet, logged, &lanes);
    if let Some(second) = &second {
        lens(&mut sheet, &first, second);
    }
    first.draw(&mut sheet);
    if let Some(second) = &second {
        let times = whole as f64 / (second.scale.to - second.scale.from) as f64;
        sheet.words(
            (NAME, second.top - 14.0),
            "start",
            "heading",
            &format!("The server's part, ×{times:.0}"),
        );
        second.draw(&mut sheet);
    }
    for (row, remark) in remarks.iter().enumerate() {
        sheet.words(
            (NAME, panels_bottom + 28.0 + 20.0 * row as f64),
            "start",
            "small",
            remark,
        );
    }
    Ok(sheet.finish())
}

/// What the picture is of, in a line.
fn name(logged: &Logged) -> String {
    let request = logged.request.as_deref().unwrap_or(logged.kind.name());
    plain::one_line(request, TITLE_LENGTH)
}

fn in_words(logged: &Logged, lanes: &[Lane]) -> String {
    let mut words = format!(
        "Swim-lanes, one a station. {} in all.",
        units::time(logged.total_ns)
    );
    for lane in lanes {
        words.push_str(&format!(" {}.", describe(lane)));
    }
    words
}

fn head(sheet: &mut Sheet, logged: &Logged, lanes: &[Lane]) {
    sheet.words((NAME, 46.0), "start", "title", &name(logged));
    let details = [
        logged.answer(),
        units::counted(logged.bytes_out, "byte"),
        format!("to {}", logged.peer),
        format!("journey {}", logged.id),
        date::utc(logged.at_ns),
    ];
    sheet.words((NAME, 70.0), "start", "quiet", &details.join("  ·  "));
    for (column, (name, ns)) in logged.sums().enumerate() {
        let x = NAME + 112.0 * column as f64;
        sheet.words((x, 102.0), "start", "quiet small", name);
        sheet.words((x, 124.0), "start", "figure time", &units::time(ns));
    }
    legend(sheet, lanes, 119.0);
}

/// What the bars' colours mean, set from the right; only those that occur.
fn legend(sheet: &mut Sheet, lanes: &[Lane], baseline: f64) {
    let solid = |nature| {
        lanes
            .iter()
            .any(|lane| lane.is_solid() && lane.pieces.iter().any(|piece| piece.nature == nature))
    };
    let mut entries: Vec<_> = Nature::ALL
        .into_iter()
        .filter(|&nature| solid(nature))
        .map(|nature| (class(nature), nature.word()))
        .collect();
    if !lanes.iter().all(Lane::is_solid) {
        entries.push(("several", "off and on"));
    }
    // A generous guess at the width of a word: fonts differ.
    let width = |word: &str| 40.0 + 7.0 * word.chars().count() as f64;
    let mut x = RIGHT + 16.0 - entries.iter().map(|(_, word)| width(word)).sum::<f64>();
    for (class, word) in entries {
        let middle = baseline - 4.5;
        if class == "several" {
            sheet.line(class, (x + 1.0, middle), (x + 17.0, middle));
        } else {
            sheet.bar(class, (x, middle - 6.0), 18.0, 12.0);
        }
        sheet.words((x + 24.0, baseline), "start", "", word);
        x += width(word);
    }
}

/// The part of the first panel that the second magnifies.
fn lens(sheet: &mut Sheet, first: &Panel, second: &Panel) {
    let (from, to) = (
        first.scale.x(second.scale.from),
        first
            .scale
            .x(second.scale.to)
            .max(first.scale.x(second.scale.from) + 1.0),
    );
    let (top, bottom, low) = (first.lanes_top(), first.bottom(), second.lanes_top());
    let points = [
        (from, top),
        (to, top),
        (to, bottom),
        (RIGHT, low),
        (RIGHT, second.bottom()),
        (LEFT, second.bottom()),
        (LEFT, low),
        (from, bottom),
    ];
    let points: Vec<_> = points
        .iter()
        .map(|(x, y)| format!("{},{}", length(*x), length(*y)))
        .collect();
    sheet.empty(
        "polygon",
        &[("class", &"lens"), ("points", &points.join(" "))],
    );
}

/// The stations between e3 and e8.
fn is_the_servers(station: Station) -> bool {
    (Station::RxRing..Station::RetransmitQueue).contains(&station)
}

/// The server's part as a panel of its own, where it is too short to be seen in the whole.
fn magnified(lanes: &[Lane], whole: u64, top: f64) -> Option<Panel<'_>> {
    const SHORT: u64 = 3; // less than a third of the whole
    let spine = || {
        lanes
            .iter()
            .filter(|lane| !lane.overlay && is_the_servers(lane.station))
    };
    let from = spine().map(Lane::start).min()?;
    let to = spine().map(Lane::end).max()?;
    if from == to || (to - from).saturating_mul(SHORT) > whole {
        return None;
    }
    let within = |lane: &&Lane| lane.start() < to && lane.end() > from;
    let lanes = lanes.iter().filter(|lane| match lane.overlay {
        false => is_the_servers(lane.station),
        true => within(lane) && (lane.is_solid() || is_the_servers(lane.station)),
    });
    Some(Panel {
        top,
        scale: Scale {
            from,
            to,
            left: LEFT,
            right: RIGHT,
        },
        origin: "since the request's first byte arrived",
        demux: None,
        lanes: lanes.collect(),
        id_prefix: "server-",
    })
}

/// The journey began with a SYN, so a socket was found for it.
fn passed_demux(logged: &Logged) -> bool {
    logged
        .spine
        .first()
        .is_some_and(|first| first.station <= Station::AcceptQueue)
}

fn origin(logged: &Logged) -> &'static str {
    match logged.spine.first().map(|first| first.station) {
        Some(Station::SynRetry | Station::SynQueue) => "since the SYN arrived",
        Some(Station::AcceptQueue) => "since the handshake was complete",
        _ => "since the request's first byte arrived",
    }
}

#[cfg(test)]
mod tests;
