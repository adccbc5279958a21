//! Five thousand clients over a TAP that ask and do not read, and one that does.

#[path = "command/support/descriptors.rs"]
mod descriptors;
#[path = "command/support/folder.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod folder;
#[path = "command/support/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod server;

use descriptors::need_descriptors;
use folder::{Folder, pattern};
use periplus_tests::in_namespace;
use server::{Server, periplus};
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const SLOW: usize = 5_000;
/// What each of them sends at most. The window of one that is not read is closed long before.
const SENT: usize = 512 * 1024;
/// What the kernel holds for each of them in a direction.
const KERNEL_BUFFER: usize = 16 * 1024;

const MEBIBYTE: usize = 1024 * 1024;
/// Nobody is given up while the test lasts: an answer that comes has come beside all of them.
const CONFIG: &[u8] = b"\
[timeouts]
idle = \"60 min\"
stall = \"60 min\"
[memory]
tcp_mem = \"64 MiB\"
files = \"64 MiB\"
";
/// The most that the server may use: what the file allows, what every connection has in any case (4 KiB a direction, three
/// pieces of a file of 16 KiB) and is made of, and the server itself.
const MEMORY: usize = 128 * MEBIBYTE + SLOW * (2 * 4 + 3 * 16 + 28) * 1024 + 32 * MEBIBYTE;

/// How long the honest client waits for an answer: as long as a machine may take that is busy besides, and not for ever.
const PATIENCE: Duration = Duration::from_secs(300);

/// Asks and does not read.
struct Slow {
    socket: Socket,
    /// A request without its end, over and over; the last of its bytes was sent where the next begins.
    text: &'static [u8],
    sent: usize,
}

/// Pipelined requests for a large file.
const PIPELINED: &[u8] = b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n";
/// A request whose body goes on and on.
const BODY: &[u8] = b"POST /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n";

impl Slow {
    fn connect(server: SocketAddr, text: &'static [u8]) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket
            .set_recv_buffer_size(KERNEL_BUFFER)
            .and_then(|()| socket.set_send_buffer_size(KERNEL_BUFFER))
            .and_then(|()| socket.connect(&server.into()))
            .and_then(|()| socket.set_nonblocking(true))
            .expect("a connection");
        Self {
            socket,
            text,
            sent: 0,
        }
    }

    /// Sends as much as is taken. Says whether anything was.
    fn send(&mut self) -> bool {
        let before = self.sent;
        while self.sent < SENT {
            let rest = &self.text[self.sent % self.text.len()..];
            match (&self.socket).write(rest) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // A request that is refused before its end may be reset.
                Err(_) => {
                    self.sent = SENT;
                    break;
                }
            }
        }
        self.sent > before
    }
}

/// Asks, and reads the answer. Says how long that took.
fn ask(connection: &mut TcpStream) -> Duration {
    let asked = Instant::now();
    connection
        .write_all(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("sent");
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while !answer.ends_with(b"\r\n\r\nhello") {
        let count = connection.read(&mut buffer).expect("an answer in time");
        assert!(count > 0, "closed: {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..count]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    asked.elapsed()
}

fn honest(server: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(server).expect("a connection");
    connection.set_read_timeout(Some(PATIENCE)).expect("a time");
    connection
}

/// The most memory that the server has had at any time.
fn most_memory(server: &Server) -> usize {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.expect("proc(5)").trim().trim_end_matches(" kB");
    kibibytes.parse::<usize>().expect("a number") * 1024
}

#[test]
fn five_thousand_that_do_not_read_do_not_keep_one_from_being_served() {
    if !in_namespace("five_thousand_that_do_not_read_do_not_keep_one_from_being_served") {
        return;
    }
    need_descriptors(SLOW);
    let folder = Folder::new()
        .with("a.txt", b"hello")
        .with("large.bin", &pattern(4 * MEBIBYTE))
        .with("periplus.toml", CONFIG);
    let mut command = periplus();
    command
        .arg("serve")
        .arg(folder.path())
        .args(["--nic", "tap", "--quiet", "--config"])
        .arg(folder.join("periplus.toml"));
    let server = Server::spawn(command);

    let mut connection = honest(server.address);
    ask(&mut connection);
    let mut slow: Vec<Slow> = (0..SLOW)
        .map(|number| {
            let text = if number % 10 == 0 { BODY } else { PIPELINED };
            Slow::connect(server.address, text)
        })
        .collect();
    // They send until nothing more is taken; one who is asked for an answer meanwhile is there as well.
    let (mut slowest, mut quiet) = (Duration::ZERO, 0);
    while quiet < 10 {
        let sending = slow.iter_mut().filter_map(|slow| slow.send().then_some(()));
        quiet = if sending.count() > 0 { 0 } else { quiet + 1 };
        slowest = slowest.max(ask(&mut connection));
    }
    let sent = slow.iter().map(|slow| slow.sent).sum::<usize>();
    let mut slowest_later = Duration::ZERO;
    for _ in 0..50 {
        slowest_later = slowest_later.max(ask(&mut connection));
        slowest_later = slowest_later.max(ask(&mut honest(server.address)));
    }
    // All that ask for the large file are there still, and this one's own connection.
    let there_are = server.connections();
    assert!(there_are > SLOW / 10 * 9, "{there_are} connections");
    let memory = most_memory(&server);
    println!(
        "{} MiB sent, answers after {slowest:?} at most, and {slowest_later:?} later; {} MiB of memory",
        sent / MEBIBYTE,
        memory / MEBIBYTE
    );
    assert!(memory < MEMORY, "{} MiB", memory / MEBIBYTE);

    drop(slow);
    ask(&mut connection);
    drop(connection);
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
}
