//! An interface of the stack's own.

use crate::failure::{Failure, Kind};
use crate::options::{Network, Nic};
use crate::plan::Interface;
use periplus_net::ring::Device;
use periplus_net::{Recorder, ShardHandle, ShardOptions};
use periplus_nic::netlink::Route;
use periplus_nic::{OpenError, OpenErrorKind, TapDevice, TapOptions, range_is_routed};
use periplus_wire::ethernet::EthernetAddress;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::thread;
use std::time::{Duration, Instant};

/// How long a route by an interface that was one of ours is waited out: its process may be ending.
const ENDING: Duration = Duration::from_secs(2);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// What the kernel's choices of a name for our interfaces begin with.
const OURS: &str = "periplus";

/// An interface that is open, and how the stack is to be on it.
pub(super) struct OpenInterface {
    device: Box<dyn Device>,
    name: String,
    options: ShardOptions,
}

impl OpenInterface {
    /// Opens it. What it changes on the host is put back when it is dropped, or the process ends in whatever way.
    pub(super) fn open(interface: &Interface) -> Result<Self, Failure> {
        let Interface {
            nic,
            network,
            gateway,
        } = interface;
        refuse_routed(nic, network)?;
        let (device, name): (Box<dyn Device>, _) = match nic {
            Nic::Tap { name } => {
                let options = TapOptions {
                    name: name.clone(),
                    host_address: Some((network.other_side(), network.prefix)),
                    ..TapOptions::default()
                };
                let tap = TapDevice::open(&options).map_err(failure)?;
                let name = tap.interface().to_string();
                (Box::new(tap), name)
            }
        };
        Ok(Self {
            device,
            name,
            options: ShardOptions {
                ethernet: made_up(network.address),
                address: network.address,
                prefix: network.prefix,
                gateway: Some(IpAddr::V4(*gateway)),
                ..ShardOptions::default()
            },
        })
    }

    /// What the host calls it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Makes a stack on it.
    pub(super) fn join(self, recorder: Option<Recorder>) -> io::Result<ShardHandle> {
        let options = ShardOptions {
            recording: recorder.is_some(),
            ..self.options
        };
        ShardHandle::spawn(options, self.device, recorder)
    }
}

/// A link address for the stack's end: locally administered (IEEE 802c), and the same in every run, so that neighbours who
/// remember the last one are right.
fn made_up(address: Ipv4Addr) -> EthernetAddress {
    let [a, b, c, d] = address.octets();
    EthernetAddress([0x02, b'p', a, b, c, d])
}

/// Refuses a network to which this host has a route: its own packets would go astray.
fn refuse_routed(nic: &Nic, network: &Network) -> Result<(), Failure> {
    let latest = Instant::now() + ENDING;
    let route = loop {
        let Some(route) = routed(nic, network)? else {
            return Ok(());
        };
        let ours = route
            .interface
            .as_deref()
            .is_some_and(|name| name.starts_with(OURS));
        if !ours || Instant::now() >= latest {
            break route;
        }
        thread::sleep(LOOK);
    };
    let what = format!("cannot be {network} on an interface: this host has a route to {route}");
    let failure = Failure::new(Kind::Running, what);
    Err(match free(nic, network)? {
        Some(free) => failure.fix(format!(
            "Choose a network that is free, as `--address {free}`."
        )),
        None => failure.fix("Choose a network that is free with `--address ADDRESS/PREFIX`."),
    })
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

/// The host's route to a network, by another interface than this.
fn routed(nic: &Nic, network: &Network) -> Result<Option<Route>, Failure> {
    range_is_routed(network.address, network.prefix, nic.name())
        .map_err(|error| Failure::cannot("read this host's routes", &error))
}

fn failure(error: OpenError) -> Failure {
    let kind = match error.kind() {
        OpenErrorKind::NoDevice | OpenErrorKind::NotPermitted => Kind::Refused,
        _ => Kind::Running,
    };
    Failure::of(kind, &error)
}
