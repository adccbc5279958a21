//! What is said when everything is ready.

use super::entrance::Entrance;
use crate::config::{Config, Protocol};
use crate::options::Nic;
use crate::plan::{Interface, Plan};
use crate::talk;
use std::net::SocketAddr;

/// What there is to say.
pub(super) struct Greeting<'a> {
    plan: &'a Plan,
    /// What is served, in a few words.
    sites: String,
    /// The file of configuration that was read.
    file: Option<&'a str>,
    /// The interface, and what the host calls it.
    interface: Option<(&'a Interface, String)>,
}

impl<'a> Greeting<'a> {
    pub(super) fn new(config: &'a Config, plan: &'a Plan, entrance: &Entrance) -> Self {
        let name = entrance.interface().map(str::to_string);
        Self {
            plan,
            sites: match plan.sites.as_slice() {
                [site] => site.options.root.display().to_string(),
                sites => format!("{} sites", sites.len()),
            },
            file: config.name.as_deref(),
            interface: plan.interface.as_ref().zip(name),
        }
    }

    /// Says where what is served, how one gets there, and what the record does not hold.
    pub(super) fn say(&self, listeners: &[(Protocol, SocketAddr)]) {
        for (&(protocol, address), listener) in listeners.iter().zip(&self.plan.listeners) {
            let address = self.reached_at(address);
            let secure = listener.tls.is_some();
            talk::say(&match protocol {
                Protocol::Http => format!("Serving {} on {}", self.sites, url(address, secure)),
                Protocol::Kv => format!("Keeping keys and values on {address}"),
            });
        }
        if self.plan.quiet {
            return;
        }
        if let Some(name) = self.file {
            talk::say(&format!("As {name} says"));
        }
        match &self.interface {
            None if self.plan.host => talk::say(
                "Over this host's own TCP: what its kernel does before the first byte is read, and after the last is written, is \
                 outside the record",
            ),
            None => {
                talk::say("What this host's kernel does before the gateway is outside the record")
            }
            Some((interface, name)) => talk::say(&how_to_reach(interface, name)),
        }
    }

    /// On the interface, any address is the stack's.
    fn reached_at(&self, mut address: SocketAddr) -> SocketAddr {
        if let Some((interface, _)) = &self.interface
            && address.ip().is_unspecified()
        {
            address.set_ip(interface.network.address.into());
        }
        address
    }
}

fn url(address: SocketAddr, secure: bool) -> String {
    let (scheme, usual) = if secure { ("https", 443) } else { ("http", 80) };
    if address.port() == usual {
        return format!("{scheme}://{}/", address.ip());
    }
    format!("{scheme}://{address}/")
}

fn how_to_reach(Interface { nic, network, .. }: &Interface, name: &str) -> String {
    let other_side = network.other_side();
    match nic {
        Nic::Tap { .. } => {
            format!("This host reaches it by {name}, where it is {other_side} itself")
        }
        Nic::Packet { .. } => format!(
            "{name} is the stack's until this ends. A host on its link reaches it with an address of that network, as by \
             `ip address add {other_side}/{} dev INTERFACE`",
            network.prefix
        ),
    }
}
