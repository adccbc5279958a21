//! Clients that do not take what they have asked for, or take their time.

use super::client::{
    DATA, END_HEADERS, END_STREAM, HEADERS, PRIORITY, RST_STREAM, SETTINGS, Served, WINDOW_UPDATE,
    fields, frame, served,
};
use crate::options::ServeOptions;
use crate::testing::{LARGE, MEDIUM, block_on, kept};
use periplus_journey::{Mark, Station};
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[test]
fn a_client_that_takes_nothing_loses_its_answer_and_no_other() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.get(1, "/large");
        served
            .until(|frame| frame.kind == RST_STREAM && frame.stream == 1)
            .await;
        assert_eq!(served.content(1).len(), 65_535);
        let last = served.marks(1).pop();
        let reason = "slow_reader";
        assert_eq!(last, Some(Mark::TimedOut { reason }));
        assert_eq!(served.counters.stalled_answers.get(), 1);
        // The connection's window is closed as well, and a HEAD needs none.
        let fields = fields("HEAD", "/", &[(":authority", "a")]);
        served.send(HEADERS, END_HEADERS | END_STREAM, 3, &fields);
        served.answered(3).await;
    });
}

#[test]
fn a_stream_beneath_without_room_is_not_waited_for_without_end() {
    block_on(async {
        let served = served(ServeOptions::default());
        served.far.set_room(20_000);
        served.get(1, "/large");
        served.far.dropped().await;
        assert!(served.far.is_aborted());
        let reason = "slow_reader";
        assert!(served.marks(0).contains(&Mark::TimedOut { reason }));
    });
}

/// Lets a client ask for what it does not take, and send what needs no answer, until it is thrown out. In `pieces`, a second
/// apart: a head that has begun has a limit of its own. Returns how long it took.
async fn chatters(served: &Served, pieces: usize) -> Duration {
    served.send(WINDOW_UPDATE, 0, 0, &(LARGE as u32).to_be_bytes());
    served.get(1, "/large");
    served.send(WINDOW_UPDATE, 0, 1, &(LARGE as u32).to_be_bytes());
    let since = Instant::now();
    let chatter = frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 0]);
    for _ in 0..100 {
        for piece in chatter.chunks(chatter.len().div_ceil(pieces)) {
            sleep(Duration::from_secs(1)).await;
            served.far.send(piece);
        }
        sleep(Duration::from_secs(12)).await;
        if served.far.is_dropped() {
            break;
        }
    }
    since.elapsed()
}

#[test]
fn who_takes_nothing_is_not_spared_for_what_it_sends_meanwhile() {
    // With room for the answer, it is only known of one that has not been acknowledged that nobody takes it.
    let cases = [(20_000, None), (20_000, Some(100)), (usize::MAX, Some(100))];
    for (room, acknowledged) in cases {
        for pieces in [1, 2] {
            block_on(async {
                let options = ServeOptions::default();
                let limit = options.idle_timeout + 2 * options.stall_timeout;
                let served = served(options);
                served.far.set_room(room);
                if let Some(bytes) = acknowledged {
                    served.journal.acknowledge(bytes);
                }
                let taken = chatters(&served, pieces).await;
                assert!(taken < limit, "{room} {acknowledged:?} {pieces} {taken:?}");
                assert!(served.far.is_aborted());
                assert_eq!(served.counters.stalled_answers.get(), 1);
                let reason = "slow_reader";
                assert!(served.marks(0).contains(&Mark::TimedOut { reason }));
            });
        }
    }
}

#[test]
fn an_answer_that_its_clients_windows_hold_whole_never_waits_for_it() {
    block_on(async {
        let served = served(ServeOptions::default());
        // Of the stream and of the connection: it takes h2 several turns to write the answer nevertheless.
        let window = 1u32 << 24;
        served.send(SETTINGS, 0, 0, &initial_window(window));
        served.send(WINDOW_UPDATE, 0, 0, &window.to_be_bytes());
        served
            .until(|frame| frame.kind == SETTINGS && frame.flags == 1)
            .await;
        served.get(1, "/large");
        served.answered(1).await;
        assert_eq!(served.content(1).len(), LARGE);
        let marks = served.marks(1);
        assert!(!marks.iter().any(is_peers), "{marks:?}");
    });
}

#[test]
fn nothing_is_kept_of_an_answer_that_its_client_does_not_want_any_more() {
    block_on(async {
        let served = served(ServeOptions::default());
        let more = (LARGE as u32).to_be_bytes();
        served.send(WINDOW_UPDATE, 0, 0, &more);
        for stream in [1, 3] {
            served.get(stream, "/kept");
            served
                .until(|frame| frame.kind == DATA && frame.stream == stream)
                .await;
        }
        assert_eq!(kept(), 2);
        served.send(RST_STREAM, 0, 1, &[0, 0, 0, 8]);
        served.get(5, "/nothing");
        served.answered(5).await;
        assert_eq!(kept(), 1, "the other answer goes on");
        served.send(WINDOW_UPDATE, 0, 3, &more);
        served.send(WINDOW_UPDATE, 0, 0, &more);
        served.answered(3).await;
        served.get(7, "/nothing");
        served.answered(7).await;
        assert_eq!(kept(), 0);
    });
}

#[test]
fn who_takes_enough_for_all_that_was_asked_may_leave_some_of_it_for_later() {
    // Bytes a second of one of two answers; the other waits.
    for (rate, is_enough) in [(600, true), (300, false)] {
        block_on(async {
            let options = ServeOptions::default();
            let (least, limit) = (options.least_rate, options.stall_timeout.as_secs());
            assert_eq!(is_enough, rate >= 2 * least);
            let served = served(options);
            served.send(SETTINGS, 0, 0, &initial_window(1));
            served
                .until(|frame| frame.kind == SETTINGS && frame.flags == 1)
                .await;
            served.get(1, "/large");
            served.get(3, "/large");
            for _ in 0..3 * limit {
                sleep(Duration::from_secs(1)).await;
                served.send(WINDOW_UPDATE, 0, 1, &rate.to_be_bytes());
            }
            let is_reset = served.code(3).is_some();
            assert_eq!(is_reset, !is_enough, "{rate}");
            assert_eq!(served.code(1), None, "{rate}");
            assert_eq!(served.counters.stalled_answers.get(), u64::from(is_reset));
        });
    }
}

/// SETTINGS_INITIAL_WINDOW_SIZE of this size (RFC 9113 section 6.5.2).
fn initial_window(size: u32) -> Vec<u8> {
    [&[0, 4][..], &size.to_be_bytes()].concat()
}

#[test]
fn the_least_of_answers_is_not_kept_for_ever_for_who_lets_none_of_it_go() {
    block_on(async {
        let options = ServeOptions::default();
        let limit = options.stall_timeout;
        let served = served(options);
        served.send(SETTINGS, 0, 0, &initial_window(0));
        served.get(1, "/");
        let since = Instant::now();
        is_thrown_out(&served, 1).await;
        assert!((limit..2 * limit).contains(&since.elapsed()));
    });
}

#[test]
fn nor_is_one_whose_window_is_taken_back_when_it_is_on_its_way() {
    for path in ["/medium", "/large"] {
        block_on(async {
            let options = ServeOptions::default();
            let limit = options.stall_timeout;
            let served = served(options);
            served.until(|frame| frame.kind == SETTINGS).await;
            served.far.set_room(10_000);
            served.get(1, path);
            served.far.until_sent(|sent| sent.len() > 10_000).await;
            let since = Instant::now();
            served.send(SETTINGS, 0, 0, &initial_window(0));
            served.far.set_room(usize::MAX);
            is_thrown_out(&served, 1).await;
            assert!((limit..=2 * limit).contains(&since.elapsed()), "{path}");
            assert!(served.content(1).len() < MEDIUM, "{path}");
            assert!(served.marks(1).iter().any(is_peers), "{path}");
            served.send(SETTINGS, 0, 0, &initial_window(65_535));
            served.get(3, "/");
            served.answered(3).await;
        });
    }
}

/// Waits until a stream is reset for its client's sake.
async fn is_thrown_out(served: &Served, stream: u32) {
    served
        .until(|frame| frame.kind == RST_STREAM && frame.stream == stream)
        .await;
    let last = served.marks(stream).pop();
    let reason = "slow_reader";
    assert_eq!(last, Some(Mark::TimedOut { reason }));
    assert_eq!(served.counters.stalled_answers.get(), 1);
}

/// Whether this tells of a wait for the peer.
fn is_peers(mark: &Mark) -> bool {
    matches!(
        mark,
        Mark::Overlay {
            station: Station::Peer,
            ..
        }
    )
}
