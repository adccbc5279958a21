//! `periplus serve --nic`, and what the host knows of its interfaces.

use super::{Server, periplus};
use periplus_nic::netlink::Netlink;
use std::path::Path;
use std::process::Command;

/// The command that serves `folder` on an interface.
pub(crate) fn serve_on(nic: &str, folder: &Path) -> Command {
    let mut command = periplus();
    command.arg("serve").arg(folder).args(["--nic", nic]);
    command
}

impl Server {
    /// Serves `folder` on an interface, and waits until the address is printed.
    pub(crate) fn start_on(nic: &str, folder: &Path, options: &[&str]) -> Server {
        let mut command = serve_on(nic, folder);
        command.args(options);
        Server::spawn(command)
    }
}

/// The names of this namespace's interfaces.
pub(crate) fn interfaces() -> Vec<String> {
    let mut netlink = Netlink::open().expect("a netlink socket needs no privilege");
    let links = netlink.links().expect("they can be listed");
    links.into_iter().map(|link| link.name).collect()
}
