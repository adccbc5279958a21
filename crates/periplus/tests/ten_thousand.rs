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

#[test]
fn ten_thousand_connections_are_kept_and_cost_nothing_while_idle() {
    need_descriptors(CLIENTS);
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet"]);
    let mut connections: Vec<TcpStream> = (0..CLIENTS)
        .map(|_| {
            let mut connection = TcpStream::connect(server.address).expect("a connection");
            ask(&mut connection);
            connection
        })
        .collect();
    connections.iter_mut().for_each(ask);

    // Ten seconds are not waited for anything: they are what is measured.
    const MEASURED: Duration = Duration::from_secs(10);
    let before = server.cpu_time();
    std::thread::sleep(MEASURED);
    let used = server.cpu_time() - before;
    assert!(
        used <= MEASURED / 1000,
        "{used:?} of CPU in {MEASURED:?} of nothing to do"
    );

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
