//! Answers that are given again without the handler.

use super::Http1;
use crate::counters::ServeCounters;
use crate::handler::Handler;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::ready::{Good, Keep};
use crate::request_body::RequestBody;
use crate::server::Drain;
use crate::testing::{Client, ListJournal, block_on, line};
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use periplus_journey::{Label, Mark};
use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

const LARGE: usize = 10_000;

/// Good until it is said not to be.
struct UntilToldOtherwise {
    content: Bytes,
    over: Arc<AtomicBool>,
}

impl Good for UntilToldOtherwise {
    fn content(&self) -> Option<Bytes> {
        let is_good = !self.over.load(Ordering::Relaxed);
        is_good.then(|| self.content.clone())
    }
}

/// Counts how often it was asked, and says of `/kept` and `/large` that they may be given again.
#[derive(Clone, Default)]
struct Counting {
    asked: Rc<Cell<usize>>,
    over: Arc<AtomicBool>,
}

impl<M: Marks> Handler<M> for Counting {
    type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

    async fn handle(&self, request: Request<RequestBody>, _: &M) -> Response<Self::Body> {
        self.asked.set(self.asked.get() + 1);
        let content = match request.uri().path() {
            "/large" => vec![7; LARGE].into(),
            path => Bytes::from(format!("{path} of {:?}", request.headers().get("host"))),
        };
        let body = Full::new(content.clone());
        let mut answer = Response::new(http_body_util::BodyExt::boxed_unsync(body));
        let length = HeaderValue::from(content.len());
        answer.headers_mut().insert("content-length", length);
        answer
            .headers_mut()
            .insert("etag", HeaderValue::from_static("\"a\""));
        if request.uri().path() != "/other" {
            let over = self.over.clone();
            let good = UntilToldOtherwise { content, over };
            answer.extensions_mut().insert(Keep(Arc::new(good)));
        }
        answer
    }
}

struct Served {
    client: Client,
    handler: Counting,
    journal: ListJournal,
    counters: Arc<ServeCounters>,
    draining: watch::Sender<bool>,
}

fn served() -> Served {
    served_within(ServeOptions::default())
}

fn served_within(options: ServeOptions) -> Served {
    let (near, far) = line();
    let (handler, journal) = (Counting::default(), ListJournal::default());
    let counters = Arc::new(ServeCounters::default());
    let http1 = Http1::new(handler.clone(), options, counters.clone());
    let (draining, drain): (_, Drain) = watch::channel(false);
    let marks = journal.clone();
    tokio::task::spawn_local(async move { http1.serve(near, marks, drain).await });
    Served {
        client: Client::new(far),
        handler,
        journal,
        counters,
        draining,
    }
}

#[test]
fn the_second_answer_is_the_first_and_nobody_is_asked_for_it() {
    block_on(async {
        let mut served = served();
        let mut replies = Vec::new();
        for _ in 0..3 {
            replies.push(served.client.get("/kept").await);
        }
        assert_eq!(served.handler.asked.get(), 1);
        assert_eq!(served.counters.requests.get(), 3);
        let [first, second, third] = replies.try_into().expect("three");
        for again in [second, third] {
            assert_eq!((again.status, &again.content), (200, &first.content));
            for name in ["etag", "content-length", "date"] {
                assert!(again.field(name).is_some(), "{name}");
                assert_eq!(again.field(name), first.field(name), "{name}");
            }
        }
    });
}

#[test]
fn where_an_access_log_is_kept_every_request_says_who_asked() {
    block_on(async {
        let mut served = served_within(ServeOptions {
            access_log: true,
            ..ServeOptions::default()
        });
        for _ in 0..2 {
            served.client.get("/kept").await;
        }
        let marks = served.journal.marks();
        let asked = marks.iter().filter(|mark| match mark {
            Mark::Label(Label::Asked(asked)) => {
                assert_eq!(
                    (&*asked.target, asked.host.as_deref()),
                    ("/kept", Some("a"))
                );
                true
            }
            _ => false,
        });
        assert_eq!(asked.count(), 2);
    });
}

#[test]
fn its_marks_say_what_the_others_do() {
    block_on(async {
        let mut served = served();
        served.client.get("/kept").await;
        let (before, sent) = (served.journal.marks().len(), served.client.far.sent().len());
        served.client.get("/kept").await;
        let length = "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n".len() as u64;
        let now_sent = served.client.far.sent().len();
        assert_eq!(
            served.journal.marks()[before..],
            [
                Mark::WholeRequest {
                    start: length,
                    end: 2 * length
                },
                Mark::Label(Label::Protocol("http/1.1")),
                Mark::Label(Label::Request("GET /kept HTTP/1.1".into())),
                Mark::Label(Label::Status(200)),
                Mark::WholeResponse {
                    start: sent as u64,
                    end: now_sent as u64
                },
            ]
        );
    });
}

#[test]
fn another_host_another_path_and_another_encoding_are_asked_for() {
    block_on(async {
        let mut served = served();
        for head in [
            "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /kept HTTP/1.1\r\nHost: b\r\n\r\n",
            "GET /kept2 HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /kept HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n",
            "GET /other HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /other HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /kept HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"a\"\r\n\r\n",
            "GET /kept HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n",
        ] {
            let asked = served.handler.asked.get();
            served.client.ask(head).await;
            assert_eq!(served.handler.asked.get(), asked + 1, "{head:?}");
        }
        let asked = served.handler.asked.get();
        let reply = served
            .client
            .ask("GET /kept?a=b HTTP/1.1\r\nhost: b\r\n\r\n")
            .await;
        assert_eq!(reply.content, br#"/kept of Some("b")"#);
        assert_eq!(served.handler.asked.get(), asked);
    });
}

#[test]
fn what_is_no_longer_good_is_asked_for() {
    block_on(async {
        let mut served = served();
        served.client.get("/kept").await;
        served.handler.over.store(true, Ordering::Relaxed);
        served.client.get("/kept").await;
        assert_eq!(served.handler.asked.get(), 2);
    });
}

#[test]
fn pipelined_requests_are_answered_in_their_order_however_they_are_answered() {
    block_on(async {
        let mut served = served();
        served.client.get("/kept").await;
        let gets = |paths: &[&str]| -> String {
            let get = |path: &&str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
            paths.iter().map(get).collect()
        };
        let mut paths = vec!["/kept", "/other", "/kept", "/kept"];
        // More than are answered in a row.
        paths.extend(["/kept"; 40]);
        paths.extend(["/other", "/kept"]);
        served.client.far.send(gets(&paths));
        for path in &paths {
            let reply = served.client.reply(false).await;
            assert_eq!(reply.content, format!("{path} of Some(\"a\")").as_bytes());
        }
        assert_eq!(served.handler.asked.get(), 3);
    });
}

#[test]
fn an_answer_that_there_is_no_room_for_waits_and_nothing_is_read_meanwhile() {
    block_on(async {
        let mut served = served();
        served.client.get("/large").await;
        let whole = served.client.far.sent().len();
        for cut in [
            0,
            1,
            20,
            whole - LARGE - 1,
            whole - LARGE,
            whole - LARGE + 1,
            whole - 1,
        ] {
            let before = served.client.far.sent().len();
            served.client.far.set_room(cut);
            served
                .client
                .far
                .send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
            served
                .client
                .far
                .send("GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
            served
                .client
                .far
                .until_sent(|sent| sent.len() == before + cut)
                .await;
            tokio::task::yield_now().await;
            assert_eq!(served.client.far.sent().len(), before + cut);
            served.client.far.set_room(usize::MAX);
            let reply = served.client.reply(false).await;
            assert!(reply.content == [7; LARGE], "cut at {cut}");
            assert_eq!(
                served.client.reply(false).await.content,
                br#"/kept of Some("a")"#
            );
        }
        assert_eq!(served.handler.asked.get(), 2);
    });
}

#[test]
fn a_server_that_drains_finishes_what_it_has_begun() {
    block_on(async {
        let mut served = served();
        served.client.get("/large").await;
        let before = served.client.far.sent().len();
        served.client.far.set_room(100);
        served
            .client
            .far
            .send("GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /large HTTP/1.1\r\nHost: a\r\n\r\n");
        served
            .client
            .far
            .until_sent(|sent| sent.len() == before + 100)
            .await;
        served.draining.send(true).expect("it is served");
        tokio::task::yield_now().await;
        served.client.far.set_room(usize::MAX);
        assert!(served.client.reply(false).await.content == [7; LARGE]);
        let whole = served.client.far.sent().len();
        served.client.far.dropped().await;
        assert!(served.client.far.is_shut() && !served.client.far.is_aborted());
        assert_eq!(
            served.client.far.sent().len(),
            whole,
            "nothing more is served"
        );
    });
}
