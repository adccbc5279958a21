//! Any stream of requests, in any pieces: the ranges are exact, and as many as the handler's calls.

use super::bench::{Bench, Range};
use crate::testing::line;
use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use hyper::{Response, StatusCode};
use periplus_journey::RequestEnd;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

#[derive(Clone, Debug)]
struct Asked {
    empty_lines: usize,
    method: &'static str,
    fields: Vec<String>,
    content: Content,
    expect: bool,
    answer: Answer,
}

#[derive(Clone, Debug)]
enum Content {
    None,
    Length(Vec<u8>),
    Chunked {
        chunks: Vec<(Vec<u8>, &'static str)>,
        trailers: Vec<String>,
    },
}

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    body: AnswerBody,
}

/// A body of chunks, with its length known beforehand or not.
#[derive(Clone, Debug)]
struct AnswerBody {
    chunks: VecDeque<Vec<u8>>,
    sized: bool,
    /// Whether it makes its reader wait before each chunk.
    slow: bool,
    waited: bool,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.slow && !self.waited {
            self.waited = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.waited = false;
        let chunk = self.chunks.pop_front();
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(Bytes::from(chunk)))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        if self.sized {
            http_body::SizeHint::with_exact(self.chunks.iter().map(|c| c.len() as u64).sum())
        } else {
            http_body::SizeHint::default()
        }
    }
}

impl Asked {
    fn encode(&self) -> Vec<u8> {
        let mut text = format!("{} /path?query HTTP/1.1\r\nHost: a\r\n", self.method);
        for field in &self.fields {
            text.push_str(field);
            text.push_str("\r\n");
        }
        if self.expect {
            text.push_str("Expect: 100-continue\r\n");
        }
        let mut bytes = text.into_bytes();
        match &self.content {
            Content::None => bytes.extend(b"\r\n"),
            Content::Length(content) => {
                bytes.extend(format!("content-LENGTH:\t {} \r\n\r\n", content.len()).bytes());
                bytes.extend(content);
            }
            Content::Chunked { chunks, trailers } => {
                bytes.extend(b"Transfer-Encoding: Chunked\r\n\r\n");
                for (chunk, extension) in chunks {
                    bytes.extend(format!("{:X}{extension}\r\n", chunk.len()).bytes());
                    bytes.extend(chunk);
                    bytes.extend(b"\r\n");
                }
                bytes.extend(b"0\r\n");
                for trailer in trailers {
                    bytes.extend(format!("{trailer}\r\n").bytes());
                }
                bytes.extend(b"\r\n");
            }
        }
        bytes
    }

    fn content(&self) -> Vec<u8> {
        match &self.content {
            Content::None => Vec::new(),
            Content::Length(content) => content.clone(),
            Content::Chunked { chunks, .. } => {
                chunks.iter().flat_map(|(chunk, _)| chunk.clone()).collect()
            }
        }
    }
}

fn bytes(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    // What looks like framing must not be taken for it inside a content.
    let letters = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'0'), any::<u8>()];
    prop::collection::vec(letters, length)
}

fn content() -> impl Strategy<Value = Content> {
    let extension = prop_oneof![Just(""), Just(";a=b"), Just(" ; x=\"y z\"")];
    let trailer = prop_oneof![Just("Checksum: 7".to_owned()), Just("X:".to_owned())];
    prop_oneof![
        2 => Just(Content::None),
        2 => bytes(0..3000).prop_map(Content::Length),
        2 => (
            prop::collection::vec((bytes(1..600), extension), 0..4),
            prop::collection::vec(trailer, 0..3),
        )
            .prop_map(|(chunks, trailers)| Content::Chunked { chunks, trailers }),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let status = prop_oneof![
        4 => Just(200u16), 1 => Just(204), 1 => Just(304), 1 => Just(404), 1 => Just(500)
    ];
    (
        status,
        prop::collection::vec(bytes(1..5000), 0..4),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(status, chunks, sized, slow)| Answer {
            status,
            body: AnswerBody {
                chunks: chunks.into(),
                sized,
                slow,
                waited: false,
            },
        })
}

fn asked() -> impl Strategy<Value = Asked> {
    let method = prop_oneof![Just("GET"), Just("HEAD"), Just("POST"), Just("BREW")];
    let field = prop_oneof![
        Just("Accept: */*".to_owned()),
        Just("X-Content-Length: 3".to_owned()),
        Just("Transfer-Encodin: chunked".to_owned()),
        Just("Empty:".to_owned()),
        "[a-z]{1,30}".prop_map(|value| format!("Cookie: {value}")),
    ];
    (
        0..3usize,
        method,
        prop::collection::vec(field, 0..4),
        content(),
        any::<bool>(),
        answer(),
    )
        .prop_map(
            |(empty_lines, method, fields, content, expect, answer)| Asked {
                empty_lines,
                method,
                fields,
                content,
                expect,
                answer,
            },
        )
}

/// The whole stream, and the range each request has in it.
fn encode(all: &[Asked]) -> (Vec<u8>, Vec<Range>) {
    let mut stream = Vec::new();
    let mut ranges = Vec::new();
    for asked in all {
        stream.extend(b"\r\n".repeat(asked.empty_lines));
        let start = stream.len() as u64;
        stream.extend(asked.encode());
        ranges.push((start, stream.len() as u64));
    }
    (stream, ranges)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn ranges_are_exact_and_as_many_as_the_calls(
        all in prop::collection::vec(asked(), 0..6),
        pieces in prop::collection::vec(1..2000usize, 1..40),
        rooms in prop::collection::vec(1..3000usize, 0..20),
    ) {
        let (stream, ranges) = encode(&all);
        let seen = Rc::new(RefCell::new(Vec::new()));
        let (contents, answers, ends) = (seen.clone(), all.clone(), ranges.clone());
        let calls = Cell::new(0);
        let (near, far) = line();
        let watched = far.clone();
        let mut bench = Bench::on(near, far, move |request| {
            let call = calls.replace(calls.get() + 1);
            let answer = answers[call].answer.clone();
            let end = ends[call].1;
            let (contents, watched) = (contents.clone(), watched.clone());
            async move {
                let content = request.into_body().collect().await.expect("it is well formed");
                // Nothing behind the request that is passing was taken.
                assert_eq!(watched.consumed(), end);
                contents.borrow_mut().push(content.to_bytes().to_vec());
                let mut response = Response::new(answer.body);
                *response.status_mut() = StatusCode::from_u16(answer.status).expect("a status");
                response
            }
        });
        let mut rooms = rooms.into_iter();
        bench.far.set_room(rooms.next().unwrap_or(usize::MAX));
        let mut rest = &stream[..];
        for piece in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(rest.len().min(*piece));
            bench.send(now);
            rest = later;
            if bench.far.is_full() {
                bench.far.set_room(rooms.next().unwrap_or(usize::MAX));
                bench.run();
            }
        }
        bench.end();

        prop_assert_eq!(bench.counters.disagreements.get(), 0);
        prop_assert_eq!(bench.calls(), all.len());
        let expected: Vec<_> =
            ranges.iter().map(|range| (*range, RequestEnd::Complete)).collect();
        prop_assert_eq!(bench.requests(), expected);
        let contents: Vec<_> = all.iter().map(Asked::content).collect();
        prop_assert_eq!(&*seen.borrow(), &contents);

        // The answers adjoin, but for the interim ones between them, and cover what was sent.
        let sent = bench.far.sent();
        let mut offset = 0;
        let answers = bench.answers();
        prop_assert_eq!(answers.len(), all.len());
        for ((start, end), asked) in answers.into_iter().zip(&all) {
            let interim = &sent[offset as usize..start as usize];
            prop_assert!(interim.is_empty() || interim == b"HTTP/1.1 100 Continue\r\n\r\n");
            let head = format!("HTTP/1.1 {} ", asked.answer.status);
            prop_assert!(sent[start as usize..].starts_with(head.as_bytes()));
            prop_assert!(start < end);
            offset = end;
        }
        prop_assert_eq!(offset, sent.len() as u64);
    }
}
