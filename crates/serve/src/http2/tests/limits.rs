//! What a client may not do, or not for so long.

use super::client::{
    CONTINUATION, END_HEADERS, END_STREAM, GOAWAY, HEADERS, SETTINGS, fields, frame, served, silent,
};
use crate::http2::PREFACE;
use crate::options::ServeOptions;
use crate::testing::block_on;
use periplus_journey::Mark;
use std::time::Duration;
use tokio::time::Instant;

/// RFC 9113 section 7.
const ENHANCE_YOUR_CALM: u32 = 0xb;
const NO_ERROR: u32 = 0x0;
const REFUSED_STREAM: u32 = 0x7;

#[test]
fn who_asks_for_nothing_is_told_to_go() {
    block_on(async {
        let options = ServeOptions::default();
        let idle = options.idle_timeout;
        let served = served(options);
        served.get(1, "/");
        served.answered(1).await;
        let since = Instant::now();
        served.until(|frame| frame.kind == GOAWAY).await;
        assert!((idle..=3 * idle).contains(&since.elapsed()));
        assert_eq!(served.code(0), Some(NO_ERROR));
        served.far.dropped().await;
        assert_eq!(served.counters.idle_timeouts.get(), 1);
        let reason = "idle_timeout";
        assert!(served.marks(0).contains(&Mark::TimedOut { reason }));
    });
}

#[test]
fn who_says_nothing_at_all_is_not_waited_for_any_longer() {
    block_on(async {
        let options = ServeOptions::default();
        let idle = options.idle_timeout;
        let served = silent(options);
        let since = Instant::now();
        served.far.dropped().await;
        assert!((idle..=2 * idle).contains(&since.elapsed()));
        assert_eq!(served.counters.idle_timeouts.get(), 1);
    });
}

#[test]
fn a_head_is_late_whatever_comes_of_it() {
    block_on(async {
        let options = ServeOptions::default();
        let limit = options.header_timeout;
        let served = served(options);
        let fields = fields("GET", "/", &[(":authority", "a"), ("x", "0123456789")]);
        let head = frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields);
        served.far.send(&head[..1]);
        let since = Instant::now();
        for byte in &head[1..] {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if served.far.is_dropped() {
                break;
            }
            served.far.send([*byte]);
        }
        served.far.dropped().await;
        assert!((limit..limit + Duration::from_secs(6)).contains(&since.elapsed()));
        assert_eq!(served.counters.request_timeouts.get(), 1);
        let reason = "header_timeout";
        assert!(served.marks(0).contains(&Mark::TimedOut { reason }));
    });
}

#[test]
fn a_head_in_more_pieces_than_it_is_long_is_no_head() {
    block_on(async {
        let served = served(ServeOptions::default());
        let fields = fields("GET", "/", &[(":authority", "a")]);
        served.send(HEADERS, END_STREAM, 1, &fields);
        for _ in 0..1000 {
            served.send(CONTINUATION, 0, 1, &[]);
        }
        served.far.dropped().await;
        assert_eq!(served.code(0), Some(ENHANCE_YOUR_CALM));
        let reason = "frame_flood";
        assert!(served.marks(0).contains(&Mark::Refused { reason }));
        assert_eq!(served.counters.floods.get(), 1);
    });
}

#[test]
fn no_more_streams_are_open_than_were_allowed() {
    block_on(async {
        let options = ServeOptions {
            http2_streams: 2,
            ..ServeOptions::default()
        };
        let served = served(options);
        // The client has to know of the limit before it is held to it.
        served.until(|frame| frame.kind == SETTINGS).await;
        served.send(SETTINGS, 1, 0, b"");
        for stream in [1, 3, 5] {
            served.get(stream, "/slow");
        }
        served.answered(1).await;
        served.answered(3).await;
        assert_eq!(served.code(5), Some(REFUSED_STREAM));
        let reason = "too_many_streams";
        assert_eq!(served.marks(5).pop(), Some(Mark::Refused { reason }));
        assert_eq!(served.counters.requests.get(), 2);
        assert_eq!(served.counters.rejections.get(), 1);
    });
}

#[test]
fn streams_that_are_too_many_to_be_told_of_are_counted() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.until(|frame| frame.kind == SETTINGS).await;
        // GET, http and / in three bytes (RFC 7541 appendix A): so many fit into what is read at once.
        let asked = |number: u32| {
            let stream = 2 * number + 1;
            frame(
                HEADERS,
                END_HEADERS | END_STREAM,
                stream,
                &[0x82, 0x86, 0x84],
            )
        };
        served
            .far
            .send((0..600).flat_map(asked).collect::<Vec<_>>());
        served.answered(1).await;
        assert_eq!(served.counters.untold_streams.get(), 600 - 512);
        assert!(!served.marks(2 * 511 + 1).is_empty());
        assert!(served.marks(2 * 512 + 1).is_empty());
    });
}

#[test]
fn what_is_too_long_is_refused() {
    block_on(async {
        let options = ServeOptions {
            max_header_size: 8 * 1024,
            max_target_length: 50,
            max_headers: 10,
            ..ServeOptions::default()
        };
        let served = served(options);
        let long = "/".repeat(51);
        served.get(1, &long);
        served.answered(1).await;
        assert_eq!(served.status(1), Some(414));
        let many = [("x", "y"); 11];
        let asked = fields("GET", "/", &many);
        served.send(HEADERS, END_HEADERS | END_STREAM, 3, &asked);
        served.answered(3).await;
        assert_eq!(served.status(3), Some(431));
        let value = "v".repeat(100);
        let large = [("x", &*value); 100];
        let asked = fields("GET", "/", &large);
        served.send(HEADERS, END_HEADERS | END_STREAM, 5, &asked);
        served.answered(5).await;
        assert_eq!(served.status(5), Some(431));
        assert_eq!(served.counters.requests.get(), 0);
    });
}

#[test]
fn where_it_is_not_spoken_it_is_refused_as_a_version() {
    block_on(async {
        let options = ServeOptions {
            http2_streams: 0,
            ..ServeOptions::default()
        };
        let served = silent(options);
        served.far.send(PREFACE);
        served.far.dropped().await;
        assert!(
            served.far.text().starts_with("HTTP/1.1 505 "),
            "{:?}",
            served.far.text()
        );
    });
}
