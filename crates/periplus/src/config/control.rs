//! `[control]`: where others ask how the server is.

use super::key::{Heading, open};
use super::section::Section;
use std::net::SocketAddr;

pub(super) const HEADING: Heading = Heading {
    path: "control",
    many: false,
    about: "Where others ask how the server is, by HTTP on a socket of this host: /healthz, /readyz, /metrics.",
    keys: &[open(
        "address",
        "\"127.0.0.1:9180\"",
        "Address and port. Nobody is asked who he is there, so let it be reached from this host or a private network only. Without it, there is none.",
    )],
};

/// The address that the section says.
pub(super) fn address(section: &Section<'_>) -> Option<SocketAddr> {
    let address = |text: &str| text.parse().ok();
    let found = section.parsed(
        "address",
        "an address and a port, as \"127.0.0.1:9180\"",
        address,
    );
    found.map(|(address, _)| address)
}
