//! The table as a picture: a line for each round trip, both axes by factors.

use super::grid::{LOSSES, RATE, ROUND_TRIPS};
use std::fmt::Write;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 520.0;
/// Where the axes are.
const LEFT: f64 = 84.0;
const RIGHT: f64 = 830.0;
const TOP: f64 = 104.0;
const BOTTOM: f64 = 450.0;

/// Megabits a second at the lower and the upper end of the axis.
const LOWEST: f64 = 0.25;
const HIGHEST: f64 = 64.0;
const TICKS: [f64; 8] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 0.25];

/// The least distance of two labels.
const LINE: f64 = 17.0;

/// Of colours that stay apart for every kind of colour blindness (Okabe and Ito, darkened for a white page), each with a mark of its own for print in grey.
const STYLE: &str = "
    text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; font-size: 13px; fill: #1f2328; }
    .title { font-size: 21px; font-weight: 600; }
    .quiet, .tick { fill: #59636e; }
    .tick { font-size: 12px; font-variant-numeric: tabular-nums; }
    .paper { fill: #ffffff; }
    .grid { stroke: #d1d9e0; }
    .line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
    .c0 { stroke: #0072b2; fill: #0072b2; } .c1 { stroke: #c77800; fill: #c77800; } .c2 { stroke: #00875f; fill: #00875f; }
    .c3 { stroke: #d0432b; fill: #d0432b; } .c4 { stroke: #a64d83; fill: #a64d83; }
    .line { fill: none; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .quiet, .tick { fill: #9da7b1; }
      .paper { fill: #0d1117; }
      .grid { stroke: #343b44; }
      .c0 { stroke: #4aa8f0; fill: #4aa8f0; } .c1 { stroke: #f0b429; fill: #f0b429; } .c2 { stroke: #2cc295; fill: #2cc295; }
      .c3 { stroke: #ff7b66; fill: #ff7b66; } .c4 { stroke: #dd8fbd; fill: #dd8fbd; }
      .line { fill: none; }
    }
";

fn x(column: usize) -> f64 {
    LEFT + 24.0 + (RIGHT - LEFT - 48.0) * column as f64 / (LOSSES.len() - 1) as f64
}

fn y(goodput: f64) -> f64 {
    let share = (goodput.clamp(LOWEST, HIGHEST) / LOWEST).ln() / (HIGHEST / LOWEST).ln();
    BOTTOM - (BOTTOM - TOP) * share
}

/// Where the labels at the lines' ends go: beside them, but never upon each other.
fn label_places(ends: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ends.len()).collect();
    order.sort_by(|&a, &b| ends[a].total_cmp(&ends[b]));
    let mut places = ends.to_vec();
    let mut free = f64::MIN;
    for line in order {
        places[line] = ends[line].max(free);
        free = places[line] + LINE;
    }
    places
}

/// The picture of `rows`, of which each has a loss and a number for every round trip.
pub(crate) fn draw(rows: &[Vec<f64>]) -> String {
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="title desc">
  <title id="title">Goodput by loss and round trip</title>
  <desc id="desc">A line for each round trip from {} to {} ms: how many megabits a second arrive of {RATE} that the path carries, where no frame is lost and up to where every twentieth is. The numbers are those of spec/goodput.txt.</desc>
  <style>{STYLE}  </style>
  <rect class="paper" width="100%" height="100%" rx="8"/>
  <text class="title" x="{LEFT}" y="46">Goodput by loss and round trip</text>
  <text class="quiet" x="{LEFT}" y="70">6 MB over a path of {RATE} Mbit/s whose queue holds a bandwidth-delay product, CUBIC, on virtual time</text>
  <text class="quiet" x="{LEFT}" y="{}">Mbit/s</text>
  <text class="quiet" x="{RIGHT}" y="{}">round trip</text>
"#,
        ROUND_TRIPS[0],
        ROUND_TRIPS[ROUND_TRIPS.len() - 1],
        TOP - 10.0,
        TOP - 10.0,
    );
    axes(&mut svg);
    let places: Vec<f64> = rows[rows.len() - 1].iter().map(|&end| y(end)).collect();
    let places = label_places(&places);
    for (line, round_trip) in ROUND_TRIPS.iter().enumerate() {
        let points: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(column, row)| (x(column), y(row[line])))
            .collect();
        let path: Vec<_> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            svg,
            r#"  <polyline class="c{line} line" points="{}"/>"#,
            path.join(" ")
        );
        for point in points {
            mark(&mut svg, line, point);
        }
        let _ = writeln!(
            svg,
            r#"  <text x="{:.1}" y="{:.1}">{round_trip} ms</text>"#,
            RIGHT + 8.0,
            places[line] + 4.5
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn axes(svg: &mut String) {
    for tick in TICKS {
        let y = y(tick);
        let _ = write!(
            svg,
            r#"  <line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1}" y2="{y:.1}"/>
  <text class="tick" x="{:.1}" y="{:.1}" text-anchor="end">{tick}</text>
"#,
            LEFT - 8.0,
            y + 4.0
        );
    }
    for (column, loss) in LOSSES.iter().enumerate() {
        let _ = writeln!(
            svg,
            r#"  <text class="tick" x="{:.1}" y="{:.1}" text-anchor="middle">{} %</text>"#,
            x(column),
            BOTTOM + 20.0,
            loss / 10.0
        );
    }
    let _ = writeln!(
        svg,
        r#"  <text class="quiet" x="{:.1}" y="{:.1}" text-anchor="middle">frames lost</text>"#,
        (LEFT + RIGHT) / 2.0,
        BOTTOM + 46.0
    );
}

/// A circle, a square, a triangle, a diamond, a cross: one for each line.
fn mark(svg: &mut String, line: usize, (x, y): (f64, f64)) {
    let _ = match line {
        0 => writeln!(
            svg,
            r#"  <circle class="c0" cx="{x:.1}" cy="{y:.1}" r="4"/>"#
        ),
        1 => writeln!(
            svg,
            r#"  <rect class="c1" x="{:.1}" y="{:.1}" width="8" height="8"/>"#,
            x - 4.0,
            y - 4.0
        ),
        2 => writeln!(
            svg,
            r#"  <path class="c2" d="M{x:.1} {:.1}l5 9h-10z"/>"#,
            y - 5.5
        ),
        3 => writeln!(
            svg,
            r#"  <path class="c3" d="M{x:.1} {:.1}l5.5 5.5l-5.5 5.5l-5.5 -5.5z"/>"#,
            y - 5.5
        ),
        _ => writeln!(
            svg,
            r#"  <path class="c4" d="M{:.1} {:.1}l8 8m0 -8l-8 8" stroke-width="2.4"/>"#,
            x - 4.0,
            y - 4.0
        ),
    };
}
