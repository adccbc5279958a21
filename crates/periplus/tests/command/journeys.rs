//! The record, on the terminal and in the file.

use crate::support::{Folder, Recording, Server, get};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn the_first_journey_is_on_the_terminal_and_the_limits_of_the_record_are_said_once() {
    let folder = Folder::new().with("a.txt", b"hello");
    let mut server = Server::start(folder.path(), &[] as &[&str]);
    get(&server.url("/a.txt"), &[]);
    let title = server.wait_for_line("GET /a.txt HTTP/1.1");
    assert!(
        title.contains("→ 200,") && title.contains("(journey 1)"),
        "{title}"
    );
    for station in [
        "syn_queue",
        "accept_queue",
        "receive_queue",
        "parse",
        "process",
        "file_read",
        "send_queue",
    ] {
        server.wait_for_line(station);
    }
    server.wait_for_line("total");
    // At once, so that they do not come a second apart, however busy the machine is: then each would be shown.
    let next = "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50);
    let last = "GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut socket = TcpStream::connect(server.address).expect("a connection");
    socket.write_all((next + last).as_bytes()).expect("sent");
    socket.read_to_end(&mut Vec::new()).expect("answers");
    let ended = server.stop();
    let said_first = format!("Serving {} on http://127.0.0.1:", folder.path().display());
    assert!(ended.talk.starts_with(&said_first), "{}", ended.talk);
    assert_eq!(
        ended.talk.matches("outside the record").count(),
        1,
        "{}",
        ended.talk
    );
    assert!(ended.talk.contains("not shown"), "{}", ended.talk);
    assert!(
        !ended.talk.contains('\x1b'),
        "no colour where nobody sees it"
    );
    assert!(
        ended.data.is_empty(),
        "stdout is data, and none was asked for"
    );
}

#[test]
fn quiet_says_the_address_and_nothing_of_journeys() {
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet"]);
    get(&server.url("/a.txt"), &[]);
    let ended = server.stop();
    assert!(!ended.talk.contains("syn_queue"), "{}", ended.talk);
}

#[test]
fn a_dash_writes_the_journeys_to_stdout() {
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet", "--journeys", "-"]);
    get(&server.url("/a.txt"), &[]);
    let address = server.address.to_string();
    let recording = Recording::parse(&server.stop().data);
    recording.check();
    let requests = recording.requests();
    assert_eq!(requests.len(), 1);
    let request = requests[0];
    assert_eq!(request["v"], 1);
    assert_eq!(request["device"], "memory");
    assert_eq!(request["local"], address);
    assert!(
        request["peer"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{request}"
    );
    assert_eq!(request["handshake"], "queue");
    assert_eq!(request["protocol"], "http/1.1");
    assert_eq!(request["request"], "GET /a.txt HTTP/1.1");
    assert_eq!(request["status"], 200);
    assert_eq!(request["outcome"], "answered");
    assert_eq!(request["coarse"], false);
    let stations = Recording::stations(request);
    assert_eq!(stations.first(), Some(&"syn_queue"));
    assert_eq!(stations.last(), Some(&"retransmit_queue"));
    let overlays = request["overlay"].as_array().unwrap();
    assert!(
        overlays
            .iter()
            .any(|overlay| overlay["station"] == "file_read"),
        "{request}"
    );
}

#[test]
fn what_the_server_answers_for_lies_within_what_its_client_waited() {
    const REQUESTS: usize = 25;
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet", "--journeys", "-"]);
    let waits: Vec<Duration> = (0..REQUESTS)
        .map(|_| {
            let asked = Instant::now();
            get(&server.url("/a.txt"), &[]);
            asked.elapsed()
        })
        .collect();
    let recording = Recording::parse(&server.stop().data);
    recording.check();
    let mut times: Vec<_> = recording
        .requests()
        .iter()
        .map(|request| request["server_ns"].as_u64().expect("it was answered"))
        .map(Duration::from_nanos)
        .collect();
    assert_eq!(times.len(), REQUESTS);
    assert!(
        times.iter().zip(&waits).all(|(time, wait)| time <= wait),
        "{times:?} {waits:?}"
    );
    // An idle machine answers within a millisecond. On a busy one it takes as long as it takes, but not a second each time.
    times.sort_unstable();
    let (shortest, median, longest) = (times[0], times[REQUESTS / 2], times[REQUESTS - 1]);
    println!(
        "the server's part of {REQUESTS} requests: {shortest:?} to {longest:?}, median {median:?}"
    );
    assert!(shortest < Duration::from_secs(1), "{times:?}");
}

#[test]
fn a_connection_without_a_request_has_a_record() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &["--quiet", "--journeys", "-"]);
    let socket = std::net::TcpStream::connect(server.address).expect("a connection");
    socket
        .shutdown(std::net::Shutdown::Write)
        .expect("it can be ended");
    // The server ends it too, which is how we know that it was there.
    assert_eq!(
        std::io::Read::read(&mut &socket, &mut [0; 1]).expect("an orderly end"),
        0
    );
    let recording = Recording::parse(&server.stop().data);
    recording.check();
    assert_eq!(recording.all().len(), 1);
    assert_eq!(recording.all()[0]["kind"], "connection");
    assert!(recording.all()[0].get("request").is_none());
}
