//! What became of every frame, told at the end or when asked for: nothing is lost in silence.

use crate::control::Frames;
use crate::failure::{Failure, Kind};
use periplus_net::Snapshot;
use periplus_net::journey::FrameLedger;

impl Frames {
    /// What became of the frames in `ledger`.
    pub(crate) fn of(ledger: &FrameLedger) -> Self {
        Self {
            received: ledger.received,
            delivered: ledger.delivered,
            consumed: ledger.consumed,
            refused: ledger.refused,
            dropped: ledger
                .drops()
                .map(|(reason, count)| (reason.to_string().into(), count))
                .collect(),
            held: ledger.held,
        }
    }

    /// In one line.
    pub(crate) fn words(&self) -> String {
        let mut line = format!(
            "{} frames came in: {} delivered, {} consumed by the stack, {} refused, {} dropped",
            self.received,
            self.delivered,
            self.consumed,
            self.refused,
            self.dropped.values().sum::<u64>(),
        );
        let reasons: Vec<_> = self
            .dropped
            .iter()
            .map(|(reason, count)| format!("{reason} {count}"))
            .collect();
        if !reasons.is_empty() {
            line += &format!(" ({})", reasons.join(", "));
        }
        if self.held > 0 {
            line += &format!(", {} still in the ring", self.held);
        }
        line
    }
}

/// The account of the serving shard's frames in one line.
///
/// # Errors
/// When the device saw frames that the stack cannot account for: a fault of ours.
pub(crate) fn account(snapshot: &Snapshot) -> Result<String, Failure> {
    let (ledger, ring) = (&snapshot.ledger, &snapshot.ring);
    let line = Frames::of(ledger).words();
    // The device counts for itself, so the two can disagree.
    if ledger.is_balanced() && ring.is_balanced() && ring.received == ledger.received {
        return Ok(line);
    }
    Err(Failure::new(
        Kind::Fault,
        format!("{line}; the ring counted {}", ring.received),
    )
    .fix("The two must agree. Please report this line as a bug."))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use periplus_net::journey::{Counters, DropReason, Histogram};
    use periplus_net::ring::RingStatistics;

    /// Of a shard that was given nine frames.
    pub(crate) fn snapshot() -> Snapshot {
        let mut ledger = FrameLedger::default();
        (ledger.received, ledger.delivered, ledger.consumed) = (9, 3, 4);
        ledger.drop_frames(DropReason::TcpCsum, 2);
        Snapshot {
            device: "memory",
            counters: Counters::default(),
            ledger,
            ring: RingStatistics {
                received: 9,
                taken: 9,
                ..RingStatistics::default()
            },
            shard_gap: Histogram::default(),
            connections: 0,
            half_open: 0,
            time_wait: 0,
            undelivered: 0,
            marks_lost: 0,
            written_copied: 0,
            written_shared: 0,
        }
    }

    #[test]
    fn every_frame_is_accounted_for_with_the_reason_of_those_that_were_dropped() {
        let line = account(&snapshot()).unwrap();
        assert_eq!(
            line,
            "9 frames came in: 3 delivered, 4 consumed by the stack, 0 refused, 2 dropped (TCP_CSUM 2)"
        );
    }

    #[test]
    fn a_frame_that_only_the_device_saw_is_a_fault() {
        let mut snapshot = snapshot();
        snapshot.ring.received += 1;
        snapshot.ring.taken += 1;
        let failure = account(&snapshot).unwrap_err().to_string();
        assert!(failure.contains("the ring counted 10"), "{failure}");
    }
}
