//! `[timeouts]`: how long a client may keep the server waiting.

use super::key::{Heading, key};
use super::section::Section;
use super::units::{A_TIME, time};
use periplus_serve::ServeOptions;
use std::time::Duration;

pub(super) const HEADING: Heading = Heading {
    path: "timeouts",
    many: false,
    about: "How long a client may keep the server waiting: ms, s, min, h or d.",
    keys: &[
        key(
            "idle",
            "\"60 s\"",
            "A connection that says nothing between two requests: it is closed.",
        ),
        key(
            "header",
            "\"15 s\"",
            "A header section, from its first byte to its last: 408.",
        ),
        key(
            "stall",
            "\"30 s\"",
            "A content or an answer of which nothing moves: it is broken off.",
        ),
        key(
            "least_rate",
            "240",
            "Bytes a second that a client must take of an answer that waits for it; 0: any.",
        ),
        key(
            "handler",
            "\"30 s\"",
            "How long the beginning of an answer may take: 503.",
        ),
        key(
            "linger",
            "\"2 s\"",
            "How long after the last answer it is still listened to what a client sends.",
        ),
        key(
            "drain",
            "\"10 s\"",
            "How long what is in flight may take when the server is asked to end.",
        ),
    ],
};

/// What the section says.
pub(super) fn of_the_server(section: &Section<'_>, serve: &mut ServeOptions) {
    let set = |key, place: &mut Duration| {
        if let Some((time, _)) = section.parsed(key, A_TIME, time) {
            *place = time;
        }
    };
    set("idle", &mut serve.idle_timeout);
    set("header", &mut serve.header_timeout);
    set("stall", &mut serve.stall_timeout);
    set("handler", &mut serve.handler_timeout);
    set("linger", &mut serve.linger_timeout);
    set("drain", &mut serve.drain_timeout);
    if let Some(rate) = section.number("least_rate", "bytes a second, 0 to 4294967295", ..) {
        serve.least_rate = rate;
    }
}
