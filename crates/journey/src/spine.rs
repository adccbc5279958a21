//! The spine: the intervals that partition a journey, so that they always sum to its total.

use crate::{Events, Instant, Station};
use std::time::Duration;

/// The time a request spent in one station of its spine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Where the request was.
    pub station: Station,
    /// From when.
    pub start: Instant,
    /// Until when; never before `start`.
    pub end: Instant,
}

impl Interval {
    /// The interval's length.
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }
}

/// The intervals of a journey in order, each beginning where the one before it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spine {
    intervals: Vec<Interval>,
}

impl Spine {
    /// The intervals in the order of the journey.
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// From the first boundary to the last: always the sum of the intervals.
    pub fn total(&self) -> Duration {
        match (self.intervals.first(), self.intervals.last()) {
            (Some(first), Some(last)) => last.end.since(first.start),
            _ => Duration::ZERO,
        }
    }
}

/// Where the journey begins (B₀): on a connection's first request at r0 or e0 (with a SYN cookie at e1), on later ones
/// at e3. `None` if nothing was seen.
pub fn beginning(events: &Events) -> Option<Instant> {
    events
        .first_syn_dropped
        .or(events.syn_arrived)
        .or(events.established)
        .or(events.arrived)
}

/// Divides the journey by its events: Bᵢ = max(Bᵢ₋₁, eᵢ), and the station between two boundaries gets the time.
///
/// A station whose closing event came before the boundary (bytes that arrived before `accept()`, an answer written
/// before the request's end) is left out. Where the journey broke off, the station it was in ends at
/// [`Events::ended`] and later ones are absent.
pub fn spine(events: &Events) -> Spine {
    let Some(start) = beginning(events) else {
        return Spine::default();
    };
    let closing_events = [
        // e0 closes `syn_retry` only where a dropped SYN opened it; else e0 (or e1, or e3) is the beginning itself. With a SYN
        // cookie e0 is e1.
        (
            Station::SynRetry,
            events
                .first_syn_dropped
                .and(events.syn_arrived.or(events.established)),
        ),
        (
            Station::SynQueue,
            events.syn_arrived.and(events.established),
        ),
        (
            Station::AcceptQueue,
            events.established.and(events.accepted),
        ),
        (Station::Idle, events.accepted.and(events.tls_began)),
        (
            Station::TlsHandshake,
            events.tls_began.and(events.tls_ended.or(events.arrived)),
        ),
        (Station::Idle, events.accepted.and(events.arrived)),
        (Station::RxRing, events.taken),
        (Station::ReceiveQueue, events.read),
        (Station::Parse, events.parsed),
        (Station::Process, events.answered),
        (Station::SendQueue, events.transmitted),
        (Station::RetransmitQueue, events.acknowledged),
    ];
    let mut intervals = Vec::with_capacity(closing_events.len());
    let mut boundary = start;
    let mut current = 0; // the station after the last one that was closed
    for (position, (station, event)) in closing_events.into_iter().enumerate() {
        let Some(event) = event else { continue };
        if event >= boundary {
            intervals.push(Interval {
                station,
                start: boundary,
                end: event,
            });
            boundary = event;
        }
        current = position + 1;
    }
    if let (Some(ended), Some((station, _))) = (
        events.ended,
        closing_events.get(first_possible(events, current)),
    ) && events.acknowledged.is_none()
        && ended >= boundary
    {
        intervals.push(Interval {
            station: *station,
            start: boundary,
            end: ended,
        });
    }
    Spine { intervals }
}

/// The station in which a journey that closed every station before `position` is waiting. A later request of a
/// connection has no handshake, and a SYN that was accepted at once has no retry: those cannot be where it waits.
fn first_possible(events: &Events, position: usize) -> usize {
    const SYN_QUEUE: usize = 1;
    const ACCEPT_QUEUE: usize = 2;
    const RX_RING: usize = 6;
    const RECEIVE_QUEUE: usize = 7;
    if position > 0 {
        // Taken off a ring without arrival stamps: the ring is behind it.
        return if position == RX_RING && events.arrived.is_some() && events.taken.is_none() {
            RECEIVE_QUEUE
        } else {
            position
        };
    }
    if events.first_syn_dropped.is_some() {
        0
    } else if events.syn_arrived.is_some() {
        SYN_QUEUE
    } else if events.established.is_some() {
        ACCEPT_QUEUE
    } else if events.taken.is_some() {
        RX_RING
    } else {
        RECEIVE_QUEUE
    }
}

#[cfg(test)]
mod tests;
