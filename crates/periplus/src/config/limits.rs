//! `[limits]`: how many there may be, and how long what one sends may be.

use super::key::{Heading, key, open};
use super::section::Section;
use super::units::{A_SIZE, size};
use periplus_net::{ShardOptions, SourceLimits};
use periplus_serve::ServeOptions;

pub(super) const HEADING: Heading = Heading {
    path: "limits",
    many: false,
    about: "How many there may be, and how long what one of them sends. A network is a /24 of IPv4 or a /48 of IPv6.",
    keys: &[
        key(
            "connections",
            "262144",
            "Connections of all listeners together.",
        ),
        key(
            "half_open",
            "262144",
            "Half-open connections of all listeners together.",
        ),
        open(
            "connections_per_network",
            "1000",
            "Connections of one network; without it, no limit.",
        ),
        open(
            "half_open_per_network",
            "1000",
            "Half-open connections of one network; without it, no limit.",
        ),
        key(
            "resets_per_network",
            "200",
            "RSTs a second to one network for its SYNs to ports where nobody listens.",
        ),
        key(
            "connections_per_listener",
            "20000",
            "Connections that a listener serves at a time; more wait in its accept queue.",
        ),
        key(
            "max_header_size",
            "\"32 KiB\"",
            "The longest header section: 431 beyond.",
        ),
        key("max_headers", "100", "The most header lines: 431 beyond."),
        key(
            "max_target_length",
            "8192",
            "The longest request target, in bytes: 414 beyond.",
        ),
        key(
            "http2_streams",
            "100",
            "Requests of one HTTP/2 connection that may be open at a time; with 0, HTTP/2 is not spoken.",
        ),
        key(
            "max_message_size",
            "\"1 MiB\"",
            "The longest WebSocket message of a client: 1009 beyond.",
        ),
    ],
};

/// Connections that a run takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Connections, half-open ones and those in TIME-WAIT apart.
    pub(crate) connections: usize,
    /// Half-open connections of all listeners together.
    pub(crate) half_open: usize,
    /// What one network of sources may hold of them.
    pub(crate) sources: SourceLimits,
    /// RSTs a second to one network of sources for its SYNs to closed ports.
    pub(crate) resets_per_network: u32,
}

impl Limits {
    /// What the section says, and where it says nothing the usual.
    pub(super) fn from_section(section: &Section<'_>) -> Self {
        let usual = Self::default();
        let count = |key, usual| number(section, key).map_or(usual, |number| number as usize);
        Self {
            connections: count("connections", usual.connections),
            half_open: count("half_open", usual.half_open),
            sources: SourceLimits {
                connections: number(section, "connections_per_network"),
                half_open: number(section, "half_open_per_network"),
            },
            resets_per_network: number(section, "resets_per_network")
                .unwrap_or(usual.resets_per_network),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let usual = ShardOptions::default();
        Self {
            connections: usual.max_connections,
            half_open: usual.max_half_open,
            sources: usual.sources,
            resets_per_network: usual.resets_per_network,
        }
    }
}

/// How many requests of an HTTP/2 connection may be open at the most: half of those that a record is kept of, so that there is
/// one of those as well that were more.
const HTTP2_STREAMS: u32 = 256;

/// What the section says of the server's own limits.
pub(super) fn of_the_server(section: &Section<'_>, serve: &mut ServeOptions) {
    let count = |key, place: &mut usize| {
        if let Some(number) = number(section, key) {
            *place = number as usize;
        }
    };
    count("connections_per_listener", &mut serve.max_connections);
    count("max_headers", &mut serve.max_headers);
    count("max_target_length", &mut serve.max_target_length);
    // hyper will not read a header section in less.
    const LEAST: usize = 8 * 1024;
    if let Some((size, _)) = section.parsed(
        "max_header_size",
        "a size of 8 KiB or more in B, KiB, MiB or GiB, as \"32 KiB\"",
        |text| size(text).filter(|&size| size >= LEAST),
    ) {
        serve.max_header_size = size;
    }
    let range = 0..=HTTP2_STREAMS;
    if let Some(streams) = section.number("http2_streams", "a number, 0 to 256", range) {
        serve.http2_streams = streams;
    }
    if let Some((size, _)) = section.parsed("max_message_size", A_SIZE, size) {
        serve.max_message_size = size;
    }
}

fn number(section: &Section<'_>, key: &str) -> Option<u32> {
    section.number(key, "a number, 1 to 4294967295", 1u32..)
}
