//! Ten thousand clients that stay, and a server that does nothing while they ask nothing.

#[path = "command/support/descriptors.rs"]
mod descriptors;
#[path = "command/support/folder.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod folder;
#[path = "command/support/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod server;

use descriptors::need_descriptors;
use folder::Folder;
use server::Server;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const CLIENTS: usize = 10_000;

/// How long the server is watched at a time, and how often at most: other programs may cost it time for once, but work of its own
/// comes back each time.
const MEASURED: Duration = Duration::from_secs(10);
const WINDOWS: usize = 6;

/// Nobody is given up, and no timer of a connection ends, before the test has: it may take a busy machine a while to connect all.
const CONFIG: &[u8] = b"[timeouts]\nidle = \"60 min\"\n";

#[test]
fn ten_thousand_connections_are_kept_and_cost_nothing_while_idle() {
    need_descriptors(CLIENTS);
    let folder = Folder::new()
        .with("a.txt", b"hello")
        .with("periplus.toml", CONFIG);
    let config = folder.join("periplus.toml");
    let options = ["--quiet".as_ref(), "--config".as_ref(), config.as_os_str()];
    let server = Server::start(folder.path(), &options);
    let mut connections: Vec<TcpStream> = (0..CLIENTS)
        .map(|_| {
            let mut connection = TcpStream::connect(server.address).expect("a connection");
            ask(&mut connection);
            connection
        })
        .collect();
    connections.iter_mut().for_each(ask);

    let mut used = Vec::new();
    while used.last().is_none_or(|&used| used > MEASURED / 1000) {
        assert!(
            used.len() < WINDOWS,
            "{used:?} of CPU in {MEASURED:?} each of nothing to do"
        );
        let before = server.cpu_time();
        // It is not waited for anything: this is what is measured.
        std::thread::sleep(MEASURED);
        used.push(server.cpu_time() - before);
    }
    println!("{used:?} of CPU in {MEASURED:?} each of nothing to do");

    connections.iter_mut().for_each(ask);
    drop(connections);
    assert_eq!(server.stop().code, Some(0));
}

fn ask(connection: &mut TcpStream) {
    connection
        .write_all(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("sent");
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while !answer.ends_with(b"\r\n\r\nhello") {
        let count = connection.read(&mut buffer).expect("an answer");
        assert!(
            count > 0,
            "closed after {:?}",
            String::from_utf8_lossy(&answer)
        );
        answer.extend_from_slice(&buffer[..count]);
    }
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{:?}",
        String::from_utf8_lossy(&answer)
    );
}
