//! A SYN put into the SYN queue: what came before, what the queue held, how long the SYN's record stood in it and how it
//! left.

use super::document;
use super::glyphs::{self, Queue};
use super::panel::RIGHT;
use super::sequence::{self, ROW, STACK, row, time};
use super::sheet::Sheet;
use crate::{Logged, LoggedQueue, plain, units};
use periplus_journey::{Kind, Outcome, Station};

const QUEUE: f64 = 520.0;
const QUEUE_HEIGHT: f64 = 30.0;

/// How the SYN, or its record, left.
enum End {
    /// It was turned away at the queue.
    TurnedAway,
    /// The ACK came: on to the accept queue.
    Completed,
    /// It was given up.
    GivenUp,
}

/// The picture of a journey that came to a SYN queue.
pub(super) fn svg(logged: &Logged) -> String {
    let Some(met) = &logged.queues.syn_queue else {
        return String::new();
    };
    let end = end(logged);
    let turned_away = matches!(end, End::TurnedAway);
    let syn_row = usize::from(spent(logged, Station::SynRetry) > 0);
    let rows = syn_row + if turned_away { 2 } else { 3 };
    let remarks = remarks(logged, met, &end);
    let bottom = row(rows - 1) + ROW / 2.0;
    let height = bottom + 44.0 + 20.0 * remarks.len() as f64;

    let title = match end {
        End::TurnedAway => "A SYN turned away at the SYN queue",
        _ => "A SYN put into the SYN queue",
    };
    let queue = Queue {
        at: (QUEUE, row(syn_row) - QUEUE_HEIGHT / 2.0),
        width: RIGHT - QUEUE,
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
    sequence::legend(&mut sheet, syn_ack_sent(logged).is_some());
    draw(&mut sheet, logged, &queue, &end);
    document::remarks(&mut sheet, bottom + 24.0, &remarks);
    sheet.finish()
}

fn draw(sheet: &mut Sheet, logged: &Logged, queue: &Queue, end: &End) {
    let retry = spent(logged, Station::SynRetry);
    let mut rows = (0..).map(row);
    let mut next = || rows.next().unwrap_or_default();
    if retry > 0 {
        let y = next();
        time(sheet, y, 0);
        sequence::to_stack(sheet, y, "SYN");
        glyphs::cross(sheet, (STACK, y));
        let what = "dropped: there was no room for it, and the client tries again";
        sheet.words((STACK + 18.0, y + 4.5), "start", "small", what);
    }
    let syn = next();
    time(sheet, syn, retry);
    sequence::to_stack(sheet, syn, if retry > 0 { "SYN again" } else { "SYN" });
    queue.draw(sheet);
    let caption = format!("SYN queue: {}", queue.in_words());
    sheet.words((RIGHT, syn - QUEUE_HEIGHT / 2.0 - 9.0), "end", "", &caption);
    if let End::TurnedAway = end {
        glyphs::arrow(sheet, "way", &[(STACK + 8.0, syn), (QUEUE - 26.0, syn)]);
        glyphs::cross(sheet, (QUEUE - 16.0, syn));
        glyphs::decision(sheet, (STACK, syn));
        let y = next();
        let reason = logged.reason.as_deref().unwrap_or(logged.outcome.name());
        let what = format!("dropped: {}", plain::one_line(reason, 40));
        return sheet.words((STACK + 18.0, y + 4.5), "start", "heading", &what);
    }
    glyphs::arrow(sheet, "way", &[(STACK + 8.0, syn), (QUEUE - 4.0, syn)]);
    let syn_ack = next();
    let last = next();
    let stood = spent(logged, Station::SynQueue);
    let sent = syn_ack_sent(logged);
    match sent {
        Some(sent) => {
            sequence::stay(sheet, "waiting", STACK, syn, syn_ack);
            sequence::stay(sheet, "theirs", STACK, syn_ack, last);
            time(sheet, syn_ack, sent);
        }
        None => sequence::stay(sheet, "waiting", STACK, syn, last),
    }
    glyphs::decision(sheet, (STACK, syn));
    sequence::to_client(sheet, syn_ack, "SYN/ACK");
    let stay = format!("{} in the SYN queue", units::time(stood));
    sheet.words((STACK + 18.0, syn_ack + 4.5), "start", "heading", &stay);
    time(sheet, last, retry + stood);
    match end {
        End::Completed => {
            sequence::to_stack(sheet, last, "ACK");
            glyphs::arrow(sheet, "way", &[(STACK + 8.0, last), (QUEUE - 4.0, last)]);
            let what = "on to the accept queue, as a connection";
            sheet.words((QUEUE + 4.0, last + 4.5), "start", "", what);
        }
        _ => {
            if logged.outcome == Outcome::Reset {
                sequence::to_stack(sheet, last, "RST");
            }
            glyphs::cross(sheet, (STACK, last));
            let reason = logged.reason.as_deref().unwrap_or("");
            let what = format!(
                "given up: {} {}",
                logged.outcome.name(),
                plain::one_line(reason, 40)
            );
            sheet.words(
                (STACK + 18.0, last + 4.5),
                "start",
                "heading",
                what.trim_end(),
            );
        }
    }
}

fn end(logged: &Logged) -> End {
    let passed = |station| {
        logged
            .spine
            .iter()
            .any(|interval| interval.station > station)
    };
    if logged.kind == Kind::Arrival {
        End::TurnedAway
    } else if passed(Station::SynQueue) || logged.connect_ns.is_some() {
        End::Completed
    } else {
        End::GivenUp
    }
}

/// What the journey spent there.
pub(super) fn spent(logged: &Logged, station: Station) -> u64 {
    let at = |interval: &&crate::LoggedInterval| interval.station == station;
    logged
        .spine
        .iter()
        .filter(at)
        .map(|interval| interval.ns)
        .sum()
}

/// When the first SYN/ACK was sent: it was the client's turn from then on.
fn syn_ack_sent(logged: &Logged) -> Option<u64> {
    let connected = spent(logged, Station::SynRetry) + spent(logged, Station::SynQueue);
    let peer = logged
        .overlay
        .iter()
        .find(|overlay| overlay.station == Station::Peer)?;
    (peer.start_ns <= connected).then_some(peer.start_ns)
}

fn remarks(logged: &Logged, met: &LoggedQueue, end: &End) -> Vec<String> {
    let limit = units::grouped(met.limit.into());
    let mut remarks = vec![
        "◆ demux: a socket listens on this address and port, so the request is not refused.".to_owned(),
        "A place in this queue is a record of at most 64 bytes and no socket: nothing else is kept until the client has \
         answered."
            .to_owned(),
    ];
    remarks.push(match end {
        End::TurnedAway => {
            "The client is told nothing. It sends its SYN again after about a second, then two, then four: that is how a \
             full queue is felt."
                .to_owned()
        }
        _ => format!(
            "With more than {limit} in it the next SYN would get a cookie (TCPReqQFullDoCookies), and with a full accept queue nothing \
             (ListenOverflows)."
        ),
    });
    if let (End::Completed, Some(sent)) = (end, syn_ack_sent(logged)) {
        let stood = spent(logged, Station::SynRetry) + spent(logged, Station::SynQueue);
        remarks.push(format!(
            "The stack answered after {}; the other {} were the way to the client and back.",
            units::time(sent - spent(logged, Station::SynRetry).min(sent)),
            units::time(stood.saturating_sub(sent)),
        ));
    }
    remarks.push("Time goes downwards, not to scale; it counts from the SYN's arrival.".to_owned());
    remarks
}

#[cfg(test)]
mod tests;
