//! The host's side of a TAP: an interface like any other.

use super::TapOptions;
use crate::netlink::{Address, Link, Netlink, add_address, set_mtu, set_queue_length, set_up};
use crate::{OpenError, OpenErrorKind, grant};
use std::cell::{Cell, RefCell};
use std::fs;
use std::io;

/// The interface `name`, set up by `options`. What is as it should be is left alone, so that a user without rights can be given
/// an interface that somebody has made ready (`ip tuntap add`).
#[derive(Debug)]
pub(super) struct HostSide {
    pub(super) link: Link,
    netlink: RefCell<Netlink>,
    /// Frames that the kernel's queue has had no room for, since the device was opened.
    dropped: Cell<u64>,
}

impl HostSide {
    pub(super) fn set_up(name: &str, options: &TapOptions) -> Result<Self, OpenError> {
        let refused = |what: String| {
            move |error: io::Error| {
                let refused = OpenError::refused(what, &error);
                match refused.kind() {
                    OpenErrorKind::NotPermitted => refused.fix(grant::advice(&grant::TAP)),
                    _ => refused,
                }
            }
        };
        let not_found = || refused(format!("find interface {name}"));
        let mut netlink = Netlink::open().map_err(not_found())?;
        let mut link = netlink.link(name).map_err(not_found())?;
        silence_ipv6(name);
        // The kernel's 1,000 are too few where as many connections ask at once. Not worth failing for.
        if link.queue_length != options.frames
            && netlink
                .execute(&set_queue_length(link.index, options.frames))
                .is_ok()
        {
            link.queue_length = options.frames;
        }
        if link.mtu != options.mtu {
            let what = format!("set the MTU of {name} to {}", options.mtu);
            netlink
                .execute(&set_mtu(link.index, options.mtu))
                .map_err(refused(what))?;
        }
        if let Some((address, prefix)) = options.host_address {
            let what = || refused(format!("give {name} the address {address}/{prefix}"));
            let wanted = Address::new(link.index, address.into(), prefix);
            let there = netlink.addresses(link.index).map_err(what())?;
            let same = |other: &Address| (other.address, other.prefix) == (address.into(), prefix);
            if !there.iter().any(same) {
                netlink.execute(&add_address(&wanted)).map_err(what())?;
            }
        }
        if !link.is_up {
            netlink
                .execute(&set_up(link.index))
                .map_err(refused(format!("bring {name} up")))?;
        }
        Ok(Self {
            link,
            netlink: RefCell::new(netlink),
            dropped: Cell::new(0),
        })
    }

    /// Frames that the kernel has dropped because its queue was full.
    pub(super) fn dropped(&self) -> u64 {
        // an interface that is gone drops no more
        if let Ok(link) = self.netlink.borrow_mut().link_at(self.link.index) {
            let before = self.link.transmit_dropped;
            self.dropped
                .set(link.transmit_dropped.saturating_sub(before));
        }
        self.dropped.get()
    }
}

/// The host looks for IPv6 routers on every interface that comes up, and tells who listens to which group. Nobody here
/// answers: that much less noise. Where it cannot be switched off (no IPv6, or `/proc/sys` not writable), the noise is dropped
/// by the stack, and counted.
fn silence_ipv6(name: &str) {
    let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6"), "1");
}
