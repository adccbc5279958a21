//! Many at once.

use crate::support::{Folder, Recording, Server, curl, pattern};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;

#[test]
fn two_hundred_connections_at_once_are_all_answered() {
    const CROWD: usize = 200;
    let content = pattern(20_000);
    let folder = Folder::new().with("a.bin", &content);
    let kept = Folder::new();
    let journeys = kept.join("journeys.jsonl");
    let server = Server::start(
        folder.path(),
        &["--journeys".as_ref(), journeys.as_os_str()],
    );
    let config = (0..CROWD).fold(String::new(), |mut config, number| {
        let url = server.url(&format!("/a.bin?{number}"));
        let output = kept.join(&format!("{number}.bin"));
        let _ = writeln!(config, "url = \"{url}\"\noutput = \"{}\"", output.display());
        config
    });
    std::fs::write(kept.join("config"), config).expect("a file");
    let output = curl()
        .args([
            "--fail",
            "--parallel",
            "--parallel-immediate",
            "--parallel-max",
            "200",
            "--config",
        ])
        .arg(kept.join("config"))
        .output()
        .expect("curl is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for number in 0..CROWD {
        let arrived = std::fs::read(kept.join(&format!("{number}.bin"))).expect("an answer");
        assert!(arrived == content, "answer {number} differs");
    }
    assert_eq!(server.stop().code, Some(0));
    let recording = Recording::read(&journeys);
    recording.check();
    assert_eq!(recording.requests().len(), CROWD);
}

#[test]
fn two_hundred_sockets_are_open_at_the_same_time() {
    const CROWD: usize = 200;
    let folder = Folder::new().with("a.txt", b"hello");
    let server = Server::start(folder.path(), &["--quiet"]);
    let mut sockets: Vec<_> = (0..CROWD)
        .map(|_| TcpStream::connect(server.address).expect("a connection"))
        .collect();
    for socket in &mut sockets {
        socket
            .write_all(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .expect("sent");
    }
    for mut socket in sockets {
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nhello"),
            "{answer}"
        );
    }
}

#[test]
fn pipelined_requests_are_answered_in_order_and_each_has_a_journey() {
    let folder = Folder::new()
        .with("a.txt", b"first")
        .with("b.txt", b"second")
        .with("c.txt", b"third");
    let kept = Folder::new();
    let journeys = kept.join("journeys.jsonl");
    let server = Server::start(
        folder.path(),
        &["--journeys".as_ref(), journeys.as_os_str()],
    );
    let mut socket = TcpStream::connect(server.address).expect("a connection");
    let sent = [
        "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /c.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ];
    socket.write_all(sent.concat().as_bytes()).expect("sent");
    let mut answers = String::new();
    socket.read_to_string(&mut answers).expect("answers");
    let places =
        ["first", "second", "third"].map(|content| answers.find(content).expect("an answer"));
    assert!(places.is_sorted(), "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 3);
    assert_eq!(server.stop().code, Some(0));

    let recording = Recording::read(&journeys);
    recording.check();
    let requests = recording.requests();
    let lines: Vec<_> = requests
        .iter()
        .map(|request| request["request"].as_str().unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            "GET /a.txt HTTP/1.1",
            "GET /b.txt HTTP/1.1",
            "GET /c.txt HTTP/1.1"
        ]
    );
    let lengths: Vec<_> = requests
        .iter()
        .map(|request| request["bytes_in"].as_u64().unwrap())
        .collect();
    assert_eq!(
        lengths,
        sent.map(|request| request.len() as u64),
        "the requests' own bytes, not what was read with them"
    );
    assert_eq!(Recording::stations(requests[0])[0], "syn_queue");
    assert!(requests[0]["connect_ns"].is_u64() && requests[1]["connect_ns"].is_null());
    assert!(
        Recording::stations(requests[1]).contains(&"receive_queue"),
        "it waited for its turn"
    );
}
