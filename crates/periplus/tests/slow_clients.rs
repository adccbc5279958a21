//! Ten thousand clients over a TAP that say nothing, a thousand that read a byte a second, a thousand that send a header a byte a
//! second, and honest ones: those are served as if they were alone, and the others are given up, each with its reason.

#[path = "command/support/descriptors.rs"]
mod descriptors;
#[path = "command/support/folder.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod folder;
#[path = "command/support/recording.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod recording;
#[path = "command/support/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the command")]
mod server;

use descriptors::need_descriptors;
use folder::{Folder, pattern};
use periplus_tests::in_namespace_with_tap;
use recording::Recording;
use serde_json::Value;
use server::{Server, periplus};
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const SILENT: usize = 10_000;
const READERS: usize = 1_000;
const HEADERS: usize = 1_000;

/// Threads that connect at the same time.
const AT_A_TIME: usize = 8;

const MEBIBYTE: usize = 1024 * 1024;

/// The times are shortened (`idle` is [`IDLE`]); what a client must take in a second, and how memory is shared out, are the usual.
const CONFIG: &[u8] = b"\
[timeouts]
idle = \"15 s\"
header = \"10 s\"
stall = \"5 s\"
[tcp]
tcp_fin_timeout = 1
[memory]
tcp_mem = \"128 MiB\"
files = \"64 MiB\"
";

const IDLE: Duration = Duration::from_secs(15);

/// The most that the server may use beyond what it had before they came: what the file allows, what a reader has in any case (4 KiB
/// a direction, three pieces of a file of 16 KiB), and what a connection is made of.
const MEMORY: usize =
    192 * MEBIBYTE + READERS * (2 * 4 + 3 * 16) * 1024 + (SILENT + READERS + HEADERS) * 28 * 1024;

/// What an honest client bears: 99 of a hundred answers come within it. That is said, and not asserted, as the machine may be slow.
const BORNE: Duration = Duration::from_millis(20);
/// What no machine is too slow for: an honest client does not wait until any of the others is given up, of whom `stall` is the first.
const P99: Duration = Duration::from_secs(5);
/// Answers of one measurement, on a connection that stays and on a new one each.
const KEPT: usize = 300;
const NEW: usize = 100;
/// When the last of the others must be gone: a reader is looked at after `idle`, and a `stall` later, which is half a minute. The
/// rest is for a machine that is busy besides.
const PATIENCE: Duration = Duration::from_secs(300);

/// The clients that are not honest.
struct Crowd {
    _silent: Vec<Socket>,
    readers: Vec<Socket>,
    headers: Vec<Socket>,
}

impl Crowd {
    /// Many at a time, or the first would be given up before the last is here.
    fn connect(server: SocketAddr) -> Self {
        std::thread::scope(|scope| {
            let many = |number: usize, connect: fn(SocketAddr) -> Socket| {
                let threads: Vec<_> = (0..AT_A_TIME)
                    .map(|_| {
                        let share = number / AT_A_TIME;
                        scope.spawn(move || (0..share).map(|_| connect(server)).collect::<Vec<_>>())
                    })
                    .collect();
                let joined = threads.into_iter().map(|thread| thread.join());
                joined.flat_map(|made| made.expect("connections")).collect()
            };
            Self {
                _silent: many(SILENT, silent),
                readers: many(READERS, reader),
                headers: many(HEADERS, header),
            }
        })
    }

    /// Reads and sends a byte of each every second, until nobody wants it any more.
    fn dawdle(&mut self, end: &Receiver<()>) {
        let second = Duration::from_secs(1);
        while end.recv_timeout(second) == Err(RecvTimeoutError::Timeout) {
            // They end one after the other, and whoever has ended is none the slower for being asked.
            for reader in &mut self.readers {
                let _ = reader.read(&mut [0]);
            }
            for connection in &mut self.headers {
                let _ = connection.write(b"a");
            }
        }
    }
}

fn silent(server: SocketAddr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.connect(&server.into()).expect("a connection");
    socket
}

/// Asks for a file that fits into no buffer on the way.
fn reader(server: SocketAddr) -> Socket {
    let mut socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket
        .set_recv_buffer_size(4096)
        .and_then(|()| socket.connect(&server.into()))
        .and_then(|()| socket.write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n"))
        .and_then(|()| socket.set_nonblocking(true))
        .expect("a connection");
    socket
}

/// Begins a header section.
fn header(server: SocketAddr) -> Socket {
    let mut socket = silent(server);
    socket
        .write_all(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        .and_then(|()| socket.set_nonblocking(true))
        .expect("sent");
    socket
}

/// Asks, and reads the answer. Says how long that took since `begun`.
fn ask(connection: &mut TcpStream, begun: Instant) -> Duration {
    connection
        .write_all(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("sent");
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while !answer.ends_with(b"\r\n\r\nhello") {
        let count = match connection.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.expect("an answer in time"),
        };
        assert!(count > 0, "closed: {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..count]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    begun.elapsed()
}

fn honest(server: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(server).expect("a connection");
    connection.set_read_timeout(Some(PATIENCE)).expect("a time");
    connection
}

/// The 99th percentile of the answers on a connection that stays, and of those on new ones, connecting included.
fn p99(kept: &mut TcpStream, server: SocketAddr) -> [Duration; 2] {
    let on_kept = (0..KEPT).map(|_| ask(kept, Instant::now())).collect();
    let on_new = (0..NEW).map(|_| {
        let begun = Instant::now();
        ask(&mut honest(server), begun)
    });
    [on_kept, on_new.collect()].map(|mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() * 99 / 100 - 1]
    })
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}

/// What proc(5) calls `name` of the server's memory.
fn memory(server: &Server, name: &str) -> usize {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.expect("proc(5)").trim().trim_end_matches(" kB");
    kibibytes.parse::<usize>().expect("a number") * 1024
}

#[test]
fn twelve_thousand_slow_clients_are_given_up_with_a_reason_and_honest_ones_served_meanwhile() {
    if !in_namespace_with_tap(
        "twelve_thousand_slow_clients_are_given_up_with_a_reason_and_honest_ones_served_meanwhile",
    ) {
        return;
    }
    need_descriptors(SILENT + READERS + HEADERS);
    let kept = Folder::new();
    let journeys = kept.join("journeys.jsonl");
    let folder = Folder::new()
        .with("a.txt", b"hello")
        .with("large.bin", &pattern(4 * MEBIBYTE))
        .with("periplus.toml", CONFIG);
    let mut command = periplus();
    command
        .arg("serve")
        .arg(folder.path())
        .args(["--nic", "tap", "--quiet", "--config"])
        .arg(folder.join("periplus.toml"))
        .arg("--journeys")
        .arg(&journeys);
    let server = Server::spawn(command);
    let alone = p99(&mut honest(server.address), server.address);
    let before = memory(&server, "VmRSS:");

    let begun = Instant::now();
    let mut crowd = Crowd::connect(server.address);
    let there_are = server.connections();
    let connected = begun.elapsed();
    let mut connection = honest(server.address);
    let (end, ended) = channel();
    let dawdling = std::thread::spawn(move || {
        crowd.dawdle(&ended);
        crowd
    });
    let (mut windows, all_here) = (Vec::new(), Instant::now());
    let reaped = loop {
        windows.push(p99(&mut connection, server.address));
        // The honest one's own connection is left, and perhaps the last of its short ones.
        if server.connections() <= 2 {
            break begun.elapsed();
        }
        assert!(
            all_here.elapsed() < PATIENCE,
            "{} left",
            server.connections()
        );
    };
    let (most, after) = (memory(&server, "VmHWM:"), memory(&server, "VmRSS:"));
    end.send(()).expect("it dawdles");
    let crowd = dawdling.join().expect("no panic");
    let (on_kept, on_new): (Vec<_>, Vec<_>) = windows.iter().map(|&[a, b]| (a, b)).unzip();
    println!(
        "{there_are} connections after {connected:?}, the last slow one gone after {reaped:?}; p99 alone {alone:?}, \
         beside them {:?} and on new connections {:?} (medians of {} windows, at most {:?} and {:?}), where {BORNE:?} are borne; \
         memory {} MiB before, {} at most, {} after",
        median(&on_kept),
        median(&on_new),
        windows.len(),
        on_kept.iter().max(),
        on_new.iter().max(),
        before / MEBIBYTE,
        most / MEBIBYTE,
        after / MEBIBYTE
    );
    // Where connecting takes longer than the first are borne with, they cannot all be there at the same time.
    assert!(there_are > SILENT + READERS || connected > IDLE);
    assert!(median(&on_kept) < P99 && median(&on_new) < P99);
    assert!(most - before < MEMORY, "{} MiB", most / MEBIBYTE);

    drop((connection, crowd));
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    let recording = Recording::read(&journeys);
    recording.check();
    let with_reason = |kind: &str, reason: &str| {
        let records = recording.all().iter();
        let given_up = records.filter(|record| {
            record["kind"] == kind && record["outcome"] == "timeout" && record["reason"] == reason
        });
        given_up.count()
    };
    assert_eq!(with_reason("connection", "idle_timeout"), SILENT);
    assert_eq!(with_reason("request", "slow_reader"), READERS);
    assert_eq!(with_reason("request", "header_timeout"), HEADERS);
    let answered = |record: &&Value| record["outcome"] == "answered";
    let others = recording.requests().len() - READERS - HEADERS;
    let served = recording.requests().into_iter().filter(answered).count();
    assert_eq!(others, served, "nobody else was given up");
}
