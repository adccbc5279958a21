//! Answers, and what is told of them.

use super::client::{
    DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, WINDOW_UPDATE, fields, served,
};
use crate::options::ServeOptions;
use crate::testing::{LARGE, block_on};
use periplus_journey::{Mark, Station};

/// RFC 9113 section 7.
const NO_ERROR: u32 = 0x0;
const INTERNAL_ERROR: u32 = 0x2;

#[test]
fn streams_are_answered_in_whatever_order() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.get(1, "/slow");
        served.get(3, "/");
        served.answered(3).await;
        assert!(served.content(1).is_empty());
        served.answered(1).await;
        assert_eq!(served.content(1), b"slow");
        let ended = served.journal.marks_by_stream().into_iter();
        let ended = ended.filter(|(_, mark)| matches!(mark, Mark::ResponseEnd { .. }));
        assert_eq!(ended.map(|(stream, _)| stream).collect::<Vec<_>>(), [3, 1]);
    });
}

#[test]
fn an_answer_that_breaks_off_resets_its_stream_alone() {
    block_on(async {
        let served = served(ServeOptions::default());
        for (stream, path) in [(1, "/fails"), (3, "/panics-later")] {
            served.get(stream, path);
            served
                .until(|frame| frame.kind == RST_STREAM && frame.stream == stream)
                .await;
            assert_eq!(served.code(stream), Some(INTERNAL_ERROR));
            let last = served.marks(stream).pop();
            assert_eq!(
                last,
                Some(Mark::Reset {
                    reason: "broken_answer"
                })
            );
        }
        assert_eq!(served.counters.broken_answers.get(), 2);
        served.get(5, "/");
        served.answered(5).await;
    });
}

#[test]
fn a_handler_that_panics_or_takes_too_long_is_answered_for() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.get(1, "/panic");
        served.get(3, "/never");
        served.answered(1).await;
        served.answered(3).await;
        assert_eq!((served.status(1), served.status(3)), (Some(500), Some(503)));
        assert_eq!(served.counters.handler_panics.get(), 1);
        assert_eq!(served.counters.handler_timeouts.get(), 1);
    });
}

#[test]
fn a_client_that_waits_to_go_on_is_told_to() {
    block_on(async {
        let served = served(ServeOptions::default());
        let more = [(":authority", "a"), ("expect", "100-continue")];
        served.send(HEADERS, END_HEADERS, 1, &fields("POST", "/echo", &more));
        served.until(|frame| frame.kind == HEADERS).await;
        assert_eq!(served.status(1), None, "100 is no answer");
        served.send(DATA, END_STREAM, 1, b"now");
        served.answered(1).await;
        assert_eq!(served.status(1), Some(200));
        assert_eq!(served.content(1), b"now");
        let answers = served.marks(1).into_iter();
        assert_eq!(
            answers
                .filter(|mark| matches!(mark, Mark::Response { .. }))
                .count(),
            1
        );
    });
}

#[test]
fn who_is_answered_already_is_not_told_to_go_on() {
    block_on(async {
        let served = served(ServeOptions::default());
        let more = [(":authority", "a"), ("expect", "100-continue")];
        served.send(HEADERS, END_HEADERS, 1, &fields("POST", "/mirror", &more));
        served.until(|frame| frame.kind == HEADERS).await;
        served.send(DATA, END_STREAM, 1, b"back");
        served.answered(1).await;
        let frames = served.frames().into_iter();
        let heads = frames.filter(|frame| frame.kind == HEADERS).count();
        assert_eq!((heads, served.status(1)), (1, Some(200)));
        assert_eq!(served.content(1), b"back");
    });
}

#[test]
fn content_whose_last_part_is_empty_ends_with_it() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.get(1, "/empty-end");
        served.answered(1).await;
        assert_eq!((served.code(1), &served.content(1)[..]), (None, &b"a"[..]));
    });
}

#[test]
fn what_an_answer_says_of_a_connection_is_left_out_and_the_rest_is_sent() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.get(1, "/of-the-connection");
        served.answered(1).await;
        assert_eq!((served.code(1), served.status(1)), (None, Some(200)));
        let frames = served
            .frames()
            .into_iter()
            .filter(|frame| frame.stream == 1);
        let kinds = frames.map(|frame| frame.kind).collect::<Vec<_>>();
        assert_eq!(kinds, [HEADERS, DATA, HEADERS]);
    });
}

#[test]
fn an_interim_answer_is_none() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.get(1, "/interim");
        served.answered(1).await;
        assert_eq!((served.code(1), served.status(1)), (None, Some(500)));
    });
}

#[test]
fn head_is_answered_without_content() {
    block_on(async {
        let served = served(ServeOptions::default());
        let fields = fields("HEAD", "/", &[(":authority", "a")]);
        served.send(HEADERS, END_HEADERS | END_STREAM, 1, &fields);
        served.answered(1).await;
        assert_eq!(served.status(1), Some(200));
        assert!(served.frames().iter().all(|frame| frame.kind != DATA));
    });
}

#[test]
fn an_answer_goes_on_as_its_client_lets_it() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.get(1, "/large");
        // RFC 9113 section 6.9.2: so much may be sent unasked.
        served.far.until_sent(|sent| sent.len() > 65_535).await;
        tokio::task::yield_now().await;
        assert_eq!(served.content(1).len(), 65_535);
        for stream in [0, 1] {
            served.send(WINDOW_UPDATE, 0, stream, &(LARGE as u32).to_be_bytes());
        }
        served.answered(1).await;
        assert_eq!(served.content(1), vec![b'x'; LARGE]);
        let marks = served.marks(1);
        let waited = |mark: &Mark| {
            matches!(
                mark,
                Mark::Overlay {
                    station: Station::Peer,
                    ..
                }
            )
        };
        assert!(marks.iter().any(waited), "{marks:?}");
    });
}

#[test]
fn a_server_that_stops_finishes_what_it_has_begun() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.get(1, "/slow");
        served.get(3, "/");
        served.answered(3).await;
        served.draining.send_replace(true);
        served.until(|frame| frame.kind == GOAWAY).await;
        served.answered(1).await;
        assert_eq!(served.code(0), Some(NO_ERROR));
        assert_eq!(served.content(1), b"slow");
    });
}
