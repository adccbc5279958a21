//! What is to be served where: the flags and the file, held against each other before anything is opened.

use crate::config::{Config, ListenerSection, Place, Protocol};
use crate::failure::{Failure, Kind};
use crate::options::ServeOptions;
use periplus_serve::FilesOptions;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Where this host's own programs listen while they are tried out.
const USUAL_ADDRESS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080);

/// A run of the server that can be tried.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) files: FilesOptions,
    /// One at least, and no two in each other's way.
    pub(crate) listeners: Vec<Listener>,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) protocol: Protocol,
    pub(crate) address: SocketAddrV4,
    pub(crate) asked: Asked,
}

/// Who asked for a listener, and so what is to be changed where it cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `--listen`, or nobody.
    Flag,
    /// A `[[listener]]`.
    File(Place),
}

impl Plan {
    /// Of the flags and the file.
    pub(crate) fn of(options: &ServeOptions, config: &Config) -> Result<Self, Failure> {
        let Some(first) = config.listeners.first() else {
            let listener = Listener {
                protocol: Protocol::Http,
                address: options.listen.unwrap_or(USUAL_ADDRESS),
                asked: Asked::Flag,
            };
            return Ok(Self {
                files: config.files.clone(),
                listeners: vec![listener],
            });
        };
        if options.listen.is_some() {
            let what = format!(
                "`--listen` says where to listen, and so does {}",
                first.place
            );
            return Err(Failure::new(Kind::Usage, what)
                .fix("Leave `--listen` out, or take every [[listener]] out of the file."));
        }
        let mut listeners: Vec<Listener> = Vec::new();
        for section in &config.listeners {
            let listener = Listener::of(section)?;
            if let Some(other) = listeners.iter().find(|other| other.overlaps(&listener)) {
                let (at, port) = (&listener.asked, listener.address.port());
                let what = format!(
                    "{at}: port {port} is taken by the listener of {}",
                    other.asked
                );
                return Err(Failure::new(Kind::Usage, what)
                    .fix("Give one of the two another port or another address."));
            }
            listeners.push(listener);
        }
        Ok(Self {
            files: config.files.clone(),
            listeners,
        })
    }
}

impl Listener {
    fn of(section: &ListenerSection) -> Result<Self, Failure> {
        if let Some((interface, place)) = &section.interface {
            let what = format!("{place}: this run has no interface {interface}");
            return Err(Failure::new(Kind::Usage, what)
                .fix("Leave `interface` out: connections come in by a socket of this host."));
        }
        let address = section.address.as_ref();
        let address = address.map_or(*USUAL_ADDRESS.ip(), |(address, _)| *address);
        Ok(Self {
            protocol: section.protocol,
            address: SocketAddrV4::new(address, section.port),
            asked: Asked::File(section.place.clone()),
        })
    }

    /// Whether the two would take the same connections.
    fn overlaps(&self, other: &Self) -> bool {
        let (one, other) = (self.address, other.address);
        let any = one.ip().is_unspecified() || other.ip().is_unspecified();
        one.port() == other.port() && one.port() != 0 && (any || one.ip() == other.ip())
    }

    /// How to ask for it at another port.
    pub(crate) fn with_port(&self, port: u16) -> String {
        match &self.asked {
            Asked::Flag => format!("`--listen {}:{port}`", self.address.ip()),
            Asked::File(place) => format!("`port = {port}` in the listener of {place}"),
        }
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
