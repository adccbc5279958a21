//! How a server ends.

use crate::support::{Folder, Recording, Server, get, pattern};
use rustix::process::Signal;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

/// More than the sockets' buffers of host and stack hold together (5 MiB, where the host gives a sender the usual 4), so that it is
/// in flight for as long as nobody reads; and no more, as the end is waited for ten seconds on a slow machine as well.
const LARGE: usize = 24 * 1024 * 1024;

/// Asks for the large file and reads the first bytes of the answer, no more.
fn begin_download(server: &Server) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).expect("a connection");
    socket
        .write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("sent");
    let mut first = [0; 12];
    socket.read_exact(&mut first).expect("the answer begins");
    assert_eq!(&first, b"HTTP/1.1 200");
    socket
}

#[test]
fn sigterm_finishes_the_download_in_flight_and_exits_with_0() {
    let content = pattern(LARGE);
    let folder = Folder::new().with("large.bin", &content);
    let kept = Folder::new();
    let journeys = kept.join("journeys.jsonl");
    let mut server = Server::start(
        folder.path(),
        &["--journeys".as_ref(), journeys.as_os_str()],
    );
    let mut download = begin_download(&server);
    server.signal(Signal::TERM);
    server.wait_for_line("Draining");
    let refused = TcpStream::connect(server.address).expect_err("it accepts no more");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    let mut rest = Vec::new();
    download
        .read_to_end(&mut rest)
        .expect("the rest of the answer");
    let head = rest
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("the end of the headers")
        + 4;
    assert!(rest[head..] == content, "the bytes differ");
    let ended = server.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert!(!ended.talk.contains("cut off"), "{}", ended.talk);
    assert!(ended.talk.contains("frames came in"), "{}", ended.talk);

    let recording = Recording::read(&journeys);
    recording.check();
    assert_eq!(recording.requests().len(), 1);
    assert_eq!(recording.requests()[0]["outcome"], "answered");
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = Folder::new().with("large.bin", &pattern(LARGE));
    let mut server = Server::start(folder.path(), &["--journeys", "-"]);
    let _nobody_reads = begin_download(&server);
    server.signal(Signal::INT);
    server.wait_for_line("Draining");
    server.signal(Signal::INT);
    let ended = server.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert!(!ended.talk.contains("cut off"), "{}", ended.talk);
    let recording = Recording::parse(&ended.data);
    recording.check();
    assert_eq!(
        recording.requests().len(),
        1,
        "what was cut off has a journey too"
    );
    assert_ne!(recording.requests()[0]["outcome"], "answered");
}

#[test]
fn a_connection_that_asks_nothing_does_not_hold_up_the_end() {
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet"]);
    let mut silent = TcpStream::connect(server.address).expect("a connection");
    let mut kept_alive = TcpStream::connect(server.address).expect("a connection");
    kept_alive
        .write_all(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("sent");
    let mut answer = vec![0; 12];
    kept_alive.read_exact(&mut answer).expect("an answer");
    assert_eq!(get(&server.url("/a.txt"), &[]).body, b"hello");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert!(!ended.talk.contains("cut off"), "{}", ended.talk);
    assert_eq!(silent.read(&mut answer).expect("an orderly end"), 0);
}
