//! A place to listen.

use super::{Interface, USUAL_SOCKET, usage};
use crate::config::{ListenerSection, Place, Protocol};
use crate::failure::Failure;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) protocol: Protocol,
    /// On a socket of this host, or on the stack's interface: there any address is the stack's own.
    pub(crate) address: SocketAddrV4,
    pub(crate) asked: Asked,
}

/// Who asked for a listener, and so what is to be changed where it cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `--listen` or `--port`, or nobody.
    Flag,
    /// A `[[listener]]`.
    File(Place),
}

impl Listener {
    /// Of the file's section.
    pub(super) fn of(
        section: &ListenerSection,
        interface: Option<&Interface>,
    ) -> Result<Self, Failure> {
        check_interface(section, interface)?;
        let address = match (&section.address, interface) {
            (None, None) => *USUAL_SOCKET.ip(),
            (None, Some(_)) => Ipv4Addr::UNSPECIFIED,
            (Some((address, place)), Some(interface))
                if !address.is_unspecified() && *address != interface.network.address =>
            {
                let network = interface.network;
                return Err(usage(
                    format!(
                        "{place}: the stack of this run is {}, not {address}",
                        network.address
                    ),
                    format!(
                        "Leave `address` out, or make it the stack's with `--address {address}/{}`.",
                        network.prefix
                    ),
                ));
            }
            (Some((address, _)), _) => *address,
        };
        Ok(Self {
            protocol: section.protocol,
            address: SocketAddrV4::new(address, section.port),
            asked: Asked::File(section.place.clone()),
        })
    }

    /// Whether the two would take the same connections.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let (one, other) = (self.address, other.address);
        let any = one.ip().is_unspecified() || other.ip().is_unspecified();
        one.port() == other.port() && one.port() != 0 && (any || one.ip() == other.ip())
    }

    /// How to ask for it at another port of a socket of this host.
    pub(crate) fn with_port(&self, port: u16) -> String {
        match &self.asked {
            Asked::Flag => format!("`--listen {}:{port}`", self.address.ip()),
            Asked::File(place) => format!("`port = {port}` in the listener of {place}"),
        }
    }
}

/// A listener that names an interface is for that one alone.
fn check_interface(
    section: &ListenerSection,
    interface: Option<&Interface>,
) -> Result<(), Failure> {
    let Some((wanted, place)) = &section.interface else {
        return Ok(());
    };
    let what = format!("{place}: this run has no interface {wanted}");
    let Some(Interface { nic, .. }) = interface else {
        return Err(usage(
            what,
            format!("Leave `interface` out, or make it with `--nic tap:{wanted}`."),
        ));
    };
    match nic.name() {
        Some(name) if name == wanted => Ok(()),
        Some(name) => Err(usage(
            what,
            format!("Leave `interface` out, or name {name}, which `--nic {nic}` gives it."),
        )),
        None => Err(usage(
            format!("{what}: the kernel chooses the name of `--nic {nic}`"),
            format!("Choose it yourself with `--nic tap:{wanted}`."),
        )),
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("`--listen`"),
            Self::File(place) => place.fmt(f),
        }
    }
}
