//! `--nic tap`: the stack as a host of its own, with this host's kernel as the peer.

use crate::support::{
    Folder, Recording, Server, curl, get, interfaces, nobody_exists, pattern, serve_on,
};
use periplus_nic::netlink::{Address, Netlink, add_address, create_veth, set_up};
use periplus_tests::in_namespace_with_tap;
use rustix::process::Signal;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::{Command, Output};

const MIB: usize = 1024 * 1024;

/// More than the stack's send queue and the client's buffer hold, so that it is in flight for as long as nobody reads.
const LARGE: usize = 8 * MIB;

/// What is said of a run that cannot be, and the exit code.
fn refusal(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().expect("it starts");
    (status.code(), String::from_utf8(stderr).expect("text"))
}

#[test]
fn files_arrive_byte_for_byte_and_the_interface_is_gone_after_sigterm() {
    if !in_namespace_with_tap(
        "tap::files_arrive_byte_for_byte_and_the_interface_is_gone_after_sigterm",
    ) {
        return;
    }
    let sizes = [0, 1, 1_460, 70_000, 10 * MIB];
    let folder = sizes.iter().fold(Folder::new(), |folder, &size| {
        folder.with(&format!("{size}.bin"), &pattern(size))
    });
    let server = Server::start_on("tap", folder.path(), &["--journeys", "-"]);
    assert_eq!(server.address, "10.77.0.2:80".parse().unwrap());
    assert_eq!(interfaces(), ["lo", "periplus0"]);
    for size in sizes {
        let answer = get(&format!("http://10.77.0.2/{size}.bin"), &[]);
        assert!(answer.body == pattern(size), "{size} bytes differ");
    }
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert!(!ended.talk.contains("cut off"), "{}", ended.talk);
    assert!(
        ended
            .talk
            .contains("This host reaches it by periplus0, where it is 10.77.0.1 itself\n"),
        "{}",
        ended.talk
    );
    assert_eq!(interfaces(), ["lo"]);

    let recording = Recording::parse(&ended.data);
    recording.check();
    let requests = recording.requests();
    assert_eq!(requests.len(), sizes.len());
    for request in requests {
        assert_eq!(request["device"], "tap");
        assert_eq!(request["local"], "10.77.0.2:80");
        assert!(request["peer"].as_str().unwrap().starts_with("10.77.0.1:"));
        assert_eq!(request["outcome"], "answered");
    }
}

#[test]
fn a_closed_port_is_refused_at_once() {
    if !in_namespace_with_tap("tap::a_closed_port_is_refused_at_once") {
        return;
    }
    let folder = Folder::new();
    let server = Server::start_on("tap", folder.path(), &[]);
    let closed = SocketAddr::new(server.address.ip(), 81);
    let error = TcpStream::connect(closed).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let output = curl()
        .arg(format!("http://{closed}/"))
        .output()
        .expect("curl is installed");
    // curl(1): failed to connect to host
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn killed_and_started_again_at_once_it_serves() {
    if !in_namespace_with_tap("tap::killed_and_started_again_at_once_it_serves") {
        return;
    }
    let folder = Folder::new().with("a.txt", b"hello");
    for nic in ["tap", "tap:tap0"] {
        let first = Server::start_on(nic, folder.path(), &[]);
        assert_eq!(get(&first.url("/a.txt"), &[]).body, b"hello");
        first.signal(Signal::KILL);
        let second = Server::start_on(nic, folder.path(), &[]);
        assert_eq!(get(&second.url("/a.txt"), &[]).body, b"hello");
        assert_eq!(second.stop().code, Some(0));
        drop(first);
        assert_eq!(interfaces(), ["lo"]);
    }
}

#[test]
fn sigterm_finishes_the_download_in_flight() {
    if !in_namespace_with_tap("tap::sigterm_finishes_the_download_in_flight") {
        return;
    }
    let content = pattern(LARGE);
    let folder = Folder::new().with("large.bin", &content);
    let mut server = Server::start_on("tap", folder.path(), &[]);
    let mut download = TcpStream::connect(server.address).expect("a connection");
    download
        .write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("sent");
    let mut first = [0; 12];
    download.read_exact(&mut first).expect("the answer begins");
    server.signal(Signal::TERM);
    server.wait_for_line("Draining 1 connection,");
    let mut rest = Vec::new();
    download
        .read_to_end(&mut rest)
        .expect("the rest of the answer");
    assert!(rest.ends_with(&content), "the bytes differ");
    let ended = server.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert!(!ended.talk.contains("cut off"), "{}", ended.talk);
}

#[test]
fn a_second_signal_ends_at_once() {
    if !in_namespace_with_tap("tap::a_second_signal_ends_at_once") {
        return;
    }
    let folder = Folder::new().with("large.bin", &pattern(LARGE));
    let mut server = Server::start_on("tap", folder.path(), &[]);
    let mut nobody_reads = TcpStream::connect(server.address).expect("a connection");
    nobody_reads
        .write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("sent");
    nobody_reads
        .read_exact(&mut [0; 12])
        .expect("the answer begins");
    server.signal(Signal::TERM);
    server.wait_for_line("Draining");
    server.signal(Signal::TERM);
    let ended = server.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert_eq!(interfaces(), ["lo"]);
}

#[test]
fn a_network_that_this_host_has_a_route_to_is_refused_with_one_that_is_free() {
    if !in_namespace_with_tap(
        "tap::a_network_that_this_host_has_a_route_to_is_refused_with_one_that_is_free",
    ) {
        return;
    }
    let mut netlink = Netlink::open().unwrap();
    netlink.execute(&create_veth("veth0", "veth1")).unwrap();
    let veth = netlink.index("veth0").unwrap();
    for taken in ["10.77.0.9", "10.78.0.9"] {
        let taken: IpAddr = taken.parse().unwrap();
        netlink
            .execute(&add_address(&Address::new(veth, taken, 24)))
            .unwrap();
    }
    netlink.execute(&set_up(veth)).unwrap();
    let folder = Folder::new().with("a.txt", b"hello");
    let (code, talk) = refusal(serve_on("tap", folder.path()));
    assert_eq!(code, Some(1), "{talk}");
    assert_eq!(
        talk,
        "periplus: cannot be 10.77.0.2/24 on an interface: this host has a route to 10.77.0.0/24 by veth0\n  \
         Choose a network that is free, as `--address 10.79.0.2/24`.\n"
    );
    let server = Server::start_on("tap", folder.path(), &["--address", "10.79.0.2/24"]);
    assert_eq!(get("http://10.79.0.2/a.txt", &[]).body, b"hello");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn without_the_right_to_make_interfaces_it_is_3_and_the_command_that_grants_it_is_named() {
    if !in_namespace_with_tap(
        "tap::without_the_right_to_make_interfaces_it_is_3_and_the_command_that_grants_it_is_named",
    ) {
        return;
    }
    let folder = Folder::new();
    let with = serve_on("tap", folder.path());
    let mut without = Command::new("setpriv");
    without
        .args(["--bounding-set=-net_admin", "--inh-caps=-net_admin"])
        .arg(with.get_program())
        .args(with.get_args());
    let (code, talk) = refusal(without);
    assert_eq!(code, Some(3), "{talk}");
    assert!(talk.contains("sudo setcap cap_net_admin+ep"), "{talk}");
    assert_eq!(interfaces(), ["lo"]);
}

#[test]
fn an_unprivileged_user_serves_and_the_interface_is_gone_all_the_same() {
    if !in_namespace_with_tap(
        "tap::an_unprivileged_user_serves_and_the_interface_is_gone_all_the_same",
    ) {
        return;
    }
    if !nobody_exists() {
        return eprintln!("not run: this user namespace has no user but root");
    }
    let folder = Folder::new().with("a.txt", b"hello").open_to_all();
    let options = ["--user", "nobody", "--journeys", "-"];
    let server = Server::start_on("tap", folder.path(), &options);
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = |name| status.lines().find(|line| line.starts_with(name)).unwrap();
    assert_eq!(line("Uid:"), "Uid:\t65534\t65534\t65534\t65534");
    assert_eq!(line("Gid:"), "Gid:\t65534\t65534\t65534\t65534");
    assert_eq!(line("CapEff:"), "CapEff:\t0000000000000000");
    assert_eq!(line("CapPrm:"), "CapPrm:\t0000000000000000");
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert_eq!(interfaces(), ["lo"]);
    assert_eq!(Recording::parse(&ended.data).requests().len(), 1);

    let private = Folder::new().closed_to_others();
    let mut command = serve_on("tap", private.path());
    command.args(["--user", "nobody"]);
    let (code, talk) = refusal(command);
    assert_eq!(code, Some(3), "{talk}");
    assert!(talk.contains("as nobody: permission denied\n"), "{talk}");
    assert!(talk.contains("chmod -R o+rX"), "{talk}");
}

#[test]
fn listeners_of_the_file_are_on_the_interface_that_they_name() {
    if !in_namespace_with_tap("tap::listeners_of_the_file_are_on_the_interface_that_they_name") {
        return;
    }
    let config = "[[listener]]\nprotocol = \"http\"\ninterface = \"tap0\"\nport = 8080\n\
                  [[listener]]\nprotocol = \"kv\"\naddress = \"10.77.0.2\"\nport = 7379\n";
    let folder = Folder::new()
        .with("a.txt", b"hello")
        .with("a.toml", config.as_bytes());
    let mut command = serve_on("tap:tap0", folder.path());
    command.arg("--config").arg(folder.join("a.toml"));
    let mut server = Server::spawn(command);
    assert_eq!(server.address, "10.77.0.2:8080".parse().unwrap());
    server.wait_for_line("Keeping keys and values on 10.77.0.2:7379");
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    let mut client = TcpStream::connect("10.77.0.2:7379").expect("a connection");
    client.write_all(b"set a b\nget a\nquit\n").expect("sent");
    let mut answers = String::new();
    client.read_to_string(&mut answers).expect("answers");
    assert!(answers.contains("value b\n"), "{answers}");
    assert_eq!(server.stop().code, Some(0));
}
