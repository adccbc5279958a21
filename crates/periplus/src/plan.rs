//! What is to be served where: the flags and the file, held against each other before anything is opened.

mod interface;
mod listener;
mod sites;

pub(crate) use interface::Interface;
pub(crate) use listener::{Asked, Listener};
pub(crate) use sites::Site;

use crate::config::{Config, Limits};
use crate::failure::{Failure, Kind};
use crate::options::{ServeOptions, Way};
use periplus_net::Sysctls;
use periplus_serve::FilesOptions;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A run of the server that can be tried.
#[derive(Clone, Debug)]
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
    /// One at least, and no two with a name in common.
    pub(crate) sites: Vec<Site>,
    /// Where the access log goes; `-` is standard output.
    pub(crate) access_log: Option<PathBuf>,
    /// Journeys are not shown on the terminal.
    pub(crate) quiet: bool,
    /// Where others ask how the server is.
    pub(crate) control: Option<SocketAddr>,
}

impl Plan {
    /// Of the flags and the file.
    pub(crate) fn of(options: &ServeOptions, config: &Config) -> Result<Self, Failure> {
        let interface = Interface::of(options)?;
        let mut listeners = listener::of(options, config, interface.as_ref())?;
        for tls in listeners
            .iter_mut()
            .filter_map(|listener| listener.tls.as_mut())
        {
            tls.http2 = config.serve.http2_streams > 0;
        }
        let access_log = options.access_log.clone();
        let access_log = access_log.or_else(|| config.log.access.clone());
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
            serve: periplus_serve::ServeOptions {
                access_log: access_log.is_some(),
                ..config.serve.clone()
            },
            host: options.nic == Some(Way::Host),
            interface,
            listeners,
            sites: sites::of(options, config)?,
            access_log,
            quiet: options.quiet || config.log.quiet,
            control: options.control.or(config.control),
        })
    }
}

/// What is wrong with a file that was read well, as far as that can be told without a run.
pub(crate) fn faults_of_file(config: &Config) -> Vec<Failure> {
    let listeners = listener::apart(&config.listeners).err();
    let mut faults: Vec<_> = listeners.into_iter().collect();
    faults.extend(listener::faults(&config.listeners));
    faults.extend(sites::faults(&config.sites));
    faults
}

fn usage(what: impl Into<String>, fix: impl Into<String>) -> Failure {
    Failure::new(Kind::Usage, what).fix(fix)
}

#[cfg(test)]
pub(crate) mod tests;
