//! One time axis with its lanes.

use super::scale::Scale;
use super::sheet::{Sheet, length};
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
        let heading = |sheet: &mut Sheet, x: f64, anchor: &str, text: &str| {
            sheet.text(
                "text",
                &[
                    ("class", &"quiet small"),
                    ("x", &length(x)),
                    ("y", &length(baseline)),
                    ("text-anchor", &anchor),
                ],
                text,
            );
        };
        heading(sheet, NAME, "start", "station");
        heading(sheet, TIME, "end", "time");
        for tick in self.scale.ticks() {
            let x = length(tick.x);
            let (top, bottom) = (length(self.top + 16.0), length(self.bottom()));
            sheet.empty(
                "line",
                &[
                    ("class", &"grid"),
                    ("x1", &x),
                    ("x2", &x),
                    ("y1", &top),
                    ("y2", &bottom),
                ],
            );
            let anchor = if tick.x > RIGHT - 24.0 {
                "end"
            } else {
                "middle"
            };
            let at = if anchor == "end" { length(RIGHT) } else { x };
            sheet.text(
                "text",
                &[
                    ("class", &"tick"),
                    ("x", &at),
                    ("y", &length(baseline)),
                    ("text-anchor", &anchor),
                ],
                &tick.label,
            );
        }
        sheet.text(
            "text",
            &[
                ("class", &"quiet small"),
                ("x", &length(RIGHT)),
                ("y", &length(self.top - 14.0)),
                ("text-anchor", &"end"),
            ],
            self.origin,
        );
    }

    fn demux(&self, sheet: &mut Sheet, top: f64, demux: &str) {
        let middle = top + LANE / 2.0;
        sheet.open("g", &[("id", &"demux")]);
        sheet.text("title", &[], "demux: a decision, it takes no time");
        self.row(sheet, top);
        self.label(sheet, "text", "", NAME, middle, "start", "demux");
        let x = LEFT;
        let diamond = format!(
            "{x},{} {},{middle} {x},{} {},{middle}",
            middle - 6.0,
            x + 6.0,
            middle + 6.0,
            x - 6.0
        );
        sheet.empty("polygon", &[("class", &"decision"), ("points", &diamond)]);
        self.label(
            sheet,
            "text",
            "quiet small",
            x + 14.0,
            middle,
            "start",
            demux,
        );
        sheet.close();
    }

    fn lane(&self, sheet: &mut Sheet, top: f64, lane: &Lane) {
        let middle = top + LANE / 2.0;
        let suffix = if lane.overlay { "-overlay" } else { "" };
        sheet.open(
            "g",
            &[(
                "id",
                &format_args!("{}{}{suffix}", self.id_prefix, lane.station),
            )],
        );
        sheet.text("title", &[], &describe(lane));
        self.row(sheet, top);
        let class = if lane.overlay { "quiet" } else { "" };
        let indent = if lane.overlay { INDENT } else { 0.0 };
        let times = if lane.is_solid() {
            String::new()
        } else {
            format!(" ×{}", units::grouped(lane.count.into()))
        };
        self.label(
            sheet,
            "text",
            class,
            NAME + indent,
            middle,
            "start",
            &format!("{}{times}", lane.station),
        );
        self.label(
            sheet,
            "text",
            &format!("{class} time"),
            TIME,
            middle,
            "end",
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
                self.stretch(sheet, middle, lane, piece.nature, from, to);
            }
        } else if let Some(longest) = lane
            .pieces
            .iter()
            .max_by_key(|piece| piece.end - piece.start)
        {
            let from = from.min(self.scale.right - NARROWEST);
            self.stretch(sheet, middle, lane, longest.nature, from, from + NARROWEST);
        }
    }

    fn row(&self, sheet: &mut Sheet, top: f64) {
        let y = length(top);
        sheet.empty(
            "line",
            &[
                ("class", &"row"),
                ("x1", &NAME),
                ("x2", &RIGHT),
                ("y1", &y),
                ("y2", &y),
            ],
        );
    }

    fn label(
        &self,
        sheet: &mut Sheet,
        name: &'static str,
        class: &str,
        x: f64,
        middle: f64,
        anchor: &str,
        text: &str,
    ) {
        let y = length(middle + 4.5);
        let class = class.trim();
        sheet.text(
            name,
            &[
                ("class", &class),
                ("x", &length(x)),
                ("y", &y),
                ("text-anchor", &anchor),
            ],
            text,
        );
    }

    fn stretch(
        &self,
        sheet: &mut Sheet,
        middle: f64,
        lane: &Lane,
        nature: Nature,
        from: f64,
        to: f64,
    ) {
        if !lane.is_solid() {
            let (y, x1, x2) = (length(middle), length(from + 1.0), length(to - 1.0));
            sheet.empty(
                "line",
                &[
                    ("class", &"several"),
                    ("x1", &x1),
                    ("x2", &x2),
                    ("y1", &y),
                    ("y2", &y),
                ],
            );
            return;
        }
        let height = if lane.overlay { OVERLAY_BAR } else { BAR };
        sheet.empty(
            "rect",
            &[
                ("class", &class(nature)),
                ("x", &length(from)),
                ("y", &length(middle - height / 2.0)),
                ("width", &length(to - from)),
                ("height", &length(height)),
                ("rx", &"1.5"),
            ],
        );
    }
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
