//! Connections to their end, with a line in memory for a stream.

use super::{Answer, Protocol};
use crate::counters::ServeCounters;
use crate::kv::{Command, KvCodec, Store, StoreLimits};
use crate::options::ServeOptions;
use crate::server::{ConnectionService, Drain};
use crate::testing::{Far, ListJournal, block_on, line};
use periplus_journey::{Label, Mark, RequestEnd};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// A connection being served.
struct Served {
    far: Far,
    journal: ListJournal,
    counters: Arc<ServeCounters>,
    draining: watch::Sender<bool>,
}

/// A store, behind a handler with whims.
fn served() -> Served {
    let store = Store::new(StoreLimits::default());
    let handler = async move |command: Command| {
        if let Command::Get { key } = &command {
            match &**key {
                "panic" => panic!("as it was asked to"),
                "never" => std::future::pending().await,
                _ => {}
            }
        }
        store.answer(command)
    };
    let (near, far) = line();
    let journal = ListJournal::default();
    let counters = Arc::new(ServeCounters::default());
    let protocol = Protocol::new(
        KvCodec::default(),
        handler,
        ServeOptions::default(),
        counters.clone(),
    );
    let (draining, drain): (_, Drain) = watch::channel(false);
    let marks = journal.clone();
    tokio::task::spawn_local(async move { protocol.serve(near, marks, drain).await });
    Served {
        far,
        journal,
        counters,
        draining,
    }
}

impl Served {
    /// Sends, and waits until `answer` has come.
    async fn ask(&self, request: &str, answer: &str) {
        let before = self.far.sent().len();
        self.far.send(request);
        self.far
            .until_sent(|sent| sent.len() >= before + answer.len())
            .await;
        assert_eq!(&self.far.text()[before..], answer, "{request:?}");
    }

    fn reason(&self) -> Option<String> {
        self.journal
            .marks()
            .iter()
            .rev()
            .find_map(|mark| match mark {
                Mark::Label(Label::Reason(reason)) => Some(reason.to_string()),
                _ => None,
            })
    }

    fn last_request_end(&self) -> Option<(u64, RequestEnd)> {
        self.journal
            .marks()
            .iter()
            .rev()
            .find_map(|mark| match mark {
                Mark::RequestEnd { end, how } => Some((*end, *how)),
                _ => None,
            })
    }
}

#[test]
fn requests_and_answers_are_marked_to_the_byte() {
    block_on(async {
        let served = served();
        served
            .ask("set a one\nget a\r\n", "stored\nvalue one\n")
            .await;
        let label = |label| Mark::Label(label);
        let complete = |end| Mark::RequestEnd {
            end,
            how: RequestEnd::Complete,
        };
        assert_eq!(
            served.journal.marks(),
            [
                Mark::Request { start: 0 },
                label(Label::Protocol("kv")),
                complete(10),
                label(Label::Request("set a".into())),
                Mark::HandlerCalled,
                Mark::Response { start: 0 },
                Mark::ResponseEnd { end: 7 },
                Mark::Request { start: 10 },
                label(Label::Protocol("kv")),
                complete(17),
                label(Label::Request("get a".into())),
                Mark::HandlerCalled,
                Mark::Response { start: 7 },
                Mark::ResponseEnd { end: 17 },
            ]
        );
    });
}

#[test]
fn a_request_that_is_not_taken_yet_stays_in_the_stream() {
    block_on(async {
        let served = served();
        served.far.set_room(0);
        served.far.send("ping\nping\n");
        while !served.far.is_full() {
            tokio::task::yield_now().await;
        }
        assert_eq!(served.far.consumed(), 5);
        served.far.set_room(100);
        served.far.until_sent(|sent| sent == b"pong\npong\n").await;
    });
}

#[test]
fn a_bad_request_is_answered_and_the_connection_closed_in_order() {
    block_on(async {
        let served = served();
        let answer = "error bad_value in key: it is one word, without control characters\n";
        served.ask("get a b\nget a\n", answer).await;
        assert!(served.far.is_shut());
        // What the client still sends is taken, so that no reset destroys the answer.
        served.far.send("get a\n".repeat(1000));
        served.far.end();
        served.far.dropped().await;
        assert!(!served.far.is_aborted());
        assert_eq!(served.far.consumed(), 8 + 6 + 6000);
        assert_eq!(served.far.text(), answer);
        assert_eq!(served.last_request_end(), Some((6, RequestEnd::Rejected)));
        assert_eq!(served.reason().as_deref(), Some("bad_value in key"));
        assert_eq!(served.counters.rejections.get(), 1);
        assert_eq!(served.counters.requests.get(), 0);
    });
}

#[test]
fn a_request_that_stalls_is_timed_out_in_its_section() {
    block_on(async {
        let served = served();
        let begun = Instant::now();
        let far = served.far.clone();
        tokio::task::spawn_local(async move {
            for byte in "set a ".bytes().chain(std::iter::repeat(b'v')) {
                far.send([byte]);
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        });
        let answer = "error timeout in value: the line did not end in time\n";
        served
            .far
            .until_sent(|sent| sent.len() >= answer.len())
            .await;
        assert_eq!(served.far.text(), answer);
        assert_eq!(begun.elapsed().as_secs(), 15);
        served.far.dropped().await;
        assert_eq!(served.counters.request_timeouts.get(), 1);
        let end = served.last_request_end();
        assert!(matches!(end, Some((_, RequestEnd::TimedOut))), "{end:?}");
        assert_eq!(served.reason().as_deref(), Some("timeout in value"));
    });
}

#[test]
fn a_silent_connection_is_closed_sooner_before_its_first_request() {
    block_on(async {
        let begun = Instant::now();
        let silent = served();
        silent.far.dropped().await;
        assert_eq!(begun.elapsed().as_secs(), 60);
        assert!(silent.far.is_shut() && !silent.far.is_aborted());
        assert_eq!(silent.counters.idle_timeouts.get(), 1);
        let reason = "idle_timeout";
        assert_eq!(silent.journal.marks(), [Mark::TimedOut { reason }]);

        let begun = Instant::now();
        let idle = served();
        idle.ask("ping\n", "pong\n").await;
        idle.far.dropped().await;
        assert_eq!(begun.elapsed().as_secs(), 300);
        assert_eq!(idle.counters.idle_timeouts.get(), 1);
    });
}

#[test]
fn a_stream_that_ends_within_a_request_is_told_so() {
    block_on(async {
        let served = served();
        served.ask("ping\n", "pong\n").await;
        served.far.send("get a");
        served.far.end();
        served.far.dropped().await;
        let answer = "pong\nerror truncated in key: the line has no end\n";
        assert_eq!(served.far.text(), answer);
        assert_eq!(served.last_request_end(), Some((10, RequestEnd::Rejected)));
    });
}

#[test]
fn quit_is_answered_and_closes() {
    block_on(async {
        let served = served();
        served.ask("quit\n", "bye\n").await;
        served.far.dropped().await;
        assert!(served.far.is_shut() && !served.far.is_aborted());
    });
}

#[test]
fn a_handler_that_fails_is_answered_for() {
    for (key, seconds) in [("panic", 0), ("never", 30)] {
        block_on(async {
            let served = served();
            let begun = Instant::now();
            let request = format!("get {key}\n");
            served
                .ask(&request, "error failed: it may work in a moment\n")
                .await;
            assert_eq!(begun.elapsed().as_secs(), seconds);
            served.far.dropped().await;
            assert!(served.far.is_shut());
            let counters = &served.counters;
            let failures = counters.handler_panics.get() + counters.handler_timeouts.get();
            assert_eq!(failures, 1);
            let reason = served.reason().expect("there is a reason");
            assert!(reason.starts_with("the handler "), "{reason}");
        });
    }
}

#[test]
fn an_answer_that_nobody_takes_is_broken_off() {
    block_on(async {
        let served = served();
        served.far.set_room(2);
        served.far.send("ping\n");
        served.far.dropped().await;
        assert!(served.far.is_aborted());
        assert_eq!(served.counters.stalled_answers.get(), 1);
    });
}

#[test]
fn a_drain_answers_what_is_here_and_closes() {
    block_on(async {
        let (idle, busy, begun) = (served(), served(), served());
        idle.ask("ping\n", "pong\n").await;
        begun.far.send("pi");
        tokio::task::yield_now().await;
        busy.far.send("ping\nping\n");
        for served in [&idle, &busy, &begun] {
            served.draining.send_replace(true);
        }
        idle.far.dropped().await;
        busy.far.dropped().await;
        assert_eq!(busy.far.text(), "pong\npong\n");
        begun.ask("ng\n", "pong\n").await;
        begun.far.dropped().await;
    });
}

#[test]
fn a_drain_ends_though_a_client_goes_on_to_ask() {
    block_on(async {
        let served = served();
        served.draining.send_replace(true);
        served.far.send("ping\n".repeat(1000));
        served.far.until_sent(|sent| sent.len() >= 5).await;
        served.far.end();
        served.far.dropped().await;
        let answered = served.counters.requests.get();
        assert!((1..=32).contains(&answered), "{answered}");
    });
}

#[test]
fn a_thousand_pipelined_requests_are_answered_in_order() {
    block_on(async {
        let served = served();
        let mut answers = String::new();
        for number in 0..500 {
            served
                .far
                .send(format!("set k{number} {number}\nget k{number}\n"));
            answers.push_str(&format!("stored\nvalue {number}\n"));
        }
        served
            .far
            .until_sent(|sent| sent.len() >= answers.len())
            .await;
        assert_eq!(served.far.text(), answers);
        assert_eq!(served.counters.requests.get(), 1000);
    });
}

#[test]
fn an_answer_may_have_a_status_and_no_bytes() {
    block_on(async {
        let (near, far) = line();
        let journal = ListJournal::default();
        let handler = async |_: Command| Answer::new("").with_status(204);
        let protocol = Protocol::new(
            KvCodec::default(),
            handler,
            ServeOptions::default(),
            Arc::default(),
        );
        let (_draining, drain) = watch::channel(false);
        far.send("ping\n");
        far.end();
        protocol.serve(near, journal.clone(), drain).await;
        let marks = journal.marks();
        assert_eq!(
            marks[marks.len() - 2..],
            [Mark::Label(Label::Status(204)), Mark::NoResponse]
        );
    });
}
