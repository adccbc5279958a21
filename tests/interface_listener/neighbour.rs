//! Network namespaces beside the test's own.

use periplus_nic::netlink::{
    Address, Netlink, add_address, create_veth, delete_link, move_link, set_up,
};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::{self, File};
use std::io::Read;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};

/// A network namespace, kept by a process that does nothing else and ends with us.
pub(super) struct Neighbour {
    keeper: Child,
    namespace: File,
}

impl Neighbour {
    /// A new one, with nothing in it.
    pub(super) fn new() -> Self {
        // A table of connections of its own, small enough to be read through often. Kernels before 6.1 have one for all.
        let _ = fs::write("/proc/sys/net/ipv4/tcp_child_ehash_entries", "1024");
        let mut keeper = Command::new("unshare")
            .args(["--net", "--", "sh", "-c", "echo; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut newline = [0];
        let mut said = keeper.stdout.take().unwrap();
        said.read_exact(&mut newline).unwrap();
        let namespace = File::open(format!("/proc/{}/ns/net", keeper.id())).unwrap();
        Self { keeper, namespace }
    }

    /// A wire from `near`, here, to `far`, there. Both ends are up. One that was there before goes.
    pub(super) fn lay_wire(&self, near: &str, far: &str) {
        let mut netlink = Netlink::open().unwrap();
        if let Ok(index) = netlink.index(near) {
            netlink.execute(&delete_link(index)).unwrap();
        }
        netlink.execute(&create_veth(near, far)).unwrap();
        let index = netlink.index(far).unwrap();
        let there = self.namespace.as_fd();
        netlink.execute(&move_link(index, there)).unwrap();
        let index = netlink.index(near).unwrap();
        netlink.execute(&set_up(index)).unwrap();
        self.enter(|| {
            let mut netlink = Netlink::open().unwrap();
            let index = netlink.index(far).unwrap();
            netlink.execute(&set_up(index)).unwrap();
        });
    }

    /// The address of a link there, of a network of 256.
    pub(super) fn give_address(&self, link: &str, address: Ipv4Addr) {
        self.enter(|| {
            let mut netlink = Netlink::open().unwrap();
            let index = netlink.index(link).unwrap();
            let address = Address::new(index, address.into(), 24);
            netlink.execute(&add_address(&address)).unwrap();
        });
    }

    /// What this thread does there: sockets that it makes stay there.
    pub(super) fn enter<T>(&self, visit: impl FnOnce() -> T) -> T {
        let home = File::open("/proc/thread-self/ns/net").unwrap();
        enter(&self.namespace);
        let result = visit();
        enter(&home);
        result
    }

    /// A file of `/proc/net`, as it is there.
    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/net/{name}", self.keeper.id())).unwrap()
    }

    /// Sets a knob of `net.ipv4` there.
    pub(super) fn set(&self, knob: &str, value: &str) {
        self.enter(|| fs::write(format!("/proc/sys/net/ipv4/{knob}"), value).unwrap());
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait(); // it ends with its input
    }
}

fn enter(namespace: &File) {
    let network = Some(LinkNameSpaceType::Network);
    move_into_link_name_space(namespace.as_fd(), network).unwrap();
}
