//! An interface of the host, taken over: what the host has there is taken away and, whatever becomes of this process, put back.
//!
//! ```text
//!   lock ─▶ read what is there ─▶ prepare what puts it back ─▶ fork the guardian ─▶ take it away
//!                                                                    │
//!             this process ends, in whatever way ──── EOF on a pipe ─┴─▶ put it back ─▶ unlock
//! ```

mod guardian;
mod lock;
mod restoration;
mod setting;
mod step;

use crate::netlink::{Link, Netlink, change_nothing, delete_address, delete_route, set_up};
use crate::{OpenError, OpenErrorKind, grant};
use guardian::Guardian;
use lock::Lock;
use restoration::Found;
use std::io;

/// An interface that the host leaves to us.
#[derive(Debug)]
pub(crate) struct Takeover {
    link: Link,
    /// Nobody, if there is nothing to put back.
    _guardian: Option<Guardian>,
    /// Behind the guardian: it is held until everything is put back.
    _lock: Lock,
}

impl Takeover {
    /// Takes the interface `name` from the host: its IPv4 addresses and its routes are removed, IPv6 and forwarding are
    /// switched off, and it is brought up.
    pub(crate) fn begin(name: &str) -> Result<Self, OpenError> {
        let mut netlink = Netlink::open()
            .map_err(|error| OpenError::refused("ask for the interfaces", &error))?;
        suitable(&mut netlink, name)?;
        let lock = Lock::acquire(name)?;
        // who held it until now may have changed it
        let link = suitable(&mut netlink, name)?;
        let found = Found::read(&mut netlink, &link)
            .map_err(|error| OpenError::refused(format!("read the settings of {name}"), &error))?;
        let guardian = Guardian::post(name, found.restoration(), &lock)
            .map_err(|error| OpenError::refused(format!("have {name} put back later"), &error))?;
        // from here on an error puts it back
        if guardian.is_some() {
            may_change(&mut netlink, &link)
                .and_then(|()| take_away(&mut netlink, &found))
                .map_err(|error| not_taken(name, &error))?;
        }
        Ok(Self {
            link,
            _guardian: guardian,
            _lock: lock,
        })
    }

    /// The interface, as it was found.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }
}

/// The link `name`, if it is one that can be taken over.
fn suitable(netlink: &mut Netlink, name: &str) -> Result<Link, OpenError> {
    let link = netlink.link(name).map_err(|error| {
        match OpenErrorKind::of(&error) {
            OpenErrorKind::NoDevice => OpenError::new(
                OpenErrorKind::NoDevice,
                format!("there is no interface {name}"),
            ),
            _ => OpenError::refused(format!("find the interface {name}"), &error),
        }
        .fix("`ip link` lists them.")
    })?;
    let unsuitable = |why: String, fix: &str| {
        let what = format!("cannot take {name} over: {why}");
        Err(OpenError::new(OpenErrorKind::Other, what).fix(fix))
    };
    if link.is_loopback() {
        let fix = "Name an interface that leads to others.";
        return unsuitable("it is the loopback interface".into(), fix);
    }
    if !link.is_ethernet() {
        return unsuitable(
            "it does not carry Ethernet frames".into(),
            "Name one that does.",
        );
    }
    if let Some(master) = link.master {
        let master = netlink.link_at(master);
        let master = master.map_or_else(|_| "another".to_owned(), |master| master.name);
        let fix = format!("`sudo ip link set {name} nomaster` takes it out.");
        return unsuitable(format!("it is a part of {master}"), &fix);
    }
    Ok(link)
}

/// Root without `CAP_NET_ADMIN` may write the settings, by which IPv6's addresses go, and could not put those back.
fn may_change(netlink: &mut Netlink, link: &Link) -> Result<(), (String, io::Error)> {
    netlink
        .execute(&change_nothing(link.index))
        .map_err(|error| ("change its settings".to_owned(), error))
}

fn take_away(netlink: &mut Netlink, found: &Found) -> Result<(), (String, io::Error)> {
    for setting in found.settings() {
        let switched_off = setting.switch_off();
        switched_off.map_err(|error| (format!("write {}", setting.path()), error))?;
    }
    for address in found.ipv4_addresses() {
        let deleted = netlink.execute(&delete_address(address));
        // with the first of a network's addresses the others go by themselves
        unless(deleted, libc::EADDRNOTAVAIL)
            .map_err(|error| (format!("remove the address {address}"), error))?;
    }
    for route in found.ipv4_routes() {
        let deleted = netlink.execute(&delete_route(route));
        // those by which its own network is reached go with the address
        unless(deleted, libc::ESRCH)
            .map_err(|error| (format!("remove the route {route}"), error))?;
    }
    if !found.link().is_up {
        netlink
            .execute(&set_up(found.link().index))
            .map_err(|error| ("bring it up".to_owned(), error))?;
    }
    Ok(())
}

/// The result, unless it is an error that says that there was nothing to do.
fn unless(result: io::Result<()>, nothing_to_do: i32) -> io::Result<()> {
    match result {
        Err(error) if error.raw_os_error() == Some(nothing_to_do) => Ok(()),
        result => result,
    }
}

fn not_taken(name: &str, (what, error): &(String, io::Error)) -> OpenError {
    let refused = OpenError::refused(format!("take {name} over: {what}"), error);
    match error.raw_os_error() {
        Some(libc::EROFS) => refused
            .fix("Mount /proc/sys for writing, or switch IPv6 and forwarding off beforehand."),
        _ if refused.kind() == OpenErrorKind::NotPermitted => {
            refused.fix(grant::advice(&grant::PACKET))
        }
        _ => refused,
    }
}
