//! Connections to their end, with a line in memory for a stream.

mod ready;

use super::Http1;
use crate::counters::ServeCounters;
use crate::options::ServeOptions;
use crate::server::Drain;
use crate::testing::{Client, ListJournal, MEDIUM, Whims, block_on, line};
use periplus_journey::{Mark, RequestEnd};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::Instant;

/// A connection being served.
struct Served {
    client: Client,
    journal: ListJournal,
    counters: Arc<ServeCounters>,
    draining: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

fn served() -> Served {
    let (near, far) = line();
    let journal = ListJournal::default();
    let counters = Arc::new(ServeCounters::default());
    let http1 = Http1::new(Whims, ServeOptions::default(), counters.clone());
    let (draining, drain): (_, Drain) = watch::channel(false);
    let marks = journal.clone();
    let serving = async move { http1.serve(near, marks, drain).await };
    Served {
        client: Client::new(far),
        journal,
        counters,
        draining,
        serving: spawn_local(serving),
    }
}

impl Served {
    fn last_request_end(&self) -> Option<RequestEnd> {
        self.journal
            .marks()
            .iter()
            .rev()
            .find_map(|mark| match mark {
                Mark::RequestEnd { how, .. } => Some(*how),
                _ => None,
            })
    }
}

#[test]
fn a_connection_is_kept_for_the_next_request_and_no_answer_waits_for_a_timer() {
    block_on(async {
        let mut served = served();
        let begun = Instant::now();
        for _ in 0..3 {
            let reply = served.client.get("/").await;
            assert_eq!((reply.status, &reply.content[..]), (200, &b"hello"[..]));
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        served.client.far.end();
        served.client.far.dropped().await;
        assert!(served.client.far.is_shut());
        assert_eq!(served.counters.requests.get(), 3);
    });
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    block_on(async {
        let mut served = served();
        let post = |content: &str| {
            format!(
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{content}",
                content.len()
            )
        };
        served
            .client
            .far
            .send(["one", "two", "three"].map(post).concat());
        for content in ["one", "two", "three"] {
            assert_eq!(served.client.reply(false).await.content, content.as_bytes());
        }
    });
}

#[test]
fn a_content_is_asked_for_with_100_continue() {
    block_on(async {
        let mut served = served();
        served.client.far.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
        );
        assert_eq!(served.client.reply(true).await.status, 100);
        served.client.far.send("hello");
        let reply = served.client.reply(false).await;
        assert_eq!((reply.status, &reply.content[..]), (200, &b"hello"[..]));
    });
}

#[test]
fn a_handler_that_panics_is_a_500_and_a_closed_connection() {
    block_on(async {
        let mut served = served();
        let reply = served.client.get("/panic").await;
        assert_eq!(
            (reply.status, reply.field("connection")),
            (500, Some("close"))
        );
        assert!(reply.content.starts_with(b"<!DOCTYPE html>"));
        served.client.far.dropped().await;
        assert_eq!(served.counters.handler_panics.get(), 1);
    });
}

#[test]
fn a_handler_that_takes_too_long_is_a_503() {
    block_on(async {
        let mut served = served();
        let begun = Instant::now();
        assert_eq!(served.client.get("/never").await.status, 503);
        assert_eq!(begun.elapsed().as_secs(), 30);
        assert_eq!(served.client.get("/").await.status, 200);
        assert_eq!(served.counters.handler_timeouts.get(), 1);
    });
}

#[test]
fn an_answer_that_breaks_off_resets_the_connection() {
    for target in ["/fails", "/panics-later"] {
        // HTTP/1.0: the answer would end with the connection, and an orderly end would make it look whole.
        for version in ["1.0", "1.1"] {
            block_on(async {
                let served = served();
                served
                    .client
                    .far
                    .send(format!("GET {target} HTTP/{version}\r\nHost: a\r\n\r\n"));
                served.client.far.dropped().await;
                assert!(served.client.far.text().contains("a beginning"));
                assert!(served.client.far.is_aborted() && !served.client.far.is_shut());
                assert_eq!(served.counters.broken_answers.get(), 1);
                let marks = served.journal.marks();
                assert!(
                    !marks
                        .iter()
                        .any(|mark| matches!(mark, Mark::ResponseEnd { .. }))
                );
            });
        }
    }
}

#[test]
fn who_is_stopped_amid_an_answer_leaves_no_end_that_looks_like_its_own() {
    for is_whole in [true, false] {
        block_on(async {
            let mut served = served();
            let room = if is_whole { usize::MAX } else { MEDIUM / 2 };
            served.client.far.set_room(room);
            if is_whole {
                assert_eq!(served.client.get("/medium").await.content.len(), MEDIUM);
            } else {
                let asked = "GET /medium HTTP/1.1\r\nHost: a\r\n\r\n";
                served.client.far.send(asked);
                let is_full = |sent: &[u8]| sent.len() == room;
                served.client.far.until_sent(is_full).await;
            }
            served.serving.abort();
            served.client.far.dropped().await;
            assert_eq!(served.client.far.is_aborted(), !is_whole);
        });
    }
}

#[test]
fn what_no_handler_may_see_is_refused_before() {
    block_on(async {
        let mut served = served();
        assert_eq!(
            served.client.ask("GET / HTTP/1.1\r\n\r\n").await.status,
            400
        );
        assert_eq!(served.counters.requests.get(), 0);
        assert_eq!(served.last_request_end(), Some(RequestEnd::Rejected));
        assert_eq!(served.client.get("/").await.status, 200);
        let large = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(40_000));
        assert_eq!(served.client.ask(&large).await.status, 431);
    });
}

#[test]
fn a_target_is_as_long_as_it_may_be_and_no_longer() {
    for (length, status) in [(8 * 1024, 200), (8 * 1024 + 1, 414)] {
        block_on(async {
            let mut served = served();
            let target = format!("/{}", "a".repeat(length - 1));
            assert_eq!(served.client.get(&target).await.status, status);
        });
    }
}

#[test]
fn a_refusal_is_a_page_and_to_head_its_head_alone() {
    block_on(async {
        for (method, has_page) in [("GET", true), ("HEAD", false)] {
            let served = served();
            let request = format!("{method} / HTTP/2.0\r\n\r\n");
            served.client.far.send(request);
            served.client.far.end();
            served.client.far.dropped().await;
            let text = served.client.far.text();
            let status = "HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\n";
            assert!(text.starts_with(status), "{text}");
            assert_eq!(text.ends_with("</html>\n"), has_page, "{text}");
            assert_eq!(served.last_request_end(), Some(RequestEnd::Rejected));
        }
    });
}

#[test]
fn a_head_that_drips_is_answered_408() {
    block_on(async {
        let mut served = served();
        let far = served.client.far.clone();
        let begun = Instant::now();
        tokio::task::spawn_local(async move {
            for byte in "GET / HTTP/1.1\r\nHost: "
                .bytes()
                .chain(std::iter::repeat(b'a'))
            {
                far.send([byte]);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        assert_eq!(served.client.reply(false).await.status, 408);
        assert_eq!(begun.elapsed().as_secs(), 15);
        served.client.far.dropped().await;
        assert_eq!(served.counters.request_timeouts.get(), 1);
        assert_eq!(served.last_request_end(), Some(RequestEnd::TimedOut));
    });
}

#[test]
fn a_content_that_stalls_is_answered_408() {
    block_on(async {
        let mut served = served();
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(served.client.ask(&format!("{head}12")).await.status, 408);
        assert_eq!(served.counters.request_timeouts.get(), 1);
    });
}

#[test]
fn a_silent_connection_is_closed() {
    block_on(async {
        let mut served = served();
        served.client.get("/").await;
        let begun = Instant::now();
        served.client.far.dropped().await;
        assert!((60..=120).contains(&begun.elapsed().as_secs()));
        assert!(served.client.far.is_shut() && !served.client.far.is_aborted());
        assert_eq!(served.counters.idle_timeouts.get(), 1);
    });
}

#[test]
fn an_answer_that_nobody_takes_is_broken_off() {
    // Whether it is taken to be handed over, begun, or nearly done.
    for room in [0, 10, 50] {
        for request in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "nonsense\r\n\r\n"] {
            block_on(async {
                let served = served();
                served.client.far.set_room(room);
                served.client.far.send(request);
                served.client.far.dropped().await;
                assert!(
                    served.client.far.is_aborted(),
                    "{room} bytes of {request:?}"
                );
                assert_eq!(served.counters.stalled_answers.get(), 1);
            });
        }
    }
}

#[test]
fn an_answer_that_is_taken_slowly_is_not_broken_off() {
    block_on(async {
        let mut served = served();
        served.client.far.set_room(0);
        served.client.far.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let far = served.client.far.clone();
        tokio::task::spawn_local(async move {
            while !far.text().ends_with("hello") {
                tokio::time::sleep(Duration::from_secs(20)).await;
                far.set_room(10);
            }
        });
        assert_eq!(served.client.reply(false).await.content, b"hello");
        assert_eq!(served.counters.stalled_answers.get(), 0);
    });
}

#[test]
fn a_content_that_nobody_wants_is_thrown_away_before_the_end() {
    block_on(async {
        let mut served = served();
        // Refused for want of a Host while its content is still coming.
        let head = "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
        let reply = served.client.ask(head).await;
        assert_eq!(
            (reply.status, reply.field("connection")),
            (400, Some("close"))
        );
        served.client.far.send(vec![0; 100_000]);
        served.client.far.end();
        served.client.far.dropped().await;
        assert_eq!(served.client.far.consumed(), head.len() as u64 + 100_000);
    });
}

#[test]
fn a_drain_closes_what_is_idle_and_lets_the_rest_finish() {
    block_on(async {
        let (mut idle, mut busy) = (served(), served());
        idle.client.get("/").await;
        busy.client
            .far
            .send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        tokio::time::sleep(Duration::from_secs(1)).await;
        idle.draining.send_replace(true);
        busy.draining.send_replace(true);
        idle.client.far.dropped().await;
        let reply = busy.client.reply(false).await;
        assert_eq!(
            (reply.status, reply.field("connection")),
            (200, Some("close"))
        );
        busy.client.far.dropped().await;
    });
}
