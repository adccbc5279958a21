//! From HTTP to WebSocket, or not.

use super::client::{FIN, TEXT, asks, frame, served};
use crate::options::ServeOptions;
use crate::testing::block_on;
use crate::websocket::{WebSocketAt, echo, handshake};
use http::{Request, Version};
use http_body_util::Full;

/// The status that a request with these fields is answered with, where it asks for WebSocket.
fn status(request: http::request::Builder, content: &'static str) -> Option<u16> {
    let request = request
        .body(Full::new(bytes::Bytes::from_static(content.as_bytes())))
        .expect("it is well formed");
    handshake::is_asked(&request).then(|| handshake::answer(&request, None).status().as_u16())
}

fn get() -> http::request::Builder {
    Request::get("/ws")
        .header("upgrade", "WebSocket")
        .header("connection", "keep-alive, Upgrade")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

/// The same without a field.
fn without(name: &str) -> http::request::Builder {
    let mut request = get();
    request
        .headers_mut()
        .expect("it is well formed")
        .remove(name);
    request
}

#[test]
fn the_key_is_answered_as_the_standard_has_it() {
    let request = get()
        .body(Full::<bytes::Bytes>::default())
        .expect("it is well formed");
    let answer = handshake::answer(&request, None);
    assert_eq!(
        answer.headers()["sec-websocket-accept"],
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
    assert_eq!(answer.headers()["upgrade"], "websocket");
    assert_eq!(answer.headers()["connection"], "upgrade");
    assert!(!answer.headers().contains_key("sec-websocket-protocol"));
    let chosen = handshake::answer(&request, Some("chat"));
    assert_eq!(chosen.headers()["sec-websocket-protocol"], "chat");
}

#[test]
fn what_is_no_handshake_is_refused() {
    assert_eq!(status(get(), ""), Some(101));
    assert_eq!(status(without("upgrade"), ""), None);
    assert_eq!(
        status(without("upgrade").header("upgrade", "h2c"), ""),
        None
    );
    assert_eq!(
        status(without("upgrade").header("upgrade", "h2c, websocket"), ""),
        Some(101)
    );
    assert_eq!(status(get().version(Version::HTTP_10), ""), None);
    assert_eq!(status(get().method("POST"), ""), Some(400));
    assert_eq!(status(get(), "content"), Some(400));
    assert_eq!(status(without("connection"), ""), Some(400));
    assert_eq!(status(without("sec-websocket-version"), ""), Some(426));
    assert_eq!(status(without("sec-websocket-key"), ""), Some(400));
    for version in ["8", "14", "013", "13, 8"] {
        let request = without("sec-websocket-version").header("sec-websocket-version", version);
        assert_eq!(status(request, ""), Some(426), "{version}");
    }
    for key in [
        "",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25j*Q==",
    ] {
        let request = without("sec-websocket-key").header("sec-websocket-key", key);
        assert_eq!(status(request, ""), Some(400), "{key}");
    }
    let twice = get().header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(status(twice, ""), Some(400));
}

#[test]
fn a_bad_version_is_told_the_good_one_and_may_try_again() {
    block_on(async {
        let (mut client, opened) = served(ServeOptions::default());
        let reply = client.ask(&asks("/").replace(": 13", ": 8")).await;
        assert_eq!(reply.status, 426);
        assert_eq!(reply.field("sec-websocket-version"), Some("13"));
        assert_eq!(reply.field("upgrade"), Some("websocket"));
        assert_eq!(client.ask(&asks("/")).await.status, 101);
        assert_eq!(opened.counters.websockets.get(), 1);
    });
}

#[test]
fn a_handler_that_wants_no_websocket_answers_as_ever() {
    block_on(async {
        let (mut client, opened) = served(ServeOptions::default());
        let reply = client.ask(&asks("/plain")).await;
        assert_eq!((reply.status, &reply.content[..]), (200, &b"plain"[..]));
        let reply = client.ask(&asks("/panic-at-once")).await;
        assert_eq!(
            (reply.status, reply.field("connection")),
            (500, Some("close"))
        );
        assert_eq!(opened.counters.handler_panics.get(), 1);
        assert_eq!(opened.counters.websockets.get(), 0);
    });
}

#[test]
fn frames_that_come_with_the_handshake_wait_for_its_answer() {
    block_on(async {
        let (mut client, mut opened) = served(ServeOptions::default());
        let early = frame(FIN | TEXT, b"early");
        client.far.send([asks("/").as_bytes(), &early].concat());
        assert_eq!(client.reply(true).await.status, 101);
        let echoed = |sent: &[u8]| sent.ends_with(b"\x81\x05early");
        opened.far.until_sent(echoed).await;
        assert!(echoed(&opened.far.sent()));
        opened.far.end();
        opened.ended().await;
    });
}

#[test]
fn a_path_is_the_conversations_only_where_websocket_is_asked_for() {
    use crate::counters::ServeCounters;
    use crate::files::{Files, FolderOptions, Store};
    use crate::http1::Http1;
    use crate::testing::{Client, ListJournal, line};
    use std::sync::Arc;
    block_on(async {
        let root = tempfile::tempdir().expect("a folder can be made");
        let files = || {
            Files::open(root.path(), &FolderOptions::default(), &Store::default())
                .expect("it is there")
        };
        let client = || {
            let handler = WebSocketAt::new("/ws", echo, files());
            let http1 = Http1::new(
                handler,
                ServeOptions::default(),
                Arc::<ServeCounters>::default(),
            );
            let (near, far) = line();
            let (draining, drain) = tokio::sync::watch::channel(false);
            tokio::task::spawn_local(async move {
                http1.serve(near, ListJournal::default(), drain).await;
                drop(draining);
            });
            Client::new(far)
        };
        let mut nothing_there = client();
        let reply = nothing_there.get("/ws").await;
        assert_eq!(
            (reply.status, reply.field("upgrade")),
            (426, Some("websocket"))
        );
        assert_eq!(nothing_there.get("/other").await.status, 404);
        assert_eq!(nothing_there.ask(&asks("/other")).await.status, 404);
        assert_eq!(nothing_there.ask(&asks("/ws")).await.status, 101);

        std::fs::write(root.path().join("ws"), "a file").expect("it is new");
        let mut file_there = client();
        let reply = file_there.get("/ws").await;
        assert_eq!((reply.status, &reply.content[..]), (200, &b"a file"[..]));
        assert_eq!(file_there.ask(&asks("/ws")).await.status, 101);
    });
}
