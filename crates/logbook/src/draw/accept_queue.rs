//! A connection moved to the accept queue: what the queue held, how long the connection stood in it, and whether the
//! request was there before `accept()`.

use super::document;
use super::glyphs::{self, Queue};
use super::sequence::{self, BACKEND, ROW, STACK, row, time};
use super::sheet::Sheet;
use super::syn_queue::spent;
use crate::{Logged, LoggedQueue, plain, units};
use periplus_journey::{Handshake, Kind, Station};

const QUEUE: f64 = 478.0;
const QUEUE_RIGHT: f64 = 806.0;
const QUEUE_HEIGHT: f64 = 30.0;

/// The moments that are drawn, in nanoseconds from the journey's beginning.
struct Moments {
    established: u64,
    /// None where the connection ended before.
    accepted: Option<u64>,
    /// The request's first byte.
    arrived: Option<u64>,
    /// What it waited before `accept()`, if it was there by then.
    before_accept: Option<u64>,
}

/// The picture of a journey that came to an accept queue.
pub(super) fn svg(logged: &Logged) -> String {
    let Some(met) = &logged.queues.accept_queue else {
        return String::new();
    };
    let turned_away = logged.kind == Kind::Arrival;
    let moments = moments(logged);
    let rows = match (turned_away, moments.before_accept) {
        (true, _) => 2,
        (false, Some(_)) => 3,
        (false, None) => 4,
    };
    let remarks = remarks(logged, met, &moments);
    let bottom = row(rows - 1) + ROW / 2.0;
    let height = bottom + 44.0 + 20.0 * remarks.len() as f64;
    let title = if turned_away {
        "A SYN turned away because the accept queue is full"
    } else {
        "A connection moved to the accept queue"
    };
    let queue = Queue {
        at: (QUEUE, row(0) - QUEUE_HEIGHT / 2.0),
        width: QUEUE_RIGHT - QUEUE,
        height: QUEUE_HEIGHT,
        met,
        places: met.limit.saturating_add(1),
        entered: !turned_away,
    };
    let description = format!(
        "{title}. It held {}. {}",
        queue.in_words(),
        remarks.join(" ")
    );
    let mut sheet = sequence::begin(logged, title, &description, (bottom, height));
    sequence::legend(&mut sheet, false);
    sequence::life_line(&mut sheet, BACKEND, "backend", "calls accept()", bottom);
    queue.draw(&mut sheet);
    let caption = format!("accept queue: {}", queue.in_words());
    sheet.words(
        (QUEUE, row(0) - QUEUE_HEIGHT / 2.0 - 9.0),
        "start",
        "",
        &caption,
    );
    if turned_away {
        turn_away(&mut sheet, logged);
    } else {
        draw(&mut sheet, logged, &moments);
    }
    document::remarks(&mut sheet, bottom + 24.0, &remarks);
    sheet.finish()
}

fn turn_away(sheet: &mut Sheet, logged: &Logged) {
    let y = row(0);
    time(sheet, y, 0);
    sequence::to_stack(sheet, y, "SYN");
    glyphs::cross(sheet, (STACK, y));
    let reason = logged.reason.as_deref().unwrap_or(logged.outcome.name());
    let what = format!("dropped: {}", plain::one_line(reason, 40));
    sheet.words((STACK + 18.0, row(1) + 4.5), "start", "heading", &what);
}

fn draw(sheet: &mut Sheet, logged: &Logged, moments: &Moments) {
    let ack = row(0);
    time(sheet, ack, moments.established);
    sequence::to_stack(sheet, ack, "ACK");
    glyphs::arrow(sheet, "way", &[(STACK + 8.0, ack), (QUEUE - 4.0, ack)]);
    let has_early_request = moments.before_accept.is_some();
    let (request, accept) = if has_early_request {
        (row(1), row(2))
    } else {
        (row(3), row(2))
    };
    let stood = units::time(spent(logged, Station::AcceptQueue));
    sequence::stay(sheet, "waiting", STACK, ack, accept);
    sheet.words(
        (
            STACK + 18.0,
            row(1) + 4.5 + if has_early_request { 20.0 } else { 0.0 },
        ),
        "start",
        "heading",
        &format!("{stood} in the accept queue"),
    );
    match moments.accepted {
        Some(accepted) => {
            time(sheet, accept, accepted);
            let way = [
                (QUEUE_RIGHT + 4.0, ack),
                (QUEUE_RIGHT + 26.0, ack),
                (QUEUE_RIGHT + 26.0, accept),
                (BACKEND - 4.0, accept),
            ];
            glyphs::arrow(sheet, "way", &way);
            let what = "accept() returns it";
            sheet.words((QUEUE_RIGHT + 18.0, accept + 4.5), "end", "", what);
        }
        None => {
            glyphs::cross(sheet, (STACK, accept));
            let reason = logged.reason.as_deref().unwrap_or("");
            let what = format!(
                "{} before accept() {}",
                logged.outcome.name(),
                plain::one_line(reason, 40)
            );
            sheet.words((STACK + 18.0, accept + 4.5), "start", "", what.trim_end());
        }
    }
    if let Some(arrived) = moments.arrived {
        time(sheet, request, arrived);
        sequence::to_stack(sheet, request, "the request's first byte");
        let what = match moments.before_accept {
            Some(wait) => format!(
                "it waits in the receive queue, {} until accept()",
                units::time(wait)
            ),
            None => {
                let idle = spent(logged, Station::Idle) + spent(logged, Station::TlsHandshake);
                format!(
                    "into the receive queue, {} after accept()",
                    units::time(idle)
                )
            }
        };
        sheet.words((STACK + 18.0, request + 4.5), "start", "", &what);
    }
}

fn moments(logged: &Logged) -> Moments {
    let established = spent(logged, Station::SynRetry) + spent(logged, Station::SynQueue);
    let past = |station| {
        logged
            .spine
            .iter()
            .any(|interval| interval.station > station)
    };
    let accepted =
        past(Station::AcceptQueue).then(|| established + spent(logged, Station::AcceptQueue));
    let mut moments = Moments {
        established,
        accepted,
        arrived: None,
        before_accept: None,
    };
    let (Some(accepted), Kind::Request) = (accepted, logged.kind) else {
        return moments;
    };
    // Bytes that came before `accept()` have their whole wait beside the spine.
    let early = logged
        .overlay
        .iter()
        .filter(|overlay| matches!(overlay.station, Station::RxRing | Station::ReceiveQueue))
        .map(|overlay| overlay.start_ns)
        .filter(|&start| start < accepted)
        .min();
    match early {
        Some(arrived) => {
            moments.arrived = Some(arrived);
            moments.before_accept = Some(accepted - arrived);
        }
        None => {
            let asked = spent(logged, Station::Idle) + spent(logged, Station::TlsHandshake);
            moments.arrived = Some(accepted + asked);
        }
    }
    moments
}

fn remarks(logged: &Logged, met: &LoggedQueue, moments: &Moments) -> Vec<String> {
    let limit = units::grouped(met.limit.into());
    let mut remarks = Vec::new();
    if logged.kind == Kind::Arrival {
        remarks.push(
            "The backend does not call accept() as fast as connections come. No SYN is taken while its queue is full; the \
             client sends it again after about a second."
                .to_owned(),
        );
    } else {
        remarks.push(
            "The handshake is complete: the record became a connection with a receive queue and a send queue. The backend does \
             not know of it yet."
                .to_owned(),
        );
        if moments.before_accept.is_some() {
            remarks.push(
                "A request may come before accept(): its bytes are acknowledged and wait."
                    .to_owned(),
            );
        }
    }
    remarks.push(format!(
        "The queue holds the backlog, {limit}, and one more, as Linux's does."
    ));
    remarks.push(
        "Beyond that the ACK is dropped (ListenOverflows), or answered by a RST with tcp_abort_on_overflow."
            .to_owned(),
    );
    if logged.handshake == Some(Handshake::Cookie) {
        remarks.push(
            "The handshake was kept in a cookie: there was no record in the SYN queue.".to_owned(),
        );
    }
    remarks.push(
        "Time goes downwards, not to scale; it counts from the journey's beginning.".to_owned(),
    );
    remarks
}

#[cfg(test)]
mod tests;
