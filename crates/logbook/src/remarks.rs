//! What a reader of a journey's numbers has to know, and only where there is something to know.

use crate::{Logged, plain, units};
use periplus_journey::{Outcome, Station};

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
    if let Some(station) = ended_in(logged) {
        text.push_str(&format!(" in {station}"));
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

/// Where it came to its end. A request that was refused ended while it was read, however far the error answer then went.
fn ended_in(logged: &Logged) -> Option<Station> {
    let answered = logged.bytes_out > 0 && logged.acked == logged.bytes_out;
    let refused = match logged.outcome {
        Outcome::Rejected => true,
        // Its rest did not come. A connection that times out has something unacknowledged.
        Outcome::Timeout => answered,
        _ => false,
    };
    let was_read = |station: Station| logged.spine.iter().any(|at| at.station == station);
    if refused && was_read(Station::Parse) {
        return Some(Station::Parse);
    }
    logged.spine.last().map(|last| last.station)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logged::tests::first_request;

    #[test]
    fn a_request_that_was_refused_did_not_end_where_its_error_answer_did() {
        for outcome in [Outcome::Rejected, Outcome::Timeout] {
            let logged = Logged {
                outcome,
                acked: first_request().bytes_out,
                ..first_request()
            };
            let said = remarks(&logged).remove(0);
            let expected = format!("ended {} in parse,", outcome.name());
            assert!(said.starts_with(&expected), "{said}");
        }
    }

    #[test]
    fn a_connection_that_timed_out_ended_where_it_waited() {
        let logged = Logged {
            outcome: Outcome::Timeout,
            acked: 0,
            ..first_request()
        };
        let said = remarks(&logged).remove(0);
        assert!(
            said.starts_with("ended timeout in retransmit_queue,"),
            "{said}"
        );
    }
}
