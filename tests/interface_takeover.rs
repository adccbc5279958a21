//! An interface that was taken over is put back as it was found, whatever becomes of the process.

use periplus_nic::netlink::{
    Address, Link, Netlink, Route, add_address, add_route, create_veth, delete_link, set_down,
    set_up,
};
use periplus_nic::{OpenError, OpenErrorKind, PacketDevice, PacketOptions};
use periplus_tests::in_namespace;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::IpAddr;
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const NAME: &str = "wire7";
/// A bound for what may take long on a busy machine and must never take for ever.
const LONG: Duration = Duration::from_secs(60);
/// Tells the test that runs again to be the process that is to be ended.
const HOLDER: &str = "PERIPLUS_HOLDS_INTERFACE";

fn open() -> Result<PacketDevice, OpenError> {
    PacketDevice::open(&PacketOptions {
        ring_size: 1,
        ..PacketOptions::new(NAME)
    })
}

/// Opens it as soon as who has it lets it go. The device itself waits for that for two seconds, and a busy machine may need
/// more: only then it is opened once more.
fn open_in_the_end() -> PacketDevice {
    let begun = Instant::now();
    loop {
        let asked = Instant::now();
        match open() {
            Err(error) if error.kind() == OpenErrorKind::Busy && begun.elapsed() < LONG => {
                assert!(asked.elapsed() >= Duration::from_secs(2), "{error}");
                eprintln!("this machine is busy: {error}");
            }
            opened => return opened.unwrap(),
        }
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A pair of links, both up.
fn veth(netlink: &mut Netlink) -> u32 {
    netlink.execute(&create_veth(NAME, "host7")).unwrap();
    for name in ["host7", NAME] {
        let index = netlink.index(name).unwrap();
        netlink.execute(&set_up(index)).unwrap();
    }
    netlink.index(NAME).unwrap()
}

/// Addresses of both families, and routes by them.
fn furnish(netlink: &mut Netlink, index: u32) {
    for (address, prefix) in [
        ("10.1.2.3", 24),
        ("10.1.2.4", 24),
        ("10.9.0.1", 32),
        ("fd00::3", 64),
        ("fd00::4", 128),
    ] {
        let address = Address::new(index, ip(address), prefix);
        netlink.execute(&add_address(&address)).unwrap();
    }
    for (network, prefix, gateway) in [
        ("10.8.0.0", 16, None),
        ("0.0.0.0", 0, Some("10.1.2.1")),
        ("10.50.0.0", 16, Some("10.8.0.1")),
        ("fd09::", 32, Some("fd00::1")),
    ] {
        let route = Route::new(ip(network), prefix, gateway.map(ip), index);
        netlink.execute(&add_route(&route)).unwrap();
    }
    // the kernel works on IPv6's addresses when it finds the time
    let is_there = |routes: &[Route], address| {
        let local = |route: &Route| route.is_local() && route.destination == ip(address);
        routes.iter().any(local)
    };
    assert!(eventually(|| {
        let routes = netlink.routes().unwrap();
        is_there(&routes, "fd00::3") && is_there(&routes, "fd00::4")
    }));
}

fn setting(path: &str) -> String {
    fs::read_to_string(format!("/proc/sys/net/{path}")).unwrap()
}

/// What is on the interface, apart from IPv6's link-local address and what comes with that: the kernel adds those when it finds
/// the time.
#[derive(Debug, PartialEq)]
struct State {
    link: Link,
    addresses: Vec<Address>,
    routes: Vec<Route>,
    settings: Vec<String>,
}

fn state(netlink: &mut Netlink) -> State {
    let mut link = netlink.link(NAME).unwrap();
    link.transmit_dropped = 0;
    let mut addresses = netlink.addresses(link.index).unwrap();
    addresses.retain(|address| !is_link_local(address.address));
    let mut routes = netlink.routes().unwrap();
    routes.retain(|route| {
        let destination = route.destination;
        route.index == Some(link.index)
            && !is_link_local(destination)
            && !destination.is_multicast()
    });
    routes.sort_by_key(|route| (route.table, route.to_string()));
    let settings = [
        format!("ipv6/conf/{NAME}/disable_ipv6"),
        format!("ipv4/conf/{NAME}/forwarding"),
    ];
    State {
        link,
        addresses,
        routes,
        settings: settings.map(|path| setting(&path)).into(),
    }
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

/// Waits, within bounds, until IPv6 has its link-local address.
fn has_link_local_address(netlink: &mut Netlink) -> bool {
    let index = netlink.index(NAME).unwrap();
    eventually(|| {
        let addresses = netlink.addresses(index).unwrap();
        addresses.iter().any(|found| is_link_local(found.address))
    })
}

fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + LONG;
    while !holds() {
        if Instant::now() > deadline {
            return false;
        }
        thread::yield_now();
    }
    true
}

fn is_taken(netlink: &mut Netlink) {
    let taken = state(netlink);
    assert!(taken.addresses.is_empty(), "{taken:?}");
    assert!(taken.routes.is_empty(), "{taken:?}");
    assert!(taken.link.is_up);
    assert_eq!(taken.settings, ["1\n", "0\n"]);
    let addresses = netlink.addresses(taken.link.index).unwrap();
    assert!(addresses.is_empty(), "{addresses:?}");
}

fn is_put_back(netlink: &mut Netlink, found: &State) {
    if !eventually(|| state(netlink) == *found) {
        assert_eq!(state(netlink), *found);
    }
}

#[test]
fn everything_goes_and_comes_back_when_the_device_is_dropped() {
    if !in_namespace(
        "interface_takeover::everything_goes_and_comes_back_when_the_device_is_dropped",
    ) {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    let index = veth(&mut netlink);
    furnish(&mut netlink, index);
    fs::write(format!("/proc/sys/net/ipv4/conf/{NAME}/forwarding"), "1").unwrap();
    assert!(has_link_local_address(&mut netlink));
    let found = state(&mut netlink);
    for _ in 0..3 {
        let device = open().unwrap();
        assert_eq!(device.interface(), NAME);
        assert_eq!(device.ethernet(), found.link.ethernet);
        is_taken(&mut netlink);
        drop(device);
        is_put_back(&mut netlink, &found);
        assert!(has_link_local_address(&mut netlink));
    }
}

/// What `ip` can set beyond that, a command a line.
const FURNITURE: &str = "
    address add 10.1.2.3/24 broadcast + label wire7:a dev wire7
    address add 10.1.2.4/24 dev wire7
    address add 10.1.9.4/22 broadcast 10.1.11.255 dev wire7 metric 50
    address add 10.9.0.1 peer 10.9.0.2/32 dev wire7 scope link
    address add 10.3.0.1/24 dev wire7 noprefixroute
    address add 10.4.0.1/24 dev wire7 valid_lft 1000 preferred_lft 500
    address add fd00::3/64 dev wire7 nodad
    address add fd00::4/64 dev wire7 nodad noprefixroute
    address add fd01::4/64 dev wire7 nodad valid_lft 2000 preferred_lft 1000
    route add default via 10.1.2.1 dev wire7 proto dhcp metric 100
    route add 10.50.0.0/16 via 10.1.2.1 dev wire7 src 10.1.2.4 table 100 metric 77
    route add 10.51.0.0/16 via 192.0.2.1 dev wire7 onlink mtu 1300
    route add 10.52.0.0/16 dev wire7 scope host
    route add 10.53.0.0/16 nexthop via 10.1.2.1 dev wire7 weight 3 nexthop via 10.1.2.9 dev wire7
    route add 10.54.0.0/16 via inet6 fe80::99 dev wire7
    route append 10.56.0.0/16 via 10.1.2.1 dev wire7
    route append 10.56.0.0/16 via 10.1.2.2 dev wire7
    -6 route add default via fe80::1 dev wire7 proto ra expires 500
    -6 route add fd09::/32 via fd00::1 dev wire7 src fd00::3 pref high
    -6 route add fd0a::/32 via fd00::1 dev wire7 table 100
    -6 route add fd0b::/32 nexthop via fd00::1 dev wire7 weight 2 nexthop via fd00::2 dev wire7
";

/// What `ip` says, if the host has it.
fn ip_says(arguments: &str) -> Option<String> {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .ok()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {errors}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// What `ip` shows of the interface, the seconds that are left of something apart. The order of IPv6's routes by several
/// interfaces is the kernel's own.
fn shown() -> Vec<String> {
    let addresses = ip_says("-details address show dev wire7").unwrap();
    let ipv4 = ip_says("-details -4 route show table all").unwrap();
    let ipv6 = ip_says("-details -6 route show table all").unwrap();
    let mut ipv6: Vec<_> = ipv6.lines().collect();
    ipv6.sort_unstable();
    let ends = ["valid_lft", "preferred_lft", "expires"];
    let without_seconds = |line: &str| {
        let mut words: Vec<_> = line.split_whitespace().collect();
        for at in 1..words.len() {
            if ends.contains(&words[at - 1]) && words[at] != "forever" {
                words[at] = "some";
            }
        }
        words.join(" ")
    };
    let routes = ipv4.lines().chain(ipv6);
    let here = routes.filter(|line| !line.contains("dev host7") && !line.contains("dev lo"));
    let lines = addresses.lines().chain(here);
    lines.map(without_seconds).collect()
}

#[test]
fn all_that_ip_can_set_comes_back() {
    if !in_namespace("interface_takeover::all_that_ip_can_set_comes_back") {
        return;
    }
    if Command::new("ip").arg("-Version").output().is_err() {
        eprintln!("not run: this host has no `ip` (iproute2)");
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    veth(&mut netlink);
    assert!(has_link_local_address(&mut netlink));
    for command in FURNITURE.lines().filter(|line| !line.trim().is_empty()) {
        ip_says(command);
    }
    // duplicate detection of the link-local address has to be over: its flag is shown
    assert!(eventually(|| !shown().concat().contains("tentative")));
    let found = shown();
    drop(open().unwrap());
    if !eventually(|| shown() == found) {
        assert_eq!(shown(), found);
    }
}

#[test]
fn an_interface_that_was_down_is_down_again() {
    if !in_namespace("interface_takeover::an_interface_that_was_down_is_down_again") {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    let index = veth(&mut netlink);
    netlink.execute(&set_down(index)).unwrap();
    let address = Address::new(index, ip("10.1.2.3"), 24);
    netlink.execute(&add_address(&address)).unwrap();
    let found = state(&mut netlink);
    assert!(!found.link.is_up);
    let device = open().unwrap();
    is_taken(&mut netlink);
    drop(device);
    assert_eq!(state(&mut netlink), found);
}

#[test]
fn an_interface_with_nothing_on_it_is_only_locked() {
    if !in_namespace("interface_takeover::an_interface_with_nothing_on_it_is_only_locked") {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    veth(&mut netlink);
    fs::write(format!("/proc/sys/net/ipv6/conf/{NAME}/disable_ipv6"), "1").unwrap();
    let found = state(&mut netlink);
    let device = open().unwrap();
    assert_eq!(children(), 0, "there is nothing to put back");
    assert_eq!(open().unwrap_err().kind(), OpenErrorKind::Busy);
    drop(device);
    assert_eq!(state(&mut netlink), found);
}

fn children() -> usize {
    let path = format!("/proc/self/task/{}/children", rustix::thread::gettid());
    fs::read_to_string(path).unwrap().split_whitespace().count()
}

#[test]
fn the_second_is_refused_and_told_who_is_the_first() {
    if !in_namespace("interface_takeover::the_second_is_refused_and_told_who_is_the_first") {
        return;
    }
    veth(&mut Netlink::open().unwrap());
    let first = open().unwrap();
    let refused = open().unwrap_err();
    assert_eq!(refused.kind(), OpenErrorKind::Busy);
    let expected = format!(
        "cannot take {NAME} over: process {} (interfaces",
        process::id()
    );
    assert!(refused.what().starts_with(&expected), "{refused}");
    assert!(refused.advice().is_some());

    // one that is about to end is waited for
    let second = thread::spawn(|| open_in_the_end().interface().to_owned());
    drop(first);
    assert_eq!(second.join().unwrap(), NAME);
}

#[test]
fn what_cannot_be_taken_over_says_why() {
    if !in_namespace("interface_takeover::what_cannot_be_taken_over_says_why") {
        return;
    }
    let open = |name: &str| PacketDevice::open(&PacketOptions::new(name)).unwrap_err();
    let missing = open("nothere");
    assert_eq!(missing.kind(), OpenErrorKind::NoDevice);
    assert_eq!(missing.what(), "there is no interface nothere");
    let loopback = open("lo");
    assert_eq!(loopback.kind(), OpenErrorKind::Other);
    assert_eq!(
        loopback.what(),
        "cannot take lo over: it is the loopback interface"
    );
    for error in [missing, loopback] {
        assert!(error.advice().is_some(), "{error}");
    }
}

/// A process of its own that has the interface, and does not let it go by itself.
struct Holder(Child);

impl Holder {
    fn start(test: &str) -> Self {
        let mut holder = Command::new(env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(HOLDER, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
        let told = lines
            .map_while(Result::ok)
            .any(|line| line.contains(HOLDER));
        assert!(told, "the holder says when it has the interface");
        Self(holder)
    }

    /// In the holder's process: takes the interface, and waits for its end.
    fn be_one() -> bool {
        if env::var_os(HOLDER).is_none() {
            return false;
        }
        let _device = open_in_the_end();
        println!("\n{HOLDER}");
        loop {
            thread::park();
        }
    }

    fn end(mut self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).unwrap();
        assert!(!self.0.wait().unwrap().success());
    }
}

#[test]
fn a_killed_process_leaves_the_interface_as_it_was_found() {
    if Holder::be_one() {
        return;
    }
    const TEST: &str = "interface_takeover::a_killed_process_leaves_the_interface_as_it_was_found";
    if !in_namespace(TEST) {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    let index = veth(&mut netlink);
    furnish(&mut netlink, index);
    let found = state(&mut netlink);
    for signal in [
        rustix::process::Signal::KILL,
        rustix::process::Signal::TERM,
        rustix::process::Signal::ABORT,
    ] {
        let holder = Holder::start(TEST);
        is_taken(&mut netlink);
        holder.end(signal);
        is_put_back(&mut netlink, &found);
    }
}

#[test]
fn a_killed_process_does_not_keep_the_next_from_starting_at_once() {
    if Holder::be_one() {
        return;
    }
    const TEST: &str =
        "interface_takeover::a_killed_process_does_not_keep_the_next_from_starting_at_once";
    if !in_namespace(TEST) {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    let index = veth(&mut netlink);
    furnish(&mut netlink, index);
    let found = state(&mut netlink);
    for _ in 0..5 {
        Holder::start(TEST).end(rustix::process::Signal::KILL);
        let device = open_in_the_end();
        is_taken(&mut netlink);
        drop(device);
        is_put_back(&mut netlink, &found);
    }
}

#[test]
fn an_interface_that_is_deleted_takes_the_device_with_it_quietly() {
    if !in_namespace(
        "interface_takeover::an_interface_that_is_deleted_takes_the_device_with_it_quietly",
    ) {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    let index = veth(&mut netlink);
    furnish(&mut netlink, index);
    let device = open().unwrap();
    netlink.execute(&delete_link(index)).unwrap();
    drop(device);
    let error = open().unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::NoDevice);
}
