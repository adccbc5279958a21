//! Addresses that this host uses itself.

use crate::failure::{Failure, Kind};
use crate::options::{Network, Nic};
use periplus_nic::netlink::{Netlink, Route};
use periplus_nic::range_is_routed;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// How long a route by an interface that was one of ours is waited out: its process may be ending.
const ENDING: Duration = Duration::from_secs(2);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// What the kernel's choices of a name for our interfaces begin with.
const OURS: &str = "periplus";

/// Refuses addresses that are in use here.
///
/// On a TAP this host is the stack's neighbour: it must not have another route to the network, or its packets would go astray.
/// On an interface that was taken over the neighbours are others, and it may be this host itself by another of its
/// interfaces: so only the stack's own address must not be this host's.
pub(super) fn refuse_taken(nic: &Nic, network: &Network) -> Result<(), Failure> {
    let Some(what) = wait_for_ending(nic, network)? else {
        return Ok(());
    };
    let failure = Failure::new(
        Kind::Running,
        format!("cannot be {network} on an interface: {what}"),
    );
    Err(match free(nic, network)? {
        Some(free) => failure.fix(format!(
            "Choose a network that is free, as `--address {free}`."
        )),
        None => failure.fix("Choose a network that is free with `--address ADDRESS/PREFIX`."),
    })
}

/// Why the network cannot be had, when nobody who may be ending holds it.
fn wait_for_ending(nic: &Nic, network: &Network) -> Result<Option<String>, Failure> {
    let latest = Instant::now() + ENDING;
    loop {
        let Some(route) = taken(nic, network)? else {
            return Ok(None);
        };
        let interface = route.interface.as_deref().unwrap_or_default();
        if !interface.starts_with(OURS) || Instant::now() >= latest {
            return Ok(Some(match route.is_local() {
                true => format!("this host has the address {}", route.destination),
                false => format!("this host has a route to {route}"),
            }));
        }
        thread::sleep(LOOK);
    }
}

/// The private networks (RFC 1918) of the same size, until one is free.
fn free(nic: &Nic, network: &Network) -> Result<Option<Network>, Failure> {
    let ten = (78..=255).chain(0..78).map(|second| (10, second));
    let others = (16..=31).map(|second| (172, second)).chain([(192, 168)]);
    for (first, second) in ten.chain(others) {
        let other = network.moved(first, second);
        if other.contains(other.address) && routed(nic, &other)?.is_none() {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// The route by which this host uses the network itself, by another interface than this.
fn taken(nic: &Nic, network: &Network) -> Result<Option<Route>, Failure> {
    match nic {
        Nic::Tap { .. } => routed(nic, network),
        Nic::Packet { interface } => {
            let routes = Netlink::open().and_then(|mut netlink| netlink.routes());
            let mut routes = routes.map_err(cannot_read)?.into_iter();
            Ok(routes.find(|route| {
                route.is_local()
                    && route.destination == network.address
                    && route.interface.as_ref() != Some(interface)
            }))
        }
    }
}

fn routed(nic: &Nic, network: &Network) -> Result<Option<Route>, Failure> {
    range_is_routed(network.address, network.prefix, nic.name()).map_err(cannot_read)
}

fn cannot_read(error: io::Error) -> Failure {
    Failure::cannot("read this host's routes", &error)
}
