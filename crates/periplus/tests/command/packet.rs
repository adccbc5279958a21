//! `--nic packet:INTERFACE`: an interface of this host, taken over and put back.

use crate::support::{Folder, Recording, Server, get, nobody_exists, pattern, serve_on};
use periplus_nic::netlink::{Address, Netlink, Route, add_address, add_route, create_veth, set_up};
use periplus_tests::in_namespace;
use rustix::process::Signal;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// What is taken over, and the other end of the wire, by which this host reaches it.
const NIC: &str = "packet:wire0";
const OURS: &str = "wire0";
const THEIRS: &str = "host0";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A wire within this host: its one end in use, with two addresses and a route, the other in the stack's network.
fn lay_wire() {
    let mut netlink = Netlink::open().unwrap();
    netlink.execute(&create_veth(OURS, THEIRS)).unwrap();
    let (ours, theirs) = (netlink.index(OURS).unwrap(), netlink.index(THEIRS).unwrap());
    for (index, address) in [
        (theirs, "10.77.0.1"),
        (ours, "192.168.7.3"),
        (ours, "192.168.7.4"),
    ] {
        let address = Address::new(index, ip(address), 24);
        netlink.execute(&add_address(&address)).unwrap();
    }
    netlink.execute(&set_up(ours)).unwrap();
    netlink.execute(&set_up(theirs)).unwrap();
    let default = Route::new(ip("0.0.0.0"), 0, Some(ip("192.168.7.1")), ours);
    netlink.execute(&add_route(&default)).unwrap();
}

/// What this host has on the interface: addresses, and routes by it. IPv6's own are left out, which come when the kernel finds
/// the time.
#[derive(Debug, PartialEq)]
struct State {
    addresses: Vec<Address>,
    routes: Vec<Route>,
    ipv6_is_off: String,
}

fn state() -> State {
    let mut netlink = Netlink::open().unwrap();
    let index = netlink.index(OURS).unwrap();
    let mut addresses = netlink.addresses(index).unwrap();
    addresses.retain(|address| address.address.is_ipv4());
    let mut routes = netlink.routes().unwrap();
    routes.retain(|route| route.index == Some(index) && route.destination.is_ipv4());
    routes.sort_by_key(|route| (route.table, route.to_string()));
    let setting = format!("/proc/sys/net/ipv6/conf/{OURS}/disable_ipv6");
    State {
        addresses,
        routes,
        ipv6_is_off: std::fs::read_to_string(setting).unwrap(),
    }
}

/// Waits until the interface is as it was: whoever puts it back does so after the process has ended.
fn wait_for(before: &State) {
    let latest = Instant::now() + Duration::from_secs(60);
    while state() != *before {
        assert!(Instant::now() < latest, "{:#?}", state());
        std::thread::yield_now();
    }
}

#[test]
fn files_arrive_byte_for_byte_and_the_interface_is_put_back_after_sigterm() {
    if !in_namespace(
        "packet::files_arrive_byte_for_byte_and_the_interface_is_put_back_after_sigterm",
    ) {
        return;
    }
    lay_wire();
    let before = state();
    let sizes = [0, 1, 1_460, 70_000, 10 << 20];
    let folder = sizes.iter().fold(Folder::new(), |folder, &size| {
        folder.with(&format!("{size}.bin"), &pattern(size))
    });
    let server = Server::start_on(NIC, folder.path(), &["--journeys", "-"]);
    let during = state();
    assert!(
        during.addresses.is_empty() && during.routes.is_empty(),
        "{during:?}"
    );
    for size in sizes {
        let answer = get(&format!("http://10.77.0.2/{size}.bin"), &[]);
        assert!(answer.body == pattern(size), "{size} bytes differ");
    }
    let closed = SocketAddr::new(server.address.ip(), 81);
    let error = TcpStream::connect(closed).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert!(
        ended.talk.contains("wire0 is the stack's until this ends"),
        "{}",
        ended.talk
    );
    assert_eq!(state(), before);

    let recording = Recording::parse(&ended.data);
    recording.check();
    let requests = recording.requests();
    assert_eq!(requests.len(), sizes.len());
    for request in requests {
        assert_eq!(request["device"], "packet");
        assert_eq!(request["outcome"], "answered");
    }
}

#[test]
fn killed_it_is_put_back_and_started_again_at_once_it_serves() {
    if !in_namespace("packet::killed_it_is_put_back_and_started_again_at_once_it_serves") {
        return;
    }
    lay_wire();
    let before = state();
    let folder = Folder::new().with("a.txt", b"hello");
    let first = Server::start_on(NIC, folder.path(), &[]);
    assert_eq!(get(&first.url("/a.txt"), &[]).body, b"hello");
    first.signal(Signal::KILL);
    let second = Server::start_on(NIC, folder.path(), &[]);
    assert_eq!(get(&second.url("/a.txt"), &[]).body, b"hello");
    second.signal(Signal::KILL);
    wait_for(&before);
}

#[test]
fn an_unprivileged_user_serves_and_the_interface_is_put_back_all_the_same() {
    if !in_namespace(
        "packet::an_unprivileged_user_serves_and_the_interface_is_put_back_all_the_same",
    ) {
        return;
    }
    if !nobody_exists() {
        return eprintln!("not run: this user namespace has no user but root");
    }
    lay_wire();
    let before = state();
    let folder = Folder::new().with("a.txt", b"hello").open_to_all();
    let serve = || Server::start_on(NIC, folder.path(), &["--user", "nobody"]);
    let server = serve();
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert_eq!(state(), before);

    let server = serve();
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    server.signal(Signal::KILL);
    wait_for(&before);
}

#[test]
fn an_interface_that_is_not_there_is_2_and_nothing_is_changed() {
    if !in_namespace("packet::an_interface_that_is_not_there_is_2_and_nothing_is_changed") {
        return;
    }
    lay_wire();
    let before = state();
    let folder = Folder::new();
    let output = serve_on("packet:wire7", folder.path()).output();
    let output = output.expect("it starts");
    let talk = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{talk}");
    assert!(talk.contains("wire7"), "{talk}");

    // The other end of the wire has that address.
    let output = serve_on(NIC, folder.path())
        .args(["--address", "10.77.0.1/24"])
        .output();
    let output = output.expect("it starts");
    let talk = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{talk}");
    assert_eq!(
        talk,
        "periplus: cannot be 10.77.0.1/24 on an interface: this host has the address 10.77.0.1\n  \
         Choose a network that is free, as `--address 10.78.0.1/24`.\n"
    );
    assert_eq!(state(), before);
}
