//! SIGHUP: what is served changes, and no request is lost.

use crate::support::{Folder, Server, get, periplus};
use rustix::process::Signal;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often the configuration is read again while clients ask.
const RELOADS: usize = 40;
const CLIENTS: usize = 4;

fn config(root: &str) -> String {
    format!("[[listener]]\nprotocol = \"http\"\nport = 0\n[[site]]\nroot = \"{root}\"\n")
}

fn folder() -> Folder {
    Folder::new()
        .with("old/a.txt", b"old")
        .with("new/a.txt", b"new")
        .with("periplus.toml", config("old").as_bytes())
}

fn start(folder: &Folder) -> Server {
    let mut command = periplus();
    command
        .arg("serve")
        .arg("--config")
        .arg(folder.join("periplus.toml"));
    command.arg("--quiet");
    Server::spawn(command)
}

fn write(folder: &Folder, config: &str) {
    std::fs::write(folder.join("periplus.toml"), config).expect("a file");
}

#[test]
fn new_requests_see_what_the_file_says_now_on_connections_that_stay_open() {
    let folder = folder();
    let mut server = start(&folder);
    let mut open = Client::connect(server.address);
    assert_eq!(open.ask(), b"old");
    write(&folder, &config("new"));
    server.signal(Signal::HUP);
    server.wait_for_line("Configuration read again");
    assert_eq!(open.ask(), b"new");
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"new");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn what_a_gateway_asks_for_as_https_is_served_and_still_is_when_the_file_is_read_again() {
    let asked = ["--request-target", "https://a/a.txt", "--header", "Host: a"];
    for (key, status) in [("https_gateway = true\n", 200), ("", 421)] {
        let config = |root: &str| config(root).replace("[[site]]", &format!("{key}[[site]]"));
        let folder = folder().with("periplus.toml", config("old").as_bytes());
        let mut server = start(&folder);
        assert_eq!(get(&server.url("/"), &asked).status(), status);
        write(&folder, &config("new"));
        server.signal(Signal::HUP);
        server.wait_for_line("Configuration read again");
        assert_eq!(get(&server.url("/"), &asked).status(), status);
        assert_eq!(server.stop().code, Some(0));
    }
}

#[test]
fn a_wrong_file_is_told_and_changes_nothing() {
    let folder = folder();
    let mut server = start(&folder);
    write(&folder, &config("new").replace("root", "rot"));
    server.signal(Signal::HUP);
    server.wait_for_line("unknown key `rot` in [[site]]");
    server.wait_for_line("Nothing was changed");
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"old");
    write(&folder, &config("nowhere"));
    server.signal(Signal::HUP);
    server.wait_for_line("nowhere: no such file or directory");
    server.wait_for_line("Nothing was changed");
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"old");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn what_cannot_be_changed_is_named_and_the_rest_is_changed() {
    let folder = folder();
    let mut server = start(&folder);
    let more = "[[listener]]\nprotocol = \"kv\"\nport = 0\n[memory]\nmessages = \"1 MiB\"\n[tcp]\ntcp_syncookies = 2\n";
    write(&folder, &format!("{}{more}", config("new")));
    server.signal(Signal::HUP);
    server.wait_for_line("which [[listener]] there are cannot be changed");
    server.wait_for_line("`messages` in [memory] cannot be changed");
    server.wait_for_line("[tcp], and `tcp_mem` in [memory], cannot be changed");
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"new");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn limits_of_the_server_hold_for_new_connections() {
    let folder = folder();
    let mut server = start(&folder);
    let long = format!("/{}", "a".repeat(200));
    assert_eq!(get(&server.url(&long), &[]).status(), 404);
    write(
        &folder,
        &format!("{}[limits]\nmax_target_length = 100\n", config("old")),
    );
    server.signal(Signal::HUP);
    server.wait_for_line("Configuration read again");
    assert_eq!(get(&server.url(&long), &[]).status(), 414);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn no_request_is_lost_over_many_of_them() {
    let folder = folder();
    let mut server = start(&folder);
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (over, address) = (over.clone(), server.address);
            std::thread::spawn(move || {
                let mut client = Client::connect(address);
                let mut asked = 0;
                while !over.load(Ordering::Relaxed) {
                    // Every other client comes anew each time.
                    if number % 2 == 0 {
                        client = Client::connect(address);
                    }
                    let content = client.ask();
                    assert!(content == b"old" || content == b"new");
                    asked += 1;
                }
                asked
            })
        })
        .collect();
    for reload in 0..RELOADS {
        write(
            &folder,
            &config(if reload % 2 == 0 { "new" } else { "old" }),
        );
        server.signal(Signal::HUP);
        server.wait_for_line("Configuration read again");
    }
    over.store(true, Ordering::Relaxed);
    for client in clients {
        let asked: usize = client.join().expect("every request was answered");
        assert!(asked > 0);
    }
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
}

/// A connection that is kept alive.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: SocketAddr) -> Client {
        Client(BufReader::new(
            TcpStream::connect(address).expect("a connection"),
        ))
    }

    /// The content of `/a.txt`.
    fn ask(&mut self) -> Vec<u8> {
        let request = b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n";
        self.0.get_mut().write_all(request).expect("sent");
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("a header line");
            let line = line.trim_end().to_lowercase();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().expect("a length");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut content = vec![0; length];
        self.0.read_exact(&mut content).expect("a content");
        content
    }
}
