//! Swim-lanes: title, sums, legend, panels, remarks.

use super::document;
use super::panel::{LEFT, NAME, Panel, RIGHT, class, describe};
use super::scale::Scale;
use super::sheet::{Sheet, length};
use crate::lanes::{Lane, Nature, lanes};
use crate::remarks::remarks;
use crate::{Logged, units};
use periplus_journey::Station;

/// Whether the journey lasted, so that there is a time axis.
pub(super) fn took_time(logged: &Logged) -> bool {
    lanes(logged).iter().any(|lane| lane.end() > 0)
}

/// One journey as an SVG document that needs nothing but itself.
///
/// The axis is linear. Where what the server is answerable for is a small part of the whole (a client that thinks, a
/// delayed ACK), that part is drawn a second time underneath, magnified.
pub(super) fn svg(logged: &Logged) -> String {
    let lanes = lanes(logged);
    let whole = lanes.iter().map(Lane::end).max().unwrap_or(0);
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

    let title = format!("The journey of {}", document::name(logged));
    let mut sheet = document::begin(&title, &in_words(logged, &lanes), height);
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
    document::remarks(&mut sheet, panels_bottom + 24.0, &remarks);
    sheet.finish()
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
    let [id, date] = document::which(logged);
    let details = [
        logged.answer(),
        units::counted(logged.bytes_out, "byte"),
        format!("to {}", logged.peer),
        id,
        date,
    ];
    document::heading(sheet, &document::name(logged), &details);
    document::sums(sheet, logged);
    legend(sheet, lanes);
}

/// What the bars' colours mean; only those that occur.
fn legend(sheet: &mut Sheet, lanes: &[Lane]) {
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
    document::legend(sheet, &entries, 119.0);
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
