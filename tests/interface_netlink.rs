//! Links, addresses and routes, as the kernel takes them.

use periplus_nic::netlink::{
    Address, Netlink, Route, add_address, add_route, create_veth, delete_address, delete_link,
    delete_route, move_link, set_down, set_mtu, set_up,
};
use periplus_tests::in_namespace;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

fn veth(netlink: &mut Netlink) -> u32 {
    netlink.execute(&create_veth("near", "far")).unwrap();
    for name in ["near", "far"] {
        let index = netlink.index(name).unwrap();
        netlink.execute(&set_up(index)).unwrap();
    }
    netlink.index("near").unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_veth_pair_is_made_changed_and_deleted() {
    if !in_namespace("interface_netlink::a_veth_pair_is_made_changed_and_deleted") {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    let near = veth(&mut netlink);
    netlink.execute(&set_mtu(near, 9000)).unwrap();
    let link = netlink.link("near").unwrap();
    assert_eq!((link.index, link.mtu, link.is_up), (near, 9000, true));
    assert_ne!(link.ethernet, netlink.link("far").unwrap().ethernet);
    netlink.execute(&set_down(near)).unwrap();
    assert!(!netlink.link("near").unwrap().is_up);

    let again = netlink.execute(&create_veth("near", "elsewhere"));
    assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    netlink.execute(&delete_link(near)).unwrap();
    let names: Vec<_> = netlink
        .links()
        .unwrap()
        .into_iter()
        .map(|l| l.name)
        .collect();
    assert_eq!(names, ["lo"]);
    let enodev = 19;
    assert_eq!(
        netlink.index("near").unwrap_err().raw_os_error(),
        Some(enodev)
    );
}

#[test]
fn addresses_are_put_back_as_they_were() {
    if !in_namespace("interface_netlink::addresses_are_put_back_as_they_were") {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    let near = veth(&mut netlink);
    for (address, prefix) in [("10.1.2.3", 24), ("10.1.2.4", 32), ("fd00::3", 64)] {
        let address = Address::new(near, ip(address), prefix);
        netlink.execute(&add_address(&address)).unwrap();
    }
    // the kernel adds the link-local address when it finds the time
    let listed = |netlink: &mut Netlink| -> Vec<Address> {
        let mut addresses = netlink.addresses(near).unwrap();
        addresses.retain(|address| !address.to_string().starts_with("fe80"));
        addresses
    };
    let kept = listed(&mut netlink);
    let shown: Vec<_> = kept.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.1.2.3/24", "10.1.2.4/32", "fd00::3/64"]);

    for address in &kept {
        netlink.execute(&delete_address(address)).unwrap();
    }
    assert!(listed(&mut netlink).is_empty());
    for address in &kept {
        netlink.execute(&add_address(address)).unwrap();
    }
    let back = listed(&mut netlink);
    let back: Vec<_> = back.iter().map(ToString::to_string).collect();
    assert_eq!(back, shown);
}

#[test]
fn routes_are_put_back_as_they_were() {
    if !in_namespace("interface_netlink::routes_are_put_back_as_they_were") {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    let near = veth(&mut netlink);
    let address = Address::new(near, ip("10.1.2.3"), 24);
    netlink.execute(&add_address(&address)).unwrap();
    let address = Address::new(near, ip("fd00::3"), 64);
    netlink.execute(&add_address(&address)).unwrap();
    for (network, prefix, gateway) in [
        ("10.9.0.0", 16, Some("10.1.2.1")),
        ("10.8.0.0", 16, None),
        ("0.0.0.0", 0, Some("10.1.2.1")),
        ("fd09::", 32, Some("fd00::1")),
    ] {
        let route = Route::new(ip(network), prefix, gateway.map(ip), near);
        netlink.execute(&add_route(&route)).unwrap();
    }
    let unicast = |netlink: &mut Netlink| -> Vec<Route> {
        let mut routes = netlink.routes().unwrap();
        routes.retain(|route| route.is_unicast() && !route.to_string().starts_with("fe80"));
        routes.sort_by_key(ToString::to_string);
        routes
    };
    let before = unicast(&mut netlink);
    let shown: Vec<_> = before.iter().map(ToString::to_string).collect();
    let expected = [
        "0.0.0.0/0 by near",
        "10.1.2.0/24 by near",
        "10.8.0.0/16 by near",
        "10.9.0.0/16 by near",
        "fd00::/64 by near",
        "fd09::/32 by near",
    ];
    assert_eq!(shown, expected);
    let by_gateway = |route: &&Route| route.gateway.is_some();
    assert_eq!(before.iter().filter(by_gateway).count(), 3);

    // those by a gateway go first, and come last: the gateway has to be found by another
    let (gateways, direct): (Vec<_>, Vec<_>) =
        before.iter().partition(|route| route.gateway.is_some());
    for route in gateways.iter().chain(&direct) {
        netlink.execute(&delete_route(route)).unwrap();
    }
    assert!(unicast(&mut netlink).is_empty());
    for route in direct.iter().chain(&gateways) {
        netlink.execute(&add_route(route)).unwrap();
    }
    assert_eq!(unicast(&mut netlink), before);
}

#[test]
fn a_link_moves_to_another_namespace() {
    if !in_namespace("interface_netlink::a_link_moves_to_another_namespace") {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    veth(&mut netlink);
    // a process that has a namespace of its own, says so, and ends with its input
    let mut other = Command::new("unshare")
        .args(["--net", "--", "sh", "-c", "echo; exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut newline = [0];
    let mut said = other.stdout.take().unwrap();
    io::Read::read_exact(&mut said, &mut newline).unwrap();
    let namespace = File::open(format!("/proc/{}/ns/net", other.id())).unwrap();
    let far = netlink.index("far").unwrap();
    netlink.execute(&move_link(far, namespace.as_fd())).unwrap();
    assert!(netlink.index("far").is_err());
    assert!(netlink.index("near").is_ok());
    drop(other.stdin.take());
    other.wait().unwrap();
}
