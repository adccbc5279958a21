//! Ten thousand clients that stay, and a server that does nothing while they ask nothing.

#[path = "command/support/folder.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod folder;
#[path = "command/support/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod server;

use folder::Folder;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::Server;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const CLIENTS: usize = 10_000;
/// What the process has open besides: its own files, and a few to spare.
const SPARE: usize = 200;

#[test]
fn ten_thousand_connections_are_kept_and_cost_nothing_while_idle() {
    let clients = descriptors().saturating_sub(SPARE).min(CLIENTS);
    assert!(
        clients == CLIENTS,
        "this host allows {} descriptors a process, too few for {CLIENTS} connections: raise the hard limit (ulimit -Hn)",
        clients + SPARE
    );
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet"]);
    let mut connections: Vec<TcpStream> = (0..clients)
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

/// Raises the limit of open descriptors as far as it goes, and says how far that is.
fn descriptors() -> usize {
    let hard = getrlimit(Resource::Nofile).maximum;
    // Where it cannot be raised, the limit that is there is what counts.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: hard,
            maximum: hard,
        },
    );
    getrlimit(Resource::Nofile)
        .current
        .map_or(usize::MAX, |limit| limit as usize)
}
