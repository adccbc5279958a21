//! A client that writes and reads frames by hand, and a server of one connection on a line in memory.

use crate::counters::ServeCounters;
use crate::handler::Handler;
use crate::http1::Http1;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::request_body::RequestBody;
use crate::testing::{Client, Far, ListJournal, line};
use crate::websocket::{Close, Conversation, Message, WebSocket};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use periplus_journey::Mark;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xa;
pub(super) const FIN: u8 = 0x80;

const MASK: [u8; 4] = [0x5a, 0x00, 0xff, 0x13];

/// A frame from a client: first byte, the length as short as it can be, the mask, the payload.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | length as u8),
        length @ ..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

/// A Close frame from a client.
pub(super) fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.as_bytes());
    frame(FIN | CLOSE, &payload)
}

/// What a conversation hears and says in a test.
pub(super) type Heard = Rc<RefCell<Vec<Message>>>;

/// Speaks as the path says.
pub(super) struct Moods {
    pub(super) heard: Heard,
}

impl<M: Marks> Handler<M> for Moods {
    type Body = Full<Bytes>;

    async fn handle(&self, _: Request<RequestBody>, _: &M) -> Response<Full<Bytes>> {
        Response::new(Full::new(Bytes::from_static(b"plain")))
    }

    fn websocket(&self, request: &Request<RequestBody>, _: &M) -> Option<Conversation> {
        let mood = request.uri().path().to_owned();
        let heard = self.heard.clone();
        match &*mood {
            "/plain" => None,
            "/panic-at-once" => panic!("as it was asked to"),
            _ => Some(Conversation::new(move |socket| speak(mood, socket, heard))),
        }
    }
}

async fn speak(mood: String, mut socket: WebSocket, heard: Heard) -> Close {
    if mood == "/greets" {
        socket
            .send(Message::text("welcome"))
            .await
            .expect("it is open");
    }
    while let Some(message) = socket.receive().await {
        heard.borrow_mut().push(message.clone());
        match &*mood {
            "/silent" => continue,
            "/panics" => panic!("as it was asked to"),
            "/hangs" => std::future::pending().await,
            "/leaves" => return Close::new(4001, "that was enough"),
            _ => {}
        }
        if socket.send(message.clone()).await.is_err() {
            break;
        }
        if mood == "/repeats" && socket.send(message).await.is_err() {
            break;
        }
    }
    heard.borrow_mut().push(Message::text("the end"));
    Close::normal()
}

/// A WebSocket whose server is under test.
pub(super) struct Opened {
    pub(super) far: Far,
    /// Where what was not read yet begins.
    offset: usize,
    pub(super) journal: ListJournal,
    pub(super) counters: Arc<ServeCounters>,
    pub(super) heard: Heard,
    pub(super) draining: watch::Sender<bool>,
    pub(super) serving: JoinHandle<()>,
    /// The bytes received and sent, and the marks set, before the first frame.
    pub(super) before: (u64, u64, usize),
}

/// A request that opens a WebSocket.
pub(super) fn asks(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// Serves a connection with an HTTP client at its other end.
pub(super) fn served(options: ServeOptions) -> (Client, Opened) {
    let (near, far) = line();
    let journal = ListJournal::default();
    let counters = Arc::new(ServeCounters::default());
    let heard = Heard::default();
    let moods = Moods {
        heard: heard.clone(),
    };
    let http1 = Http1::new(moods, options, counters.clone());
    let (draining, drain) = watch::channel(false);
    let marks = journal.clone();
    let serving = tokio::task::spawn_local(async move { http1.serve(near, marks, drain).await });
    let opened = Opened {
        far: far.clone(),
        offset: 0,
        journal,
        counters,
        heard,
        draining,
        serving,
        before: (0, 0, 0),
    };
    (Client::new(far), opened)
}

/// Opens a WebSocket at a path.
pub(super) async fn open(path: &str) -> Opened {
    open_with(path, ServeOptions::default()).await
}

/// Opens a WebSocket of a server with such options.
pub(super) async fn open_with(path: &str, options: ServeOptions) -> Opened {
    let (mut client, mut opened) = served(options);
    let reply = client.ask(&asks(path)).await;
    assert_eq!(reply.status, 101);
    let sent = opened.far.sent();
    let head = sent.windows(4).position(|end| end == b"\r\n\r\n");
    opened.offset = head.expect("the head has ended") + 4;
    opened.before = (
        asks(path).len() as u64,
        opened.offset as u64,
        opened.journal.marks().len(),
    );
    opened
}

impl Opened {
    /// Sends a frame.
    pub(super) fn send(&self, first: u8, payload: &[u8]) {
        self.far.send(frame(first, payload));
    }

    /// The next frame from the server: its first byte, and its payload. `None` if it has ended.
    pub(super) async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let start = self.offset;
        self.far
            .until_sent(|sent| outline(&sent[start..]).is_some())
            .await;
        let sent = self.far.sent();
        let (header, length) = outline(&sent[start..])?;
        assert_eq!(sent[start + 1] & 0x80, 0, "a server does not mask");
        self.offset += header + length;
        Some((sent[start], sent[start + header..self.offset].to_vec()))
    }

    /// The offset of what was not read yet.
    pub(super) fn read_to(&self) -> u64 {
        self.offset as u64
    }

    /// Whether nothing was sent that was not read.
    pub(super) fn is_read(&self) -> bool {
        self.far.sent().len() == self.offset
    }

    /// The next frame, which must be a Close: its code.
    pub(super) async fn closed(&mut self) -> u16 {
        let (first, payload) = self.next().await.expect("it says why");
        assert_eq!(first, FIN | CLOSE);
        u16::from_be_bytes([payload[0], payload[1]])
    }

    /// Waits for the end of the connection.
    pub(super) async fn ended(&mut self) {
        self.far.dropped().await;
        (&mut self.serving)
            .await
            .expect("the server does not panic");
    }

    /// The marks set since the opening.
    pub(super) fn marks(&self) -> Vec<Mark> {
        self.journal.marks().split_off(self.before.2)
    }
}

/// The lengths of a whole frame's header and payload.
fn outline(bytes: &[u8]) -> Option<(usize, usize)> {
    let (header, length) = match bytes.get(1)? & 0x7f {
        126 => (
            4,
            u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?).into(),
        ),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
        length => (2, length.into()),
    };
    let length = usize::try_from(length).ok()?;
    (bytes.len() >= header + length).then_some((header, length))
}
