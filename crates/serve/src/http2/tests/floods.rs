//! Clients that ask for nothing, and much of it.

use super::client::{
    DATA, END_HEADERS, GOAWAY, HEADERS, PING, PRIORITY, RST_STREAM, SETTINGS, fields, frame, served,
};
use crate::options::ServeOptions;
use crate::testing::block_on;
use std::time::Duration;
use tokio::time::sleep;

/// RFC 9113 section 7.
const ENHANCE_YOUR_CALM: u32 = 0xb;
const CANCEL: u32 = 0x8;

/// A stream that depends on another.
const DEPENDENCY: &[u8] = &[0, 0, 0, 3, 0];

#[test]
fn frames_that_ask_for_nothing_are_too_many_at_last() {
    for (kind, flags, stream, payload) in [
        (PING, 0, 0, &[0; 8][..]),
        (SETTINGS, 0, 0, &[]),
        (PRIORITY, 0, 1, DEPENDENCY),
        (DATA, 0, 1, &[]),
        (0xbe, 0, 0, &[]), // of a kind that nobody knows
    ] {
        block_on(async {
            let served = served(ServeOptions::default());
            let asked = fields("POST", "/echo", &[(":authority", "a")]);
            served.send(HEADERS, END_HEADERS, 1, &asked);
            for _ in 0..5000 {
                served.send(kind, flags, stream, payload);
                if served.far.is_dropped() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            served.far.dropped().await;
            assert_eq!(served.code(0), Some(ENHANCE_YOUR_CALM), "kind {kind}");
            assert_eq!(served.counters.floods.get(), 1, "kind {kind}");
        });
    }
}

#[test]
fn requests_that_are_taken_back_are_too_many_at_last() {
    block_on(async {
        let served = served(ServeOptions::default());
        for stream in (1..2000).step_by(2) {
            served.get(stream, "/never");
            tokio::task::yield_now().await;
            served.send(RST_STREAM, 0, stream, &CANCEL.to_be_bytes());
            tokio::task::yield_now().await;
            if served.far.is_dropped() {
                break;
            }
        }
        served.far.dropped().await;
        assert_eq!(served.code(0), Some(ENHANCE_YOUR_CALM));
        assert_eq!(served.counters.floods.get(), 1);
        assert!(served.counters.requests.get() < 200);
    });
}

#[test]
fn a_flood_is_one_however_useful_what_comes_with_it() {
    block_on(async {
        let served = served(ServeOptions::default());
        for _ in 0..990 {
            served.send(PRIORITY, 0, 1, DEPENDENCY);
        }
        while served.far.consumed() < 990 * 14 {
            tokio::task::yield_now().await;
        }
        // Both are seen at once, and the request alone would have been allowed more.
        let mut both = frame(PRIORITY, 0, 1, DEPENDENCY).repeat(15);
        let asked = fields("GET", "/", &[(":authority", "a")]);
        both.extend(frame(HEADERS, END_HEADERS, 1, &asked));
        both.extend(frame(PRIORITY, 0, 1, DEPENDENCY));
        served.far.send(both);
        served.far.dropped().await;
        assert_eq!(served.code(0), Some(ENHANCE_YOUR_CALM));
        assert_eq!(served.counters.floods.get(), 1);
    });
}

#[test]
fn who_cancels_downloads_that_have_begun_may_do_so_for_ever() {
    block_on(async {
        let served = served(ServeOptions::default());
        for stream in (1..2000).step_by(2) {
            served.get(stream, "/large");
            served
                .until(|frame| frame.kind == HEADERS && frame.stream == stream)
                .await;
            served.send(RST_STREAM, 0, stream, &CANCEL.to_be_bytes());
        }
        while served.counters.requests.get() < 1000 {
            tokio::task::yield_now().await;
        }
        assert!(served.frames().iter().all(|frame| frame.kind != GOAWAY));
        assert_eq!(served.counters.floods.get(), 0);
    });
}

#[test]
fn who_asks_now_and_then_whether_we_are_there_may_do_so_for_ever() {
    block_on(async {
        let served = served(ServeOptions::default());
        for _ in 0..24 * 60 * 60 / 10 {
            sleep(Duration::from_secs(10)).await;
            served.send(PING, 0, 0, b"are you?");
        }
        served.get(1, "/");
        served.answered(1).await;
        assert_eq!(served.code(0), None);
    });
}
