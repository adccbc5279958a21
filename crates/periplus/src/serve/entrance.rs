//! By which way clients reach the stack: sockets of this host, or an interface of the stack's own.

use super::interface::OpenInterface;
use crate::failure::Failure;
use crate::host;
use crate::plan::Plan;
use periplus_net::gateway::{Embedded, Gateway, embed};
use periplus_net::{Recorder, ShardHandle, ShardOptions};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// What was opened of it. The privileges for that are needed no more.
pub(super) enum Entrance {
    Sockets(Vec<TcpListener>),
    Interface(Box<OpenInterface>),
}

/// The stack, and what leads into it.
pub(super) struct Stack {
    pub(super) shard: ShardHandle,
    /// Where the plan's listeners are to listen.
    pub(super) addresses: Vec<SocketAddr>,
    /// Carries the connections of this host's sockets.
    pub(super) gateway: Option<Gateway>,
}

impl Entrance {
    /// Opens what `plan` asks for. To be called within a runtime.
    pub(super) fn open(plan: &Plan) -> Result<Self, Failure> {
        match &plan.interface {
            Some(interface) => {
                OpenInterface::open(interface).map(|open| Self::Interface(Box::new(open)))
            }
            None => {
                let sockets = plan.listeners.iter().map(host::listen);
                sockets.collect::<Result<_, _>>().map(Self::Sockets)
            }
        }
    }

    /// What the host calls the interface.
    pub(super) fn interface(&self) -> Option<&str> {
        match self {
            Self::Sockets(_) => None,
            Self::Interface(interface) => Some(interface.name()),
        }
    }

    /// Makes the stack behind it.
    pub(super) fn join(self, plan: &Plan, recorder: Option<Recorder>) -> io::Result<Stack> {
        match self {
            Self::Sockets(sockets) => behind_gateway(sockets, plan, recorder),
            Self::Interface(interface) => {
                let addresses = plan.listeners.iter();
                Ok(Stack {
                    addresses: addresses.map(|listener| listener.address.into()).collect(),
                    shard: interface.join(plan, recorder)?,
                    gateway: None,
                })
            }
        }
    }
}

/// The stack listens where the sockets do.
fn behind_gateway(
    sockets: Vec<TcpListener>,
    plan: &Plan,
    recorder: Option<Recorder>,
) -> io::Result<Stack> {
    let options = ShardOptions {
        tcp: plan.tcp,
        max_connections: plan.limits.connections,
        max_half_open: plan.limits.half_open,
        sources: plan.limits.sources,
        resets_per_network: plan.limits.resets_per_network,
        recording: recorder.is_some(),
        ..ShardOptions::default()
    };
    let addresses = sockets.iter().map(TcpListener::local_addr);
    let addresses = addresses.collect::<io::Result<_>>()?;
    let mut sockets = sockets.into_iter();
    let first = sockets.next().expect("a plan has a listener at least");
    let Embedded { shard, mut gateway } = embed(first, options, recorder)?;
    for socket in sockets {
        gateway.add(socket)?;
    }
    Ok(Stack {
        shard,
        addresses,
        gateway: Some(gateway),
    })
}

impl Stack {
    /// How many connections are open.
    pub(super) async fn connections(&self) -> io::Result<usize> {
        match &self.gateway {
            Some(gateway) => Ok(gateway.connections()),
            None => Ok(self.shard.snapshot().await?.connections),
        }
    }
}
