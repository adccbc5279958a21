//! An interface of the stack's own.

use super::taken::refuse_taken;
use crate::failure::{Failure, Kind};
use crate::options::Nic;
use crate::plan::{Interface, Plan};
use periplus_net::ring::Device;
use periplus_net::{Recorder, ShardHandle, ShardOptions};
use periplus_nic::{OpenError, OpenErrorKind, PacketDevice, PacketOptions, TapDevice, TapOptions};
use periplus_wire::ethernet::EthernetAddress;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

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
        refuse_taken(nic, network)?;
        let refused = |error| failure(nic, error);
        let (device, name, ethernet): (Box<dyn Device>, _, _) = match nic {
            Nic::Tap { name } => {
                let options = TapOptions {
                    name: name.clone(),
                    host_address: Some((network.other_side(), network.prefix)),
                    ..TapOptions::default()
                };
                let tap = TapDevice::open(&options).map_err(refused)?;
                let name = tap.interface().to_string();
                (Box::new(tap), name, made_up(network.address))
            }
            Nic::Packet { interface } => {
                let options = PacketOptions::new(interface);
                let packet = PacketDevice::open(&options).map_err(refused)?;
                let ethernet = packet.ethernet();
                (Box::new(packet), interface.clone(), ethernet)
            }
        };
        Ok(Self {
            device,
            name,
            options: ShardOptions {
                ethernet,
                address: network.address,
                prefix: network.prefix,
                gateway: gateway.map(IpAddr::V4),
                ..ShardOptions::default()
            },
        })
    }

    /// What the host calls it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Makes a stack on it.
    pub(super) fn join(self, plan: &Plan, recorder: Option<Recorder>) -> io::Result<ShardHandle> {
        let options = ShardOptions {
            tcp: plan.tcp,
            max_connections: plan.limits.connections,
            max_half_open: plan.limits.half_open,
            sources: plan.limits.sources,
            resets_per_network: plan.limits.resets_per_network,
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

fn failure(nic: &Nic, error: OpenError) -> Failure {
    let kind = match (error.kind(), nic) {
        (OpenErrorKind::NoDevice, Nic::Packet { .. }) => Kind::Usage,
        (OpenErrorKind::NoDevice | OpenErrorKind::NotPermitted, _) => Kind::Refused,
        _ => Kind::Running,
    };
    Failure::of(kind, &error)
}
