//! Streams that mean harm: nothing panics, nothing hangs, and hyper never sees more requests than it would alone.

use super::bench::Bench;
use crate::testing::{Runner, line};
use crate::turnstile::Turnstile;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use periplus_journey::Mark;
use proptest::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

/// What a handler saw of one request: its method, target and content, if that came whole.
type Seen = (String, Option<Bytes>);

async fn note(seen: Rc<RefCell<Vec<Seen>>>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let line = format!("{} {}", request.method(), request.uri());
    let position = seen.borrow().len();
    seen.borrow_mut().push((line, None));
    if let Ok(content) = request.into_body().collect().await {
        seen.borrow_mut()[position].1 = Some(content.to_bytes());
    }
    Response::new(Full::new(Bytes::from_static(b"ok")))
}

/// What hyper alone makes of a stream.
fn without_turnstile(stream: &[u8]) -> Vec<Seen> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let noted = seen.clone();
    let (near, far) = line();
    far.send(stream);
    far.end();
    let connection = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        .half_close(true)
        .serve_connection(
            TokioIo::new(near),
            service_fn(move |request| {
                let answer = note(noted.clone(), request);
                async move { Ok::<_, std::convert::Infallible>(answer.await) }
            }),
        );
    assert!(Runner::new(connection).run(), "hyper alone hangs");
    seen.take()
}

fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "GET / HTTP/1.1\r\n",
        "GET /b HTTP/1.0\r\n",
        "HEAD /c HTTP/1.1\r\n",
        "POST /d HTTP/1.1\r\n",
        "CONNECT a:1 HTTP/1.1\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "Host: a\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length : 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding:\x0bchunked\r\n",
        "Expect: 100-continue\r\n",
        "Connection: close\r\n",
        "Upgrade: h2c\r\n",
        " folded: 1\r\n",
        "\r\n",
        "\n",
        "\r",
        "\0",
        "5\r\nhello\r\n",
        "5\nhello\n",
        "05 ;a\r\nhello\r\n",
        "fffffffffffffffff\r\n",
        "0\r\n\r\n",
        "0\r\nT: 1\r\n\r\n",
        "hello",
    ]);
    prop_oneof![
        12 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn hyper_sees_no_other_requests_than_it_would_alone(
        fragments in prop::collection::vec(fragment(), 0..14),
        pieces in prop::collection::vec(1..60usize, 1..20),
    ) {
        let stream = fragments.concat();
        let seen = Rc::new(RefCell::new(Vec::new()));
        let noted = seen.clone();
        let mut bench = Bench::new(move |request| note(noted.clone(), request));
        let mut rest = &stream[..];
        for piece in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(rest.len().min(*piece));
            bench.send(now);
            rest = later;
        }
        bench.end();

        prop_assert_eq!(bench.counters.disagreements.get(), 0);
        let seen = seen.borrow();
        let alone = without_turnstile(&stream);
        for (position, (with, without)) in seen.iter().zip(&alone).enumerate() {
            prop_assert_eq!(&with.0, &without.0);
            // What the turnstile cuts off, hyper alone may have let through; never the other way round.
            let cut = with.1.is_none() && position + 1 == seen.len();
            prop_assert!(cut || with.1 == without.1, "{:?} became {:?}", without, with);
        }
        prop_assert!(seen.len() <= alone.len());
        prop_assert_eq!(bench.calls(), seen.len());

        // Whatever came, requests are ranges in order.
        let mut offset = 0;
        for ((start, end), _) in bench.requests() {
            prop_assert!(offset <= start && start < end && end <= stream.len() as u64);
            offset = end;
        }
    }

    #[test]
    fn a_line_without_end_is_kept_in_bounded_memory(length in 1000..100_000usize) {
        let mut bench = Bench::new(|_| async { Response::new(Full::new(Bytes::new())) });
        bench.send(vec![b'a'; length]);
        bench.end();
        prop_assert!(bench.journal.marks().len() < 10);
        for mark in bench.journal.marks() {
            if let Mark::Label(periplus_journey::Label::Request(line)) = mark {
                prop_assert!(line.len() < 300);
            }
        }
        // The stream, the exchange's handle and the walkers' few counters: no heads.
        prop_assert!(size_of::<Turnstile<crate::testing::Line, crate::testing::ListJournal>>() < 512);
    }
}
