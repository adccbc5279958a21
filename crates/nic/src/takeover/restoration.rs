//! What the host has on an interface, and the steps that put it back.

use super::setting::Setting;
use super::step::{Countdown, Step};
use crate::netlink::{
    Address, Link, Netlink, Route, add_address, add_address_unasked, change_address,
    put_back_route, set_down,
};
use std::io;

/// What was found on an interface.
#[derive(Debug)]
pub(super) struct Found {
    link: Link,
    forwarding: Option<Setting>,
    ipv6: Option<Setting>,
    addresses: Vec<Address>,
    routes: Vec<Route>,
}

impl Found {
    pub(super) fn read(netlink: &mut Netlink, link: &Link) -> io::Result<Self> {
        let mut addresses = netlink.addresses(link.index)?;
        addresses.retain(|address| !address.is_temporary());
        let mut routes = netlink.routes()?;
        routes.retain(|route| route.links().contains(&link.index) && !route.comes_with_address());
        // a gateway has to be found by the routes before
        routes.sort_by_key(|route| (route.distance(), route.gateway.is_some()));
        Ok(Self {
            link: link.clone(),
            forwarding: Setting::forwarding(&link.name)?,
            ipv6: Setting::ipv6(&link.name)?,
            addresses,
            routes,
        })
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// What is to be switched off.
    pub(super) fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.ipv6.iter().chain(&self.forwarding)
    }

    /// The addresses that are to be removed one by one: those of IPv6 go when it is switched off, with their routes.
    pub(super) fn ipv4_addresses(&self) -> impl Iterator<Item = &Address> {
        let addresses = self.addresses.iter();
        addresses.filter(|address| address.address.is_ipv4())
    }

    /// The routes that are to be removed one by one, the farthest first. One that spreads packets over other links as well
    /// stays.
    pub(super) fn ipv4_routes(&self) -> impl Iterator<Item = &Route> {
        let only_here = |route: &&Route| route.links().iter().all(|link| *link == self.link.index);
        let routes = self.routes.iter().rev();
        routes
            .filter(|route| route.destination.is_ipv4())
            .filter(only_here)
    }

    /// The steps that put everything back, in order.
    pub(super) fn restoration(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if !self.link.is_up {
            steps.push(Step::message(&set_down(self.link.index), None));
        }
        steps.extend(self.settings().map(|s| Step::write(s.path(), s.found())));
        for address in self.ipv4_addresses() {
            let countdown = address.lifetimes_in_request().map(Countdown::lifetimes);
            steps.push(Step::message(&add_address(address), countdown));
        }
        // of IPv6 the newest is listed first, of IPv4 the oldest
        let ipv6 = self.addresses.iter().rev().filter(|a| a.address.is_ipv6());
        for address in ipv6 {
            let countdown = address.lifetimes_in_request().map(Countdown::lifetimes);
            // It was the host's a moment ago. Asking the neighbours takes a second or two, and the routes that send from it
            // would be refused until then; so it comes back unasked, and with its own flags after that.
            steps.push(Step::message(&add_address_unasked(address), countdown));
            steps.push(Step::message(&change_address(address), countdown));
        }
        for route in &self.routes {
            let countdown = route.expiry_in_request().map(Countdown::expiry);
            steps.push(Step::message(&put_back_route(route), countdown));
        }
        steps
    }
}
