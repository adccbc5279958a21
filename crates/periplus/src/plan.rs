//! What is to be served where: the flags and the file, held against each other before anything is opened.

mod interface;
mod listener;

pub(crate) use interface::Interface;
pub(crate) use listener::{Asked, Listener};

use crate::config::{Config, Limits, Protocol};
use crate::failure::{Failure, Kind};
use crate::options::{ServeOptions, Way};
use periplus_net::Sysctls;
use periplus_serve::FilesOptions;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Where a socket of this host listens unless it is told otherwise: where only its own programs reach it.
const USUAL_SOCKET: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080);

/// The port on an interface of the stack's own, unless it is told otherwise.
const USUAL_PORT: u16 = 80;

/// A run of the server that can be tried.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) files: FilesOptions,
    pub(crate) tcp: Sysctls,
    pub(crate) limits: Limits,
    /// The server's own bounds.
    pub(crate) serve: periplus_serve::ServeOptions,
    /// It is served over the host's own TCP.
    pub(crate) host: bool,
    /// The interface; without one, clients come in by sockets of this host.
    pub(crate) interface: Option<Interface>,
    /// One at least, and no two in each other's way.
    pub(crate) listeners: Vec<Listener>,
}

impl Plan {
    /// Of the flags and the file.
    pub(crate) fn of(options: &ServeOptions, config: &Config) -> Result<Self, Failure> {
        let interface = Interface::of(options)?;
        let mut listeners: Vec<Listener> = Vec::new();
        for section in &config.listeners {
            let listener = Listener::of(section, interface.as_ref())?;
            if let Some(other) = listeners.iter().find(|other| other.overlaps(&listener)) {
                let (at, port) = (&listener.asked, listener.address.port());
                let what = format!(
                    "{at}: port {port} is taken by the listener of {}",
                    other.asked
                );
                return Err(usage(
                    what,
                    "Give one of the two another port or another address.",
                ));
            }
            listeners.push(listener);
        }
        match listeners.first() {
            Some(first) => refuse_flag_beside_file(options, first)?,
            None => listeners.push(Listener {
                protocol: Protocol::Http,
                address: match &interface {
                    Some(_) => {
                        SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, options.port.unwrap_or(USUAL_PORT))
                    }
                    None => options.listen.unwrap_or(USUAL_SOCKET),
                },
                asked: Asked::Flag,
            }),
        }
        Ok(Self {
            files: FilesOptions {
                memory: config.memory.files,
                ..config.files.clone()
            },
            tcp: Sysctls {
                tcp_mem: config.memory.tcp_mem,
                ..config.tcp
            },
            limits: config.limits,
            serve: config.serve.clone(),
            host: options.nic == Some(Way::Host),
            interface,
            listeners,
        })
    }
}

/// The file's listeners are all there are, so no flag can add to them or change them.
fn refuse_flag_beside_file(options: &ServeOptions, first: &Listener) -> Result<(), Failure> {
    let flag = match (options.listen, options.port) {
        (Some(_), _) => "--listen",
        (_, Some(_)) => "--port",
        (None, None) => return Ok(()),
    };
    Err(usage(
        format!("`{flag}` says where to listen, and so does {}", first.asked),
        format!("Leave `{flag}` out, or take every [[listener]] out of the file."),
    ))
}

fn usage(what: impl Into<String>, fix: impl Into<String>) -> Failure {
    Failure::new(Kind::Usage, what).fix(fix)
}

#[cfg(test)]
mod tests;
