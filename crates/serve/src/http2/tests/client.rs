//! A client that speaks in frames.

use crate::counters::ServeCounters;
use crate::http::Http;
use crate::options::ServeOptions;
use crate::server::{ConnectionService, Drain};
use crate::testing::{Far, ListJournal, Whims, line};
use periplus_journey::{Label, Mark};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// A frame that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

/// A connection being served, and the client's end of it.
pub(super) struct Served {
    pub(super) far: Far,
    pub(super) journal: ListJournal,
    pub(super) counters: Arc<ServeCounters>,
    pub(super) draining: watch::Sender<bool>,
}

/// Serves a connection whose client has said what every client begins with.
pub(super) fn served(options: ServeOptions) -> Served {
    let served = silent(options);
    served.far.send(crate::http2::PREFACE);
    served.send(SETTINGS, 0, 0, b"");
    served
}

/// Serves a connection whose client has said nothing.
pub(super) fn silent(options: ServeOptions) -> Served {
    let (near, far) = line();
    let journal = ListJournal::default();
    let counters = Arc::new(ServeCounters::default());
    let http = Http::new(Whims, options, counters.clone());
    let (draining, drain): (_, Drain) = watch::channel(false);
    let marks = journal.clone();
    tokio::task::spawn_local(async move { http.serve(near, marks, drain).await });
    Served {
        far,
        journal,
        counters,
        draining,
    }
}

/// A field section, in the static table's and plain letters (RFC 7541 section 6).
pub(super) fn fields(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    fields_of("http", method, path, more)
}

/// The same, of a scheme.
pub(super) fn fields_of(scheme: &str, method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut section = Vec::new();
    let mut literal = |name: &str, value: &str| {
        section.push(0);
        for text in [name, value] {
            assert!(text.len() < 127, "a length is one byte here");
            section.push(text.len() as u8);
            section.extend(text.as_bytes());
        }
    };
    literal(":method", method);
    literal(":scheme", scheme);
    literal(":path", path);
    for (name, value) in more {
        literal(name, value);
    }
    section
}

/// A frame as it is sent.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

impl Served {
    pub(super) fn send(&self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.far.send(frame(kind, flags, stream, payload));
    }

    /// GETs a target.
    pub(super) fn get(&self, stream: u32, path: &str) {
        let fields = fields("GET", path, &[(":authority", "a")]);
        self.send(HEADERS, END_HEADERS | END_STREAM, stream, &fields);
    }

    /// The whole frames that were sent.
    pub(super) fn frames(&self) -> Vec<Frame> {
        frames(&self.far.sent())
    }

    /// Waits for a frame of a kind on a stream that satisfies `condition`.
    pub(super) async fn until(&self, condition: impl Fn(&Frame) -> bool) {
        let has = |sent: &[u8]| frames(sent).iter().any(&condition);
        let day = Duration::from_secs(24 * 60 * 60);
        let in_time = timeout(day, self.far.until_sent(has)).await;
        in_time.expect("nothing takes longer than a day");
        let sent = self.far.sent();
        assert!(has(&sent), "the line is gone: {:?}", frames(&sent));
    }

    /// Waits until the answer on a stream has ended.
    pub(super) async fn answered(&self, stream: u32) {
        self.until(|frame| frame.stream == stream && frame.flags & END_STREAM != 0)
            .await;
    }

    /// What was sent of a stream's content.
    pub(super) fn content(&self, stream: u32) -> Vec<u8> {
        let frames = self.frames().into_iter();
        let data = frames.filter(|frame| frame.kind == DATA && frame.stream == stream);
        data.flat_map(|frame| frame.payload).collect()
    }

    /// The code that a stream was reset for, or the connection with stream 0.
    pub(super) fn code(&self, stream: u32) -> Option<u32> {
        let found = self
            .frames()
            .into_iter()
            .rev()
            .find(|frame| match frame.kind {
                RST_STREAM => frame.stream == stream,
                GOAWAY => stream == 0,
                _ => false,
            })?;
        let code = &found.payload[if stream == 0 { 4 } else { 0 }..][..4];
        Some(u32::from_be_bytes(code.try_into().expect("four bytes")))
    }

    /// The marks of a stream.
    pub(super) fn marks(&self, stream: u32) -> Vec<Mark> {
        let marks = self.journal.marks_by_stream().into_iter();
        let of_stream = marks.filter(|(of, _)| *of == stream);
        of_stream.map(|(_, mark)| mark).collect()
    }

    /// The status that a stream was answered with.
    pub(super) fn status(&self, stream: u32) -> Option<u16> {
        self.marks(stream).into_iter().find_map(|mark| match mark {
            Mark::Label(Label::Status(status)) => Some(status),
            _ => None,
        })
    }
}

fn frames(mut sent: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let [a, b, c, kind, flags, s, t, r, m, rest @ ..] = sent {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let Some((payload, behind)) = rest.split_at_checked(length) else {
            break;
        };
        frames.push(Frame {
            kind: *kind,
            flags: *flags,
            stream: u32::from_be_bytes([*s, *t, *r, *m]),
            payload: payload.to_vec(),
        });
        sent = behind;
    }
    frames
}
