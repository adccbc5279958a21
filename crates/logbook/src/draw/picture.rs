//! Which pictures of a journey there are.

use super::{accept_queue, journey_map, swim_lanes, syn_queue};
use crate::Logged;
use std::fmt;

/// A way to draw a journey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Picture {
    /// Swim-lanes: a lane a station over a time axis.
    #[default]
    Lanes,
    /// The way from the NIC's ring to the backend and back, with the time spent in each station.
    Journey,
    /// The SYN put into the SYN queue, and what the queue held.
    SynQueue,
    /// The connection moved to the accept queue, and what the queue held.
    AcceptQueue,
}

impl Picture {
    /// Every picture.
    pub const ALL: [Picture; 4] = [
        Picture::Lanes,
        Picture::Journey,
        Picture::SynQueue,
        Picture::AcceptQueue,
    ];

    /// The picture's name, as a command line gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Picture::Lanes => "lanes",
            Picture::Journey => "journey",
            Picture::SynQueue => "syn-queue",
            Picture::AcceptQueue => "accept-queue",
        }
    }

    /// Whether this picture of that journey shows anything.
    pub fn shows(self, logged: &Logged) -> bool {
        match self {
            Picture::Lanes | Picture::Journey => swim_lanes::took_time(logged),
            Picture::SynQueue => logged.queues.syn_queue.is_some(),
            Picture::AcceptQueue => logged.queues.accept_queue.is_some(),
        }
    }
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingToDraw(String);

impl fmt::Display for NothingToDraw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NothingToDraw {}

/// One journey as an SVG document that needs nothing but itself.
pub fn svg(logged: &Logged, picture: Picture) -> Result<String, NothingToDraw> {
    if !picture.shows(logged) {
        return Err(nothing(logged, picture));
    }
    Ok(match picture {
        Picture::Lanes => swim_lanes::svg(logged),
        Picture::Journey => journey_map::svg(logged),
        Picture::SynQueue => syn_queue::svg(logged),
        Picture::AcceptQueue => accept_queue::svg(logged),
    })
}

fn nothing(logged: &Logged, picture: Picture) -> NothingToDraw {
    let reason = logged
        .reason
        .as_deref()
        .map(|reason| format!(", {reason}"))
        .unwrap_or_default();
    let (kind, id, outcome) = (logged.kind.name(), logged.id, logged.outcome.name());
    let what = match picture {
        Picture::Lanes | Picture::Journey => {
            "ended the moment it began, so there is no time to draw"
        }
        Picture::SynQueue => {
            "never came to a SYN queue: only the first journey of a connection did, and none whose SYN was answered \
             by a cookie"
        }
        Picture::AcceptQueue => {
            "never came to an accept queue: only the first journey of a connection whose handshake was completed did"
        }
    };
    NothingToDraw(format!("journey {id} ({kind}, {outcome}{reason}) {what}"))
}
