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

/// The overlays of a journey, at most one entry a station.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlays {
    entries: Vec<OverlayEntry>,
}

impl Overlays {
    /// Adds a wait from `start` to `end`. An `end` before `start` counts as no time at all.
    pub fn add(&mut self, station: Station, start: Instant, end: Instant) {
        let length = end.since(start);
        let end = end.max(start);
        match self
            .entries
            .iter_mut()
            .find(|entry| entry.station == station)
        {
            Some(entry) => {
                entry.start = entry.start.min(start);
                entry.end = entry.end.max(end);
                entry.busy += length;
                entry.count = entry.count.saturating_add(1);
                entry.max = entry.max.max(length);
            }
            None => self.entries.push(OverlayEntry {
                station,
                start,
                end,
                busy: length,
                count: 1,
                max: length,
            }),
        }
    }

    /// The entry of a station.
    pub fn get(&self, station: Station) -> Option<&OverlayEntry> {
        self.entries.iter().find(|entry| entry.station == station)
    }

    /// All entries, in the order in which the stations first appeared.
    pub fn entries(&self) -> &[OverlayEntry] {
        &self.entries
    }
}
