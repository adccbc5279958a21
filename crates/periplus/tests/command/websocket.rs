//! The WebSocket of the command, with an ordinary client on the host's sockets.

use crate::support::{Folder, Recording, Server, get, pattern};
use rustix::process::Signal;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

fn open(server: SocketAddr) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(server).expect("a connection");
    let (client, answer) = tungstenite::client("ws://a/ws", stream).expect("it is opened");
    assert_eq!(answer.status(), 101);
    client
}

fn echoes(client: &mut WebSocket<TcpStream>, message: Message) {
    client.send(message.clone()).expect("sent");
    assert!(
        client.read().expect("an echo") == message,
        "it is not what was said"
    );
}

/// Closes in order.
fn close(mut client: WebSocket<TcpStream>) {
    client.close(None).expect("said");
    while client.read().is_ok() {}
}

#[test]
fn what_is_said_comes_back_and_has_a_journey() {
    const CLIENTS: usize = 20;
    let folder = Folder::new();
    let kept = Folder::new();
    let journeys = kept.join("journeys.jsonl");
    let options = [
        "--quiet".as_ref(),
        "--journeys".as_ref(),
        journeys.as_os_str(),
    ];
    let server = Server::start(folder.path(), &options);
    thread::scope(|threads| {
        for number in 0..CLIENTS {
            let server = server.address;
            threads.spawn(move || {
                let mut client = open(server);
                echoes(&mut client, Message::text(format!("from {number:02}")));
                echoes(&mut client, Message::binary(pattern(100 * 1024)));
                close(client);
            });
        }
    });
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    let recording = Recording::read(&journeys);
    recording.check();
    let count = |protocol: &str, request: &str| {
        let requests = recording.requests();
        let same = requests.iter().filter(|record| {
            record["protocol"] == protocol
                && record["request"] == request
                && record["outcome"] == "answered"
        });
        same.count()
    };
    assert_eq!(count("http/1.1", "GET /ws HTTP/1.1"), CLIENTS);
    assert_eq!(count("websocket", "text 7 bytes"), CLIENTS);
    assert_eq!(count("websocket", "binary 102400 bytes"), CLIENTS);
    assert_eq!(recording.all().len(), 3 * CLIENTS);
}

#[test]
fn who_is_there_when_the_server_ends_is_told() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &["--quiet"]);
    let mut client = open(server.address);
    echoes(&mut client, Message::text("still here"));
    server.signal(Signal::TERM);
    let Message::Close(Some(close)) = client.read().expect("a word") else {
        panic!("it says something else");
    };
    assert_eq!(close.code, CloseCode::Away);
    // The closing handshake goes on while it is read.
    assert!(client.read().is_err());
    let ended = server.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.talk);
    assert!(!ended.talk.contains("cut off"), "{}", ended.talk);
}

#[test]
fn a_plain_request_finds_the_file_or_is_told_what_is_there() {
    let folder = Folder::new();
    let server = Server::start(folder.path(), &["--quiet"]);
    let answer = get(&server.url("/ws"), &[]);
    assert_eq!(answer.status(), 426);
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    drop(server);

    let folder = Folder::new().with("ws", b"a file of that name");
    let server = Server::start(folder.path(), &["--quiet"]);
    let answer = get(&server.url("/ws"), &[]);
    assert_eq!(
        (answer.status(), &answer.body[..]),
        (200, &b"a file of that name"[..])
    );
    let mut client = open(server.address);
    echoes(&mut client, Message::text("and the echo"));
    close(client);
    assert_eq!(server.stop().code, Some(0));
}
