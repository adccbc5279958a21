//! Settings of an interface that only /proc/sys knows.

use std::fs;
use std::io;

/// A switch of an interface in /proc/sys/net, that is on.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    path: String,
    found: String,
    off: &'static str,
}

impl Setting {
    /// IPv6 on the interface `name`, if the host has IPv6 and it is on: it would answer the neighbours' questions.
    pub(super) fn ipv6(name: &str) -> io::Result<Option<Self>> {
        let path = format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6");
        Self::unless_off(path, "1")
    }

    /// Forwarding of what comes in by the interface `name`, if it is on: packets that are ours would be sent on, or answered
    /// by ICMP.
    pub(super) fn forwarding(name: &str) -> io::Result<Option<Self>> {
        let path = format!("/proc/sys/net/ipv4/conf/{name}/forwarding");
        Self::unless_off(path, "0")
    }

    fn unless_off(path: String, off: &'static str) -> io::Result<Option<Self>> {
        let found = match fs::read_to_string(&path) {
            Ok(found) => found.trim().to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok((found != off).then_some(Self { path, found, off }))
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// What it was set to.
    pub(super) fn found(&self) -> &str {
        &self.found
    }

    pub(super) fn switch_off(&self) -> io::Result<()> {
        fs::write(&self.path, self.off)
    }
}
