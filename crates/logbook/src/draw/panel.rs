//! One time axis with its lanes.

use super::scale::Scale;
use super::sheet::Sheet;
use crate::lanes::{Lane, Nature};
use crate::units;

/// Where the columns of a panel stand.
pub(super) const NAME: f64 = 32.0;
pub(super) const TIME: f64 = 268.0;
pub(super) const LEFT: f64 = 288.0;
pub(super) const RIGHT: f64 = 928.0;

const AXIS: f64 = 26.0;
const LANE: f64 = 26.0;
const BAR: f64 = 14.0;
const OVERLAY_BAR: f64 = 8.0;
const INDENT: f64 = 16.0;
/// What is shorter than this is drawn this wide, so that no station is invisible.
const NARROWEST: f64 = 3.0;
/// A tick nearer to the edge than this has its label set against the edge.
const HALF_A_LABEL: f64 = 24.0;

/// Several lanes over one stretch of time.
pub(super) struct Panel<'a> {
    /// Its upper edge.
    pub(super) top: f64,
    /// The stretch of time.
    pub(super) scale: Scale,
    /// What 0 on the axis is.
    pub(super) origin: &'static str,
    /// The decision before the first queue, where this journey passed it: drawn, never timed.
    pub(super) demux: Option<String>,
    /// The lanes.
    pub(super) lanes: Vec<&'a Lane>,
    /// What the lanes' ids begin with: an id stands once in a document.
    pub(super) id_prefix: &'static str,
}

impl Panel<'_> {
    /// Where the lanes begin.
    pub(super) fn lanes_top(&self) -> f64 {
        self.top + AXIS
    }

    /// The panel's lower edge.
    pub(super) fn bottom(&self) -> f64 {
        self.lanes_top() + LANE * (self.lanes.len() + usize::from(self.demux.is_some())) as f64
    }

    /// Draws the panel.
    pub(super) fn draw(&self, sheet: &mut Sheet) {
        self.axis(sheet);
        let mut top = self.lanes_top();
        if let Some(demux) = &self.demux {
            self.demux(sheet, top, demux);
            top += LANE;
        }
        for lane in &self.lanes {
            self.lane(sheet, top, lane);
            top += LANE;
        }
    }

    fn axis(&self, sheet: &mut Sheet) {
        let baseline = self.top + 8.0;
        sheet.words((NAME, baseline), "start", "quiet small", "station");
        sheet.words((TIME, baseline), "end", "quiet small", "time");
        sheet.words((RIGHT, self.top - 14.0), "end", "quiet small", self.origin);
        for tick in self.scale.ticks() {
            sheet.line("grid", (tick.x, self.top + 16.0), (tick.x, self.bottom()));
            if tick.x > RIGHT - HALF_A_LABEL {
                sheet.words((RIGHT, baseline), "end", "tick", &tick.label);
            } else {
                sheet.words((tick.x, baseline), "middle", "tick", &tick.label);
            }
        }
    }

    fn demux(&self, sheet: &mut Sheet, top: f64, demux: &str) {
        let middle = top + LANE / 2.0;
        sheet.open("g", &[("id", &"demux")]);
        sheet.text("title", &[], "demux: a decision, it takes no time");
        row(sheet, top);
        label(sheet, (NAME, middle), "start", "", "demux");
        let corners = [(0.0, -6.0), (6.0, 0.0), (0.0, 6.0), (-6.0, 0.0)];
        let points = corners
            .map(|(x, y)| format!("{},{}", LEFT + x, middle + y))
            .join(" ");
        sheet.empty("polygon", &[("class", &"decision"), ("points", &points)]);
        label(sheet, (LEFT + 14.0, middle), "start", "quiet small", demux);
        sheet.close();
    }

    fn lane(&self, sheet: &mut Sheet, top: f64, lane: &Lane) {
        let middle = top + LANE / 2.0;
        let station = lane.station;
        let (suffix, class, indent) = if lane.overlay {
            ("-overlay", "quiet", INDENT)
        } else {
            ("", "", 0.0)
        };
        sheet.open(
            "g",
            &[("id", &format_args!("{}{station}{suffix}", self.id_prefix))],
        );
        sheet.text("title", &[], &describe(lane));
        row(sheet, top);
        label(
            sheet,
            (NAME + indent, middle),
            "start",
            class,
            &lane.label(),
        );
        label(
            sheet,
            (TIME, middle),
            "end",
            &format!("time {class}"),
            &units::time(lane.ns),
        );
        self.bar(sheet, middle, lane);
        sheet.close();
    }

    fn bar(&self, sheet: &mut Sheet, middle: f64, lane: &Lane) {
        let (from, to) = (self.scale.x(lane.start()), self.scale.x(lane.end()));
        if to - from >= NARROWEST {
            for piece in &lane.pieces {
                let (from, to) = (self.scale.x(piece.start), self.scale.x(piece.end));
                stretch(sheet, middle, lane, piece.nature, from, to);
            }
        } else if let Some(longest) = lane
            .pieces
            .iter()
            .max_by_key(|piece| piece.end - piece.start)
        {
            let from = from.min(self.scale.right - NARROWEST);
            stretch(sheet, middle, lane, longest.nature, from, from + NARROWEST);
        }
    }
}

/// The line above a lane.
fn row(sheet: &mut Sheet, top: f64) {
    sheet.line("row", (NAME, top), (RIGHT, top));
}

/// Words in the middle of a lane's height.
fn label(sheet: &mut Sheet, (x, middle): (f64, f64), anchor: &str, class: &str, words: &str) {
    sheet.words((x, middle + 4.5), anchor, class.trim_end(), words);
}

fn stretch(sheet: &mut Sheet, middle: f64, lane: &Lane, nature: Nature, from: f64, to: f64) {
    if !lane.is_solid() {
        // Its ends are round: they stand a unit inside.
        return sheet.line("several", (from + 1.0, middle), (to - 1.0, middle));
    }
    let height = if lane.overlay { OVERLAY_BAR } else { BAR };
    sheet.bar(
        class(nature),
        (from, middle - height / 2.0),
        to - from,
        height,
    );
}

/// The class of a nature's bars.
pub(super) fn class(nature: Nature) -> &'static str {
    match nature {
        Nature::Working => "working",
        Nature::Waiting => "waiting",
        Nature::Theirs => "theirs",
    }
}

/// The lane in words, for a pointer that rests on it and for those who hear the picture.
pub(super) fn describe(lane: &Lane) -> String {
    let (start, end) = (units::time(lane.start()), units::time(lane.end()));
    let time = units::time(lane.ns);
    if lane.is_solid() {
        format!("{}: {time}, from {start} to {end}", lane.station)
    } else {
        let waits = units::counted(lane.count.into(), "time");
        format!(
            "{}: {time} in all, {waits} between {start} and {end}",
            lane.station
        )
    }
}
