//! By which way clients reach the stack: sockets of this host, or an interface of the stack's own; or whose TCP it is instead.

use super::interface::OpenInterface;
use crate::failure::Failure;
use crate::host;
use crate::plan::Plan;
use periplus_journey::Counters;
use periplus_net::gateway::{Embedded, Gateway, embed};
use periplus_net::host::Host;
use periplus_net::{Recorder, ShardHandle, ShardOptions, Snapshot};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// What was opened of it. The privileges for that are needed no more.
pub(super) enum Entrance {
    Sockets(Vec<TcpListener>),
    Interface(Box<OpenInterface>),
}

/// Whose TCP it is.
pub(super) enum Stack {
    /// Ours.
    Own {
        shard: ShardHandle,
        /// Where the plan's listeners are to listen.
        addresses: Vec<SocketAddr>,
        /// Carries the connections of this host's sockets.
        gateway: Option<Gateway>,
    },
    /// The host's.
    Host {
        host: Host,
        /// Sockets that listen, one a listener of the plan, until the servers take them.
        sockets: Vec<TcpListener>,
    },
}

impl Entrance {
    /// Opens what `plan` asks for. To be called within a runtime.
    pub(super) fn open(plan: &Plan) -> Result<Self, Failure> {
        match &plan.interface {
            Some(interface) => {
                OpenInterface::open(interface).map(|open| Self::Interface(Box::new(open)))
            }
            None => host::listen(&plan.listeners).map(Self::Sockets),
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
            Self::Sockets(sockets) if plan.host => Ok(Stack::Host {
                host: Host::new(recorder),
                sockets,
            }),
            Self::Sockets(sockets) => behind_gateway(sockets, plan, recorder),
            Self::Interface(interface) => {
                let addresses = plan.listeners.iter();
                Ok(Stack::Own {
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
    Ok(Stack::Own {
        shard,
        addresses,
        gateway: Some(gateway),
    })
}

impl Stack {
    /// Our own, if it is that.
    pub(super) fn shard(&self) -> Option<&ShardHandle> {
        match self {
            Self::Own { shard, .. } => Some(shard),
            Self::Host { .. } => None,
        }
    }

    /// How many connections are open.
    pub(super) async fn connections(&self) -> io::Result<usize> {
        match self {
            Self::Own {
                gateway: Some(gateway),
                ..
            } => Ok(gateway.connections()),
            Self::Own { shard, .. } => Ok(shard.snapshot().await?.connections),
            Self::Host { host, .. } => Ok(host.connections()),
        }
    }

    /// What carries connections to it accepts no more. Where nothing does, the servers' end is what ends that.
    pub(super) async fn stop_accepting(&self) {
        if let Self::Own {
            gateway: Some(gateway),
            ..
        } = self
        {
            gateway.stop_accepting().await;
        }
    }

    /// What was counted of the journeys; `last` is what our own stack has counted.
    pub(super) fn counters(&self, last: Option<&Snapshot>) -> Counters {
        match self {
            Self::Own { .. } => last.map(|last| last.counters).unwrap_or_default(),
            Self::Host { host, .. } => host.counters(),
        }
    }

    /// Ends it. What was written may be delivered meanwhile, for `grace` at most; the host does so by itself. The last records
    /// are made here. What our own stack has counted is returned.
    pub(super) async fn shut_down(&self, grace: Duration) -> io::Result<Option<Snapshot>> {
        match self {
            Self::Own { shard, .. } => shard.shutdown(grace).await.map(Some),
            Self::Host { host, .. } => {
                host.settled().await;
                Ok(None)
            }
        }
    }
}
