//! What a service manager and a package ask of the command.

use crate::support::{Folder, Server, get, periplus};
use rustix::process::Signal;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Command;

#[test]
fn a_socket_that_the_manager_has_opened_is_served() {
    let folder = Folder::new().with("a.txt", b"hello");
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("its address");
    // The variables name the process that is to take the sockets, from descriptor 3 on (sd_listen_fds(3)).
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg("exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"")
        .arg("sh")
        .arg(periplus().get_program())
        .arg("serve")
        .arg(folder.path())
        .args(["--quiet", "--listen", "127.0.0.1:1"]);
    let server = Server::spawn_with(command, OwnedFd::from(socket).into());
    assert_eq!(server.address, address);
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn what_is_opened_beside_the_managers_sockets_is_told() {
    let config = "[[listener]]\nprotocol = \"http\"\nport = 0\n".repeat(2);
    let folder = Folder::new().with("periplus.toml", config.as_bytes());
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg("exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"")
        .arg("sh")
        .arg(periplus().get_program())
        .args(["serve", ".", "--quiet"])
        .current_dir(folder.path());
    let server = Server::spawn_with(command, OwnedFd::from(socket).into());
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    let told = "The service manager has passed 1 of 2 sockets; opened without it: 127.0.0.1:0\n";
    assert!(ended.talk.contains(told), "{}", ended.talk);
}

#[test]
fn too_few_open_files_are_told_at_the_start_with_how_to_have_more() {
    let folder = Folder::new().with("a.txt", b"hello");
    let start = |limit: &str| {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg("ulimit -n $0; exec \"$@\"")
            .arg(limit)
            .arg(periplus().get_program())
            .arg("serve")
            .arg(folder.path())
            .args(["--quiet", "--listen", "127.0.0.1:0"]);
        let server = Server::spawn(command);
        assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
        server.stop().talk
    };
    let talk = start("64");
    assert!(talk.contains("may have 64 files open"), "{talk}");
    assert!(talk.contains("`LimitNOFILE=21056`"), "{talk}");
    let talk = start("4096");
    assert!(!talk.contains("files open"), "{talk}");
}

#[test]
fn the_manager_is_told_when_it_serves_reloads_and_stops() {
    let folder = Folder::new().with("a.txt", b"hello");
    let runtime = Folder::new();
    let manager = UnixDatagram::bind(runtime.join("notify")).expect("a socket");
    let hear = || {
        let mut words = [0; 128];
        let length = manager.recv(&mut words).expect("it is told");
        String::from_utf8(words[..length].to_vec()).expect("text")
    };
    let mut command = periplus();
    command.arg("serve").arg(folder.path()).arg("--quiet");
    command.args(["--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", runtime.join("notify"));
    let server = Server::spawn(command);
    assert_eq!(hear(), "READY=1");
    server.signal(Signal::HUP);
    assert!(hear().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(hear(), "READY=1");
    server.signal(Signal::TERM);
    assert_eq!(hear(), "STOPPING=1");
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn completions_and_the_manual_page_know_every_command() {
    let generate = |arguments: &[&str]| {
        let output = periplus().arg("generate").args(arguments).output();
        let output = output.expect("the command starts");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("text")
    };
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let completions = generate(&["completions", shell]);
        assert!(completions.contains("access-log"), "{shell}");
    }
    let page = generate(&["man"]);
    for command in ["SERVE", "SOCKETS", "DRAW", "DOCTOR", "CONFIG", "GENERATE"] {
        assert!(
            page.contains(&format!("\"PERIPLUS {command}\"")),
            "{command}"
        );
    }
    assert!(page.contains("access\\-log"));
}
