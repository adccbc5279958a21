//! The interface of a run, and the stack's addresses there.

use super::usage;
use crate::failure::Failure;
use crate::options::{Network, Nic, ServeOptions, Way};
use std::net::Ipv4Addr;

/// The interface by which clients come in.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub(crate) nic: Nic,
    /// The stack's address.
    pub(crate) network: Network,
    /// Who takes the stack's packets for other networks.
    pub(crate) gateway: Option<Ipv4Addr>,
}

impl Interface {
    /// Of the flags; none without `--nic`, or where that is the host.
    pub(super) fn of(options: &ServeOptions) -> Result<Option<Self>, Failure> {
        let Some(Way::Interface(nic)) = &options.nic else {
            refuse_without_nic(options)?;
            return Ok(None);
        };
        if let Some(listen) = options.listen {
            return Err(usage(
                format!(
                    "`--listen` opens a socket of this host, and with `--nic {nic}` clients come by that interface"
                ),
                format!(
                    "Leave `--listen` out; `--address {} --port {}` says where the stack is reached.",
                    Network::USUAL,
                    listen.port()
                ),
            ));
        }
        let network = options.address.unwrap_or(Network::USUAL);
        if let Some(gateway) = options.gateway
            && (!network.contains(gateway) || gateway == network.address)
        {
            return Err(usage(
                format!("the gateway {gateway} is no neighbour of the stack, which is {network}"),
                format!(
                    "Name another host of that network, as in `--gateway {}`.",
                    network.other_side()
                ),
            ));
        }
        let gateway = options.gateway.or(match nic {
            Nic::Tap { .. } => Some(network.other_side()),
            Nic::Packet { .. } => None,
        });
        Ok(Some(Self {
            nic: nic.clone(),
            network,
            gateway,
        }))
    }
}

/// Refuses what only an interface can have.
fn refuse_without_nic(options: &ServeOptions) -> Result<(), Failure> {
    if let Some(port) = options.port {
        return Err(usage(
            "`--port` is the stack's own on an interface, and this run has none",
            format!(
                "`--listen 127.0.0.1:{port}` opens a socket of this host; `--nic tap --port {port}` makes an interface."
            ),
        ));
    }
    let (flag, value) = match (options.address, options.gateway) {
        (Some(network), _) => ("--address", network.to_string()),
        (_, Some(gateway)) => ("--gateway", gateway.to_string()),
        (None, None) => return Ok(()),
    };
    Err(usage(
        format!("`{flag}` is the stack's own on an interface, and this run has none"),
        format!("Leave it out, or make an interface with `--nic tap {flag} {value}`."),
    ))
}
