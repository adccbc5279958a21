//! What holds for every record of a journey.

use periplus_journey::Record;
use std::time::Duration;

/// # Panics
/// If the spine does not add up to the total, has a gap, or goes back.
pub(crate) fn assert_sums(record: &Record) {
    let spine = record.spine();
    let intervals = spine.intervals();
    let sum: Duration = intervals.iter().map(|interval| interval.duration()).sum();
    assert_eq!(sum, record.total(), "the spine does not add up: {record:?}");
    for pair in intervals.windows(2) {
        assert_eq!(pair[0].end, pair[1].start, "a gap: {record:?}");
        assert!(
            pair[0].station < pair[1].station,
            "out of order: {record:?}"
        );
    }
    let server = record.server();
    assert!(
        server.is_none_or(|server| server <= record.total()),
        "{record:?}"
    );
    for overlay in record.overlays.entries() {
        assert!(
            overlay.start <= overlay.end && overlay.max <= overlay.busy,
            "{overlay:?}"
        );
    }
    assert!(
        record.acked <= record.bytes_out,
        "more was acknowledged than sent: {record:?}"
    );
}
