//! Requests, and what is told of them.

use super::client::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, fields, fields_of,
    frame, served, silent,
};
use crate::http2::PREFACE;
use crate::options::ServeOptions;
use crate::testing::block_on;
use periplus_journey::{Label, Mark, RequestEnd};
use std::time::Duration;
use tokio::time::sleep;

/// Where the first frame behind the preface and the SETTINGS of the client begins.
const FIRST: u64 = PREFACE.len() as u64 + 9;

/// RFC 9113 section 7.
const CANCEL: u32 = 0x8;
const PROTOCOL_ERROR: u32 = 0x1;

#[test]
fn a_request_is_its_frame_and_so_is_its_answer() {
    block_on(async {
        let served = served(ServeOptions::default());
        let asked = fields("GET", "/", &[(":authority", "a")]).len() as u64 + 9;
        served.get(1, "/");
        served.answered(1).await;
        assert_eq!(served.content(1), b"hello");
        let sent = served.far.sent().len() as u64;
        let (mut start, mut headers) = (0, 0);
        for frame in served.frames() {
            if frame.stream == 1 {
                headers = frame.payload.len() as u64 + 9;
                break;
            }
            start += frame.payload.len() as u64 + 9;
        }
        let end = start + headers + 9 + 5;
        assert!(end <= sent);
        let expected = [
            Mark::Request { start: FIRST },
            Mark::Label(Label::Protocol("http/2")),
            Mark::Label(Label::Request("GET / HTTP/2".into())),
            Mark::RequestEnd {
                end: FIRST + asked,
                how: RequestEnd::Complete,
            },
            Mark::HandlerCalled,
            Mark::Response { start },
            Mark::Label(Label::Status(200)),
            Mark::Carried {
                received: asked,
                sent: end - start,
            },
            Mark::ResponseEnd { end },
        ];
        assert_eq!(served.marks(1), expected);
    });
}

#[test]
fn bytes_may_come_one_at_a_time() {
    block_on(async {
        let served = silent(ServeOptions::default());
        let mut bytes = PREFACE.to_vec();
        bytes.extend(frame(4, 0, 0, b""));
        let fields = fields("POST", "/echo", &[(":authority", "a")]);
        let (first, second) = fields.split_at(7);
        bytes.extend(frame(HEADERS, 0, 1, first));
        bytes.extend(frame(CONTINUATION, END_HEADERS, 1, second));
        bytes.extend(frame(DATA, 0, 1, b"con"));
        bytes.extend(frame(DATA, END_STREAM, 1, b"tent"));
        let whole = bytes.len() as u64;
        // The first letters tell which version it is.
        served.far.send(&bytes[..3]);
        for byte in &bytes[3..] {
            tokio::task::yield_now().await;
            served.far.send([*byte]);
        }
        served.answered(1).await;
        assert_eq!(served.content(1), b"content");
        let marks = served.marks(1);
        assert!(marks.contains(&Mark::Request { start: FIRST }));
        assert!(marks.contains(&Mark::RequestEnd {
            end: whole,
            how: RequestEnd::Complete
        }));
    });
}

#[test]
fn content_counts_for_its_own_stream() {
    block_on(async {
        let served = served(ServeOptions::default());
        let asked = fields("POST", "/echo", &[(":authority", "a")]);
        for stream in [1, 3] {
            served.send(HEADERS, END_HEADERS, stream, &asked);
        }
        served.send(DATA, END_STREAM, 3, b"three");
        served.send(DATA, END_STREAM, 1, b"one");
        served.answered(1).await;
        served.answered(3).await;
        assert_eq!(
            (&served.content(1)[..], &served.content(3)[..]),
            (&b"one"[..], &b"three"[..])
        );
        let received = |stream| {
            served
                .marks(stream)
                .into_iter()
                .find_map(|mark| match mark {
                    Mark::Carried { received, .. } => Some(received),
                    _ => None,
                })
        };
        let head = asked.len() as u64 + 9;
        assert_eq!(received(1), Some(head + 9 + 3));
        assert_eq!(received(3), Some(head + 9 + 5));
    });
}

#[test]
fn who_takes_a_request_back_is_told_of_and_the_others_go_on() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.get(1, "/never");
        served.get(3, "/slow");
        served.send(RST_STREAM, 0, 1, &CANCEL.to_be_bytes());
        served.answered(3).await;
        let last = served.marks(1).pop();
        assert_eq!(
            last,
            Some(Mark::Reset {
                reason: "reset_by_client"
            })
        );
        assert!(served.frames().iter().all(|frame| frame.stream != 1));
    });
}

#[test]
fn content_that_does_not_come_is_not_waited_for_without_end() {
    block_on(async {
        let served = served(ServeOptions::default());
        let asked = fields("POST", "/echo", &[(":authority", "a")]);
        served.send(HEADERS, END_HEADERS, 1, &asked);
        served.send(DATA, 0, 1, b"a beginning");
        served.answered(1).await;
        assert_eq!(served.status(1), Some(408));
        let marks = served.marks(1);
        let late = |mark: &Mark| {
            matches!(
                mark,
                Mark::RequestEnd {
                    how: RequestEnd::TimedOut,
                    ..
                }
            )
        };
        assert!(marks.iter().any(late), "{marks:?}");
    });
}

#[test]
fn content_that_comes_is_waited_for_however_large_the_frame_it_comes_in() {
    block_on(async {
        let served = served(ServeOptions::default());
        let asked = fields("POST", "/echo", &[(":authority", "a")]);
        served.send(HEADERS, END_HEADERS, 1, &asked);
        let content = [7; 8000];
        for piece in frame(DATA, END_STREAM, 1, &content).chunks(100) {
            served.far.send(piece);
            sleep(Duration::from_secs(1)).await;
        }
        served.answered(1).await;
        assert_eq!(served.status(1), Some(200));
        assert_eq!(served.content(1), content);
    });
}

#[test]
fn all_of_the_server_can_be_asked_about_by_options_alone() {
    block_on(async {
        let served = served(ServeOptions::default());
        for (stream, method, status) in [(1, "OPTIONS", 200), (3, "GET", 400)] {
            let asked = fields(method, "*", &[(":authority", "a")]);
            served.send(HEADERS, END_HEADERS | END_STREAM, stream, &asked);
            served.answered(stream).await;
            assert_eq!(served.status(stream), Some(status), "{method}");
        }
    });
}

#[test]
fn cookies_are_one_field_however_they_come() {
    block_on(async {
        let served = served(ServeOptions::default());
        let more = [(":authority", "a"), ("cookie", "b=c"), ("cookie", "d=e")];
        let asked = fields("GET", "/cookies", &more);
        served.send(HEADERS, END_HEADERS | END_STREAM, 1, &asked);
        served.answered(1).await;
        assert_eq!(served.content(1), b"b=c; d=e");
    });
}

#[test]
fn the_host_is_named_once_or_twice_the_same() {
    block_on(async {
        let served = served(ServeOptions::default());
        let cases: [(&[(&str, &str)], u16); 6] = [
            (&[(":authority", "a")], 200),
            (&[("host", "a")], 200),
            (&[(":authority", "a"), ("host", "a")], 200),
            (&[(":authority", "a"), ("host", "b")], 400),
            (&[], 400),
            (&[("host", "a"), ("host", "a")], 400),
        ];
        for (stream, (more, expected)) in (1..).step_by(2).zip(cases) {
            let fields = fields("GET", "/", more);
            served.send(HEADERS, END_HEADERS | END_STREAM, stream, &fields);
            served.answered(stream).await;
            assert_eq!(served.status(stream), Some(expected), "{more:?}");
        }
    });
}

#[test]
fn what_is_asked_for_as_https_without_tls_is_served_behind_a_gateway_alone() {
    for (https_gateway, status) in [(false, 421), (true, 200)] {
        block_on(async {
            let served = served(ServeOptions {
                https_gateway,
                ..ServeOptions::default()
            });
            let asked = fields_of("https", "GET", "/", &[(":authority", "a")]);
            served.send(HEADERS, END_HEADERS | END_STREAM, 1, &asked);
            served.answered(1).await;
            assert_eq!(served.status(1), Some(status));
        });
    }
}

#[test]
fn what_is_no_request_is_reset_and_told_of() {
    block_on(async {
        let served = served(ServeOptions::default());
        // RFC 9113 sections 8.2, 8.2.2 and 8.3.1.
        let cases: [(&str, &[(&str, &str)]); 3] = [
            ("/", &[(":authority", "a"), ("connection", "close")]),
            ("/", &[(":authority", "a"), ("te", "gzip")]),
            ("", &[(":authority", "a")]),
        ];
        for (stream, (path, more)) in (1..).step_by(2).zip(cases) {
            let fields = fields("GET", path, more);
            served.send(HEADERS, END_HEADERS | END_STREAM, stream, &fields);
            served
                .until(|frame| frame.kind == RST_STREAM && frame.stream == stream)
                .await;
            assert_eq!(served.code(stream), Some(PROTOCOL_ERROR), "{more:?}");
            let last = served.marks(stream).pop();
            let reason = "malformed";
            assert_eq!(last, Some(Mark::Refused { reason }), "{more:?}");
        }
        served.get(7, "/");
        served.answered(7).await;
        // h2 ends the connection where a name is none, which it may (section 5.4.2).
        let fields = fields("GET", "/", &[(":authority", "a"), ("Upper", "case")]);
        served.send(HEADERS, END_HEADERS | END_STREAM, 9, &fields);
        served.until(|frame| frame.kind == GOAWAY).await;
        assert_eq!(served.code(0), Some(PROTOCOL_ERROR));
        served.far.dropped().await;
    });
}
