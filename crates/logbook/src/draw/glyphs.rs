//! A queue with its places, arrows.

use super::sheet::{Sheet, length};
use crate::{LoggedQueue, units};

/// Places that are drawn of a queue; of a longer one a piece is left out.
const PLACES: u32 = 16;
/// Where it is left out, counted from the end.
const BREAK: u32 = 3;
const GAP: f64 = 3.0;
const HEAD: f64 = 7.0;

/// A line through `points` with a head at its end.
pub fn arrow(sheet: &mut Sheet, class: &str, points: &[(f64, f64)]) {
    let [.., from, to] = points else { return };
    let along = (to.0 - from.0, to.1 - from.1);
    let far = along.0.hypot(along.1).max(1.0);
    let (dx, dy) = (along.0 / far, along.1 / far);
    // The line ends inside the head, so that its end does not look out at the tip.
    let neck = (to.0 - HEAD * dx, to.1 - HEAD * dy);
    let line = points[..points.len() - 1].iter().chain([&neck]);
    sheet.empty("polyline", &[("class", &class), ("points", &path(line))]);
    let side = (-dy * HEAD / 2.0, dx * HEAD / 2.0);
    let corners = [
        *to,
        (neck.0 + side.0, neck.1 + side.1),
        (neck.0 - side.0, neck.1 - side.1),
    ];
    sheet.empty(
        "polygon",
        &[
            ("class", &format_args!("{class}-head")),
            ("points", &path(&corners)),
        ],
    );
}

/// A cross: here something ends.
pub(super) fn cross(sheet: &mut Sheet, (x, y): (f64, f64)) {
    for (from, to) in [(-6.0, 6.0), (6.0, -6.0)] {
        sheet.line("lost", (x - 6.0, y + from), (x + 6.0, y + to));
    }
}

/// The decision that is not a station.
pub(super) fn decision(sheet: &mut Sheet, (x, y): (f64, f64)) {
    let corners = [(x, y - 6.0), (x + 6.0, y), (x, y + 6.0), (x - 6.0, y)];
    sheet.empty(
        "polygon",
        &[("class", &"decision"), ("points", &path(&corners))],
    );
}

fn path<'a>(points: impl IntoIterator<Item = &'a (f64, f64)>) -> String {
    let points: Vec<_> = points
        .into_iter()
        .map(|(x, y)| format!("{},{}", length(*x), length(*y)))
        .collect();
    points.join(" ")
}

/// A queue with its places: in at the left, out at the right.
pub(super) struct Queue<'a> {
    /// Its upper left corner.
    pub(super) at: (f64, f64),
    pub(super) width: f64,
    pub(super) height: f64,
    /// What it held.
    pub(super) met: &'a LoggedQueue,
    /// How many places it has: one more than its limit.
    pub(super) places: u32,
    /// This journey's connection stands in the last place that is taken.
    pub(super) entered: bool,
}

impl Queue<'_> {
    /// Draws it.
    pub(super) fn draw(&self, sheet: &mut Sheet) {
        let (drawn, taken) = self.drawn_and_taken();
        let (x, y) = self.at;
        let is_cut = self.places > PLACES;
        let breadth = (self.width - GAP * f64::from(drawn - 1)) / f64::from(drawn);
        for place in 0..drawn {
            if is_cut && place == BREAK {
                let middle = (
                    x + f64::from(place) * (breadth + GAP) + breadth / 2.0,
                    y + self.height / 2.0 + 4.0,
                );
                sheet.words(middle, "middle", "quiet", "⋯");
                continue;
            }
            let class = match (drawn - place).cmp(&taken) {
                std::cmp::Ordering::Equal if self.entered => "working",
                std::cmp::Ordering::Greater => "free",
                _ => "waiting",
            };
            let left = x + f64::from(place) * (breadth + GAP);
            sheet.bar(class, (left, y), breadth, self.height);
        }
    }

    /// How many places are drawn, and how many of them as taken: every connection one place where they all find room beside
    /// the piece that is left out, else their part of the limit.
    fn drawn_and_taken(&self) -> (u32, u32) {
        let (places, length) = (self.places.max(1), self.met.length);
        if places <= PLACES {
            return (places, length.min(places));
        }
        let exact = PLACES - BREAK - 1;
        if length <= exact {
            return (PLACES, length);
        }
        let part = u64::from(PLACES) * u64::from(length) / u64::from(places);
        let part = u32::try_from(part).unwrap_or(PLACES);
        (PLACES, part.clamp(exact, PLACES))
    }

    /// What it held, in words.
    pub(super) fn in_words(&self) -> String {
        let (length, limit) = (
            units::grouped(self.met.length.into()),
            units::grouped(self.met.limit.into()),
        );
        let whom = match (self.entered, self.met.length) {
            (true, 1) => ", this one alone",
            (true, _) => ", this one the last",
            (false, _) => ", and this one came",
        };
        format!("{length} of at most {limit}{whom}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(length: u32, limit: u32) -> (u32, u32) {
        let queue = Queue {
            at: (0.0, 0.0),
            width: 100.0,
            height: 10.0,
            met: &LoggedQueue { length, limit },
            places: limit,
            entered: true,
        };
        queue.drawn_and_taken()
    }

    #[test]
    fn few_are_drawn_one_by_one_and_many_as_their_part() {
        assert_eq!(taken(2, 5), (5, 2));
        assert_eq!(taken(3, 4_096), (PLACES, 3));
        assert_eq!(taken(2_000, 4_096), (PLACES, 12));
        assert_eq!(taken(3_600, 4_096), (PLACES, 14));
        assert_eq!(taken(4_096, 4_096), (PLACES, PLACES));
        assert_eq!(taken(9, 4), (4, 4));
    }

    #[test]
    fn one_place_is_this_journeys() {
        let met = LoggedQueue {
            length: 3,
            limit: 8,
        };
        let mut queue = Queue {
            at: (0.0, 0.0),
            width: 100.0,
            height: 10.0,
            met: &met,
            places: 8,
            entered: true,
        };
        let count = |queue: &Queue, class: &str| {
            let mut sheet = Sheet::default();
            queue.draw(&mut sheet);
            sheet
                .finish()
                .matches(&format!("class=\"{class}\""))
                .count()
        };
        let classes = ["free", "waiting", "working"];
        assert_eq!(classes.map(|class| count(&queue, class)), [5, 2, 1]);
        queue.entered = false;
        assert_eq!(classes.map(|class| count(&queue, class)), [5, 3, 0]);
    }
}
