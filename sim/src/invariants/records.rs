//! Every journey's stations sum to its length.

use super::{Broken, Invariant};
use crate::world::World;
use periplus_journey::Record;
use std::time::Duration;

/// Of each record that a host gave out: the spine has no gap and no overlap, comes in order, and is as long as the journey.
///
/// # Errors
/// The record that does not sum.
pub fn spines_sum(world: &World) -> Result<(), Broken> {
    let records = world.hosts.iter().flat_map(|host| &host.records);
    for record in records {
        if let Some(what) = fault(record) {
            let what = format!("{what}: {record:?}");
            return Err(Invariant::Spine.broken(world.now, what));
        }
    }
    Ok(())
}

fn fault(record: &Record) -> Option<&'static str> {
    let spine = record.spine();
    let intervals = spine.intervals();
    let sum: Duration = intervals.iter().map(|interval| interval.duration()).sum();
    let (first, last) = (intervals.first(), intervals.last());
    let whole = match (first, last) {
        (Some(_), Some(last)) => last.end.since(record.at()),
        _ => Duration::ZERO,
    };
    let overlays = record.overlays.entries();
    let checks = [
        (sum == whole, "its stations do not sum to its length"),
        (sum == record.total(), "its total is not the sum"),
        (
            first.is_none_or(|first| first.start == record.at()),
            "its first station does not begin with it",
        ),
        (
            intervals
                .windows(2)
                .all(|pair| pair[0].end == pair[1].start),
            "there is a gap",
        ),
        (
            intervals
                .windows(2)
                .all(|pair| pair[0].station < pair[1].station),
            "its stations are out of order",
        ),
        (
            intervals
                .iter()
                .all(|interval| interval.start <= interval.end),
            "a station ends before it begins",
        ),
        (
            record
                .server()
                .is_none_or(|server| server <= record.total()),
            "the server's part is longer than the whole",
        ),
        (
            overlays
                .iter()
                .all(|wait| wait.start <= wait.end && wait.max <= wait.busy),
            "a wait beside the spine is impossible",
        ),
    ];
    let mut faults = checks.into_iter().filter(|(holds, _)| !holds);
    faults.next().map(|(_, name)| name)
}
