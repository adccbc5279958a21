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

/// Whether there is an ordinary user whom root may become: not where a user namespace holds nobody but its root.
pub(crate) fn nobody_exists() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").expect("user_namespaces(7)");
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(|number| number.parse::<u64>());
        let mut next = || numbers.next().expect("three of them").expect("numbers");
        let (first, _outside, count) = (next(), next(), next());
        (first..first + count).contains(&65_534)
    })
}
