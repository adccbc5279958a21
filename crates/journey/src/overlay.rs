//! A station's own wait, beside the spine.

use crate::{Instant, Station};
use std::time::Duration;

/// The waits of one station within one journey, added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverlayEntry {
    /// Whose wait it is.
    pub station: Station,
    /// When the first wait began.
    pub start: Instant,
    /// When the last wait ended.
    pub end: Instant,
    /// The waits' lengths added up.
    pub busy: Duration,
    /// How many waits there were.
    pub count: u32,
    /// The longest of them.
    pub max: Duration,
}

impl OverlayEntry {
    /// One wait. An `end` before `start` counts as no time at all.
    fn new(station: Station, start: Instant, end: Instant) -> Self {
        let length = end.since(start);
        Self {
            station,
            start,
            end: end.max(start),
            busy: length,
            count: 1,
            max: length,
        }
    }

    fn add(&mut self, wait: Self) {
        self.start = self.start.min(wait.start);
        self.end = self.end.max(wait.end);
        self.busy += wait.busy;
        self.count = self.count.saturating_add(wait.count);
        self.max = self.max.max(wait.max);
    }
}

/// The overlays of a journey, at most one entry a station. One station's waits, all that most journeys have, take no
/// memory apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlays {
    entries: Entries,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Entries {
    #[default]
    None,
    One(OverlayEntry),
    Many(Vec<OverlayEntry>),
}

impl Overlays {
    /// Adds a wait from `start` to `end`. An `end` before `start` counts as no time at all.
    #[inline]
    pub fn add(&mut self, station: Station, start: Instant, end: Instant) {
        let wait = OverlayEntry::new(station, start, end);
        match &mut self.entries {
            Entries::None => self.entries = Entries::One(wait),
            _ => self.add_another(wait),
        }
    }

    #[cold]
    fn add_another(&mut self, wait: OverlayEntry) {
        match &mut self.entries {
            Entries::One(entry) if entry.station == wait.station => entry.add(wait),
            Entries::One(entry) => self.entries = Entries::Many(vec![*entry, wait]),
            Entries::Many(entries) => {
                let mut entries_of_station = entries
                    .iter_mut()
                    .filter(|entry| entry.station == wait.station);
                match entries_of_station.next() {
                    Some(entry) => entry.add(wait),
                    None => entries.push(wait),
                }
            }
            Entries::None => self.entries = Entries::One(wait),
        }
    }

    /// The entry of a station.
    pub fn get(&self, station: Station) -> Option<&OverlayEntry> {
        self.entries().iter().find(|entry| entry.station == station)
    }

    /// All entries, in the order in which the stations first appeared.
    pub fn entries(&self) -> &[OverlayEntry] {
        match &self.entries {
            Entries::None => &[],
            Entries::One(entry) => std::slice::from_ref(entry),
            Entries::Many(entries) => entries,
        }
    }
}
