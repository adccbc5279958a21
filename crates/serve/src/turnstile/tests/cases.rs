//! The cases of a journey, one by one.

use super::bench::Bench;
use super::parser::Parser;
use crate::turnstile::Refusal;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use periplus_journey::{Label, Mark, RequestEnd};
use std::task::Poll;
use tokio::sync::oneshot;

fn ok() -> Response<Full<Bytes>> {
    Response::new(Full::new(Bytes::from_static(b"ok")))
}

/// Answers at once and looks at no content.
async fn at_once(_: Request<Incoming>) -> Response<Full<Bytes>> {
    ok()
}

/// Answers when the content is here.
async fn after_content(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let mut answer = ok();
    if request.into_body().collect().await.is_err() {
        *answer.status_mut() = StatusCode::BAD_REQUEST;
    }
    answer
}

/// A handler that waits for the test before it answers.
fn held() -> (Bench, oneshot::Sender<()>) {
    let (release, held) = oneshot::channel();
    let held = std::cell::RefCell::new(Some(held));
    let bench = Bench::new(move |_| {
        let held = held.borrow_mut().take();
        async move {
            if let Some(held) = held {
                let _ = held.await;
            }
            ok()
        }
    });
    (bench, release)
}

#[test]
fn marks_come_in_the_order_of_the_journey() {
    let mut bench = Bench::new(at_once);
    bench.send("GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n");
    let end = bench.far.sent().len() as u64;
    assert_eq!(
        bench.journal.marks(),
        [
            Mark::Request { start: 0 },
            Mark::Label(Label::Protocol("http/1.1")),
            Mark::Label(Label::Request("GET /a?b HTTP/1.1".into())),
            Mark::RequestEnd {
                end: 30,
                how: RequestEnd::Complete
            },
            Mark::HandlerCalled,
            Mark::Response { start: 0 },
            Mark::Label(Label::Status(200)),
            Mark::ResponseEnd { end },
        ]
    );
}

#[test]
fn a_pipelined_request_waits_where_it_is_until_the_answer_is_written() {
    let (mut bench, release) = held();
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = request.len() as u64;
    bench.send(request.repeat(2));
    assert_eq!((bench.calls(), bench.far.consumed()), (1, length));
    bench.far.set_room(20);
    release.send(()).expect("the handler waits");
    bench.run();
    // The answer's last byte is not written yet.
    assert_eq!((bench.calls(), bench.far.consumed()), (1, length));
    bench.far.set_room(usize::MAX);
    bench.run();
    assert_eq!((bench.calls(), bench.far.consumed()), (2, 2 * length));
}

#[test]
fn empty_lines_before_a_request_belong_to_none() {
    let mut bench = Bench::new(at_once);
    for piece in [
        "\r",
        "\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n",
        "\r\n",
    ] {
        bench.send(piece);
    }
    assert_eq!(bench.requests(), [((4, 31), RequestEnd::Complete)]);
    assert_eq!(bench.far.consumed(), 35);
}

#[test]
fn an_answer_that_ends_with_the_connection_ends_at_shutdown() {
    let mut bench = Bench::new(|_| async {
        // Of unknown length, and HTTP/1.0 knows no chunks.
        Response::new(Full::new(Bytes::from_static(b"streamed")).map_frame(|frame| frame))
    });
    bench.send("GET / HTTP/1.0\r\n\r\n");
    assert!(bench.run());
    assert!(bench.far.text().ends_with("\r\n\r\nstreamed"));
    assert_eq!(bench.answers(), [(0, bench.far.sent().len() as u64)]);
}

#[test]
fn an_error_answer_does_not_wait_for_the_content() {
    let mut bench = Bench::new(|_| async {
        let mut answer = ok();
        *answer.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        answer
    });
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
    bench.send(format!("{head}a beginning"));
    assert!(bench.run());
    let end = head.len() as u64 + 11;
    assert_eq!(bench.requests(), [((0, end), RequestEnd::Rejected)]);
    // Rejected before the answer began: e6 ≤ e7.
    let marks = bench.journal.marks();
    let rejected = marks
        .iter()
        .position(|mark| matches!(mark, Mark::RequestEnd { .. }));
    let begun = marks
        .iter()
        .position(|mark| matches!(mark, Mark::Response { .. }));
    assert!(rejected < begun);
}

#[test]
fn an_answer_may_end_before_its_request() {
    let mut bench = Bench::new(|request: Request<Incoming>| async move {
        // Keeps the content coming, so that hyper goes on reading it.
        let mut content = request.into_body();
        let _ = content.frame().await;
        std::mem::forget(content);
        ok()
    });
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";
    bench.send(format!("{head}12345"));
    assert_eq!(bench.answers(), [(0, bench.far.sent().len() as u64)]);
    bench.send("67890GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let end = head.len() as u64 + 10;
    assert_eq!(bench.requests()[0], ((0, end), RequestEnd::Complete));
}

#[test]
fn a_request_that_never_ends_is_abandoned() {
    for part in ["G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r"] {
        let mut bench = Bench::new(at_once);
        bench.send(part);
        bench.end();
        assert_eq!(
            bench.requests(),
            [((0, part.len() as u64), RequestEnd::Abandoned)],
            "{part:?}"
        );
        assert_eq!(bench.far.text(), "");
    }
}

/// The text without its mark, and the offset after the byte that was marked.
fn unmark(case: &str) -> (String, u64) {
    let mark = case.find('^').expect("every case has a mark");
    (case.replacen('^', "", 1), mark as u64 + 1)
}

#[test]
fn what_breaks_the_grammar_of_a_head_is_answered_400_and_ends_there() {
    // Each with a mark before the byte at which it is refused.
    let cases = [
        "GET / HTTP/1.1^\nHost: a\n\n",
        "GET / HTTP/1.1\r^Host: a\r\n\r\n",
        "^\nGET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b^\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n^ folded\r\n\r\n",
        "GET / HTTP/1.1\r\nA^ : b\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n\r^X",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r^\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1, 1\r^\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r^\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 0x1\r^\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 18446744073709551616\r^\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: \r^\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r^\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: gzip;q=1, chunked\r\n\r^\n",
        "GET ^ / HTTP/1.1\r\n\r\n",
        "GET^\t/ HTTP/1.1\r\n\r\n",
        "GET /^#a HTTP/1.1\r\n\r\n",
        "GET / ^http/1.1\r\n\r\n",
        "GET / HTTP/1.1^0\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r^\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r^\n",
    ];
    for case in cases {
        let (request, end) = unmark(case);
        for piece in [1, 7, request.len()] {
            let mut bench = Bench::new(at_once);
            for part in request.as_bytes().chunks(piece) {
                bench.send(part);
            }
            bench.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
            assert!(bench.run(), "{request:?} keeps the connection open");
            assert!(
                bench.far.text().starts_with("HTTP/1.1 400 "),
                "{request:?} by {piece}"
            );
            assert_eq!(bench.far.consumed(), end);
            assert_eq!(
                bench.requests(),
                [((0, end), RequestEnd::Rejected)],
                "{request:?}"
            );
            assert_eq!((bench.calls(), bench.counters.disagreements.get()), (0, 0));
        }
    }
}

#[test]
fn what_is_refused_for_another_reason_is_left_to_answer_and_hyper_says_nothing() {
    let long_method = format!("{}^A / HTTP/1.1\r\n\r\n", "A".repeat(32));
    // Each with a mark before the byte at which it is refused.
    let cases = [
        ("GET / HTTP/^2.0\r\n\r\n", Refusal::VersionNotSupported),
        ("GET / HTTP/^0.9\r\n\r\n", Refusal::VersionNotSupported),
        (&*long_method, Refusal::MethodTooLong),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r^\n",
            Refusal::CodingNotImplemented,
        ),
    ];
    for (case, refusal) in cases {
        let (request, end) = unmark(case);
        for piece in [1, 7, request.len()] {
            let mut bench = Bench::new(at_once);
            for part in request.as_bytes().chunks(piece) {
                bench.send(part);
            }
            assert!(bench.run(), "{request:?} keeps the connection open");
            assert_eq!(bench.far.text(), "", "{request:?} by {piece}");
            assert_eq!(bench.exchange.owed_refusal(), Some(refusal));
            assert_eq!(bench.requests(), [((0, end), RequestEnd::Rejected)]);
            assert_eq!((bench.calls(), bench.counters.disagreements.get()), (0, 0));
        }
    }
}

#[test]
fn a_higher_minor_version_is_handed_on_as_the_one_that_is_known() {
    for piece in [1, 3, 100] {
        let mut bench = Bench::new(at_once);
        for part in "GET / HTTP/1.7\r\nHost: a\r\n\r\n".as_bytes().chunks(piece) {
            bench.send(part);
        }
        assert!(bench.far.text().starts_with("HTTP/1.1 200 "));
        let label = Mark::Label(Label::Request("GET / HTTP/1.7".into()));
        assert!(bench.journal.marks().contains(&label));
    }
}

#[test]
fn what_breaks_the_grammar_of_a_content_ends_the_stream() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    // Each with a mark before the byte at which it is refused.
    let cases = [
        "5^\nhello\r\n",
        "^\r\n",
        "^+5\r\n",
        "0^x5\r\n",
        "5 ^\r\n",
        "5;a^\nb\r\n",
        "5;^\r\n",
        "5;a=\"b\"^c\r\n",
        "1000000000000000^0\r\n",
        "0000000000000000^5\r\n",
        "5\r\nhello^X\r\n",
        "5\r\nhello\r^X",
        "0\r\nA: b^\n\r\n",
    ];
    for case in cases {
        let (content, end) = unmark(case);
        for piece in [1, head.len() + content.len()] {
            let mut bench = Bench::new(after_content);
            let request = format!("{head}{content}");
            for part in request.as_bytes().chunks(piece) {
                bench.send(part);
            }
            bench.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
            assert!(bench.run(), "{content:?} keeps the connection open");
            assert!(
                bench.far.text().starts_with("HTTP/1.1 400 "),
                "{content:?} by {piece}"
            );
            let end = head.len() as u64 + end;
            assert_eq!(bench.far.consumed(), end);
            assert_eq!(
                bench.requests(),
                [((0, end), RequestEnd::Rejected)],
                "{content:?}"
            );
            assert_eq!((bench.calls(), bench.counters.disagreements.get()), (1, 0));
        }
    }
}

#[test]
fn what_hyper_refuses_is_rejected_without_a_call() {
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(101));
    for (request, status) in [
        ("GET /^< HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\"A\": b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 400),
        (many.as_str(), 431),
    ] {
        let mut bench = Bench::new(at_once);
        bench.send(request);
        assert!(bench.run());
        assert!(
            bench.far.text().starts_with(&format!("HTTP/1.1 {status} ")),
            "{request:?}"
        );
        assert!(
            matches!(bench.requests()[..], [(_, RequestEnd::Rejected)]),
            "{request:?}"
        );
        assert_eq!(
            (bench.calls(), bench.counters.disagreements.get()),
            (0, 0),
            "{request:?}"
        );
    }
}

#[test]
fn a_peer_that_has_ended_its_direction_is_still_answered() {
    let (mut bench, release) = held();
    bench.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    bench.far.end();
    assert!(!bench.run());
    release.send(()).expect("the handler waits");
    assert!(bench.run());
    assert!(bench.far.text().ends_with("ok"));
}

#[test]
fn a_reset_ends_the_handler_at_once() {
    let (mut bench, release) = held();
    bench.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    bench.far.reset();
    assert!(bench.run());
    assert!(release.is_closed());
}

#[test]
fn a_switch_of_protocols_ends_the_journey_and_nothing_passes_after_it() {
    let mut parser = Parser::new();
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    parser.far.send(request);
    parser.take(request);
    let answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    assert!(parser.write(answer.as_bytes()).is_ready());
    assert_eq!(
        parser.journal.marks()[3..],
        [
            Mark::RequestEnd {
                end: request.len() as u64,
                how: RequestEnd::Complete
            },
            Mark::HandlerCalled,
            Mark::Response { start: 0 },
            Mark::Label(Label::Status(101)),
            Mark::ResponseEnd {
                end: answer.len() as u64
            },
        ]
    );
    // It is left to whoever speaks the new protocol.
    parser.far.send("\n\0 not HTTP");
    assert!(parser.read().is_pending());
    assert_eq!(parser.far.consumed(), request.len() as u64);
    assert!(matches!(parser.write(b"nor is this"), Poll::Ready(Err(_))));
    assert_eq!(parser.journal.marks().len(), 8);
}
