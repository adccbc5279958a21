//! What a reader of a journey's numbers has to know, and only where there is something to know.

use crate::{Logged, plain, units};
use periplus_journey::Outcome;

/// The remarks, a line each.
pub(crate) fn remarks(logged: &Logged) -> Vec<String> {
    let mut remarks = Vec::new();
    if !matches!(logged.outcome, Outcome::Answered | Outcome::Delivered) {
        remarks.push(ending(logged));
    } else if let Some(reason) = &logged.reason {
        remarks.push(plain::one_line(reason, 100));
    }
    if let Some(ns) = logged.rx_ring_at_most_ns {
        let time = units::time(ns);
        remarks.push(format!(
            "rx_ring at most {time}: the device does not say when a frame arrived"
        ));
    }
    if let Some(again) = logged
        .tcp
        .map(|tcp| tcp.retransmissions)
        .filter(|&again| again > 0)
    {
        remarks.push(format!(
            "{} sent again",
            units::counted(again.into(), "segment")
        ));
    }
    if logged.coarse {
        remarks.push(
            "coarse: stamps of neighbouring bytes were merged, so times are right to within that"
                .into(),
        );
    }
    remarks
}

fn ending(logged: &Logged) -> String {
    let mut text = format!("ended {}", logged.outcome.name());
    if let Some(last) = logged.spine.last() {
        text.push_str(&format!(" in {}", last.station));
    }
    if let Some(reason) = &logged.reason {
        text.push_str(&format!(" ({})", plain::one_line(reason, 100)));
    }
    if logged.bytes_out > 0 {
        let acked = units::grouped(logged.acked);
        let bytes = units::counted(logged.bytes_out, "byte");
        text.push_str(&format!(", {acked} of {bytes} acknowledged"));
    }
    text
}
