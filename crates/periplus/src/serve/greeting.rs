//! What is said when everything is ready.

use crate::config::{Config, Protocol};
use crate::options::ServeOptions;
use crate::talk;
use std::net::SocketAddr;

/// Says where what is served, and what the record does not hold.
pub(super) fn greet(options: &ServeOptions, config: &Config, listeners: &[(Protocol, SocketAddr)]) {
    let folder = options.folder.display();
    for (protocol, address) in listeners {
        match protocol {
            Protocol::Http => talk::say(&format!("Serving {folder} on http://{address}/")),
            Protocol::Kv => talk::say(&format!("Keeping keys and values on {address}")),
        }
    }
    if options.quiet {
        return;
    }
    if let Some(name) = &config.name {
        talk::say(&format!("As {name} says"));
    }
    talk::say("What this host's kernel does before the gateway is outside the record");
}
