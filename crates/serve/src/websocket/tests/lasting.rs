//! How long things last, and how they end.

use super::client::{CLOSE, FIN, PING, PONG, TEXT, close, frame, open};
use crate::testing::block_on;
use crate::websocket::Message;
use periplus_journey::{Label, Mark, RequestEnd};
use tokio::time::{Duration, Instant, sleep};

#[test]
fn a_close_is_answered_and_the_conversation_comes_to_its_end() {
    block_on(async {
        let mut opened = open("/").await;
        opened.far.send(close(3000, "done"));
        assert_eq!(
            opened.next().await,
            Some((FIN | CLOSE, b"\x0b\xb8done".to_vec()))
        );
        opened.far.end();
        opened.ended().await;
        assert!(opened.far.is_shut() && !opened.far.is_aborted());
        assert_eq!(*opened.heard.borrow(), [Message::text("the end")]);
    });
}

#[test]
fn a_conversation_that_has_said_all_closes_and_waits_for_the_client() {
    block_on(async {
        let mut opened = open("/leaves").await;
        opened.send(FIN | TEXT, b"go away");
        assert_eq!(
            opened.next().await,
            Some((FIN | CLOSE, b"\x0f\xa1that was enough".to_vec()))
        );
        assert!(!opened.far.is_shut());
        opened.far.send(close(4001, ""));
        opened.ended().await;
        assert!(opened.far.is_shut());
        assert_eq!(opened.marks().last(), Some(&Mark::NoResponse));
    });
}

#[test]
fn a_client_that_does_not_answer_a_close_is_not_waited_for_long() {
    block_on(async {
        let mut opened = open("/leaves").await;
        opened.send(FIN | TEXT, b"go away");
        assert_eq!(opened.closed().await, 4001);
        let begun = Instant::now();
        opened.ended().await;
        assert_eq!(begun.elapsed().as_secs(), 2);
    });
}

#[test]
fn a_conversation_that_panics_or_hangs_is_closed_by_1011() {
    for (path, seconds) in [("/panics", 0), ("/hangs", 30)] {
        block_on(async {
            let mut opened = open(path).await;
            let (_, sent, _) = opened.before;
            let begun = Instant::now();
            opened.send(FIN | TEXT, b"well?");
            assert_eq!(opened.closed().await, 1011);
            let took = begun.elapsed().as_secs();
            assert!((seconds..=seconds + 60).contains(&took), "{took}");
            opened.far.send(close(1011, ""));
            opened.ended().await;
            let end = opened.far.sent().len() as u64;
            assert_eq!(
                opened.marks()[5..],
                [
                    Mark::Response { start: sent },
                    Mark::Label(Label::Status(1011)),
                    Mark::ResponseEnd { end },
                ]
            );
            let counters = &opened.counters;
            let counted = (
                counters.handler_panics.get(),
                counters.handler_timeouts.get(),
            );
            assert_eq!(counted, if seconds == 0 { (1, 0) } else { (0, 1) });
        });
    }
}

#[test]
fn a_client_that_is_silent_is_asked_for_a_sign_of_life() {
    block_on(async {
        let mut opened = open("/").await;
        let begun = Instant::now();
        for _ in 0..5 {
            assert_eq!(opened.next().await, Some((FIN | PING, Vec::new())));
            opened.send(FIN | PONG, b"");
        }
        assert!(begun.elapsed().as_secs() >= 300);
        // The last time it does not give one.
        assert_eq!(opened.next().await, Some((FIN | PING, Vec::new())));
        let begun = Instant::now();
        assert_eq!(opened.closed().await, 1001);
        assert_eq!(begun.elapsed().as_secs(), 60);
        opened.ended().await;
        assert_eq!(opened.counters.idle_timeouts.get(), 1);
    });
}

#[test]
fn a_message_whose_rest_does_not_come_is_given_up() {
    block_on(async {
        let mut opened = open("/").await;
        let (received, _, _) = opened.before;
        let message = frame(FIN | TEXT, b"never to be ended");
        opened.far.send(&message[..10]);
        assert_eq!(opened.closed().await, 1008);
        opened.far.end();
        opened.ended().await;
        let marks = opened.marks();
        assert!(marks.contains(&Mark::RequestEnd {
            end: received + 10,
            how: RequestEnd::TimedOut,
        }));
        assert!(marks.contains(&Mark::Label(Label::Reason("timeout in message".into()))));
    });
}

#[test]
fn a_message_that_comes_slowly_is_not_given_up() {
    block_on(async {
        let mut opened = open("/").await;
        for byte in frame(FIN | TEXT, b"slowly") {
            opened.far.send([byte]);
            sleep(Duration::from_secs(20)).await;
        }
        assert_eq!(opened.next().await, Some((FIN | TEXT, b"slowly".to_vec())));
    });
}

#[test]
fn an_answer_that_nobody_takes_is_broken_off() {
    block_on(async {
        let opened = open("/").await;
        opened.far.set_room(5);
        opened.send(FIN | TEXT, b"longer than that");
        opened.far.dropped().await;
        assert!(opened.far.is_aborted());
        assert_eq!(opened.counters.stalled_answers.get(), 1);
    });
}

#[test]
fn a_client_that_ends_its_direction_is_still_answered() {
    block_on(async {
        let mut opened = open("/").await;
        opened.send(FIN | TEXT, b"one");
        opened.send(FIN | TEXT, b"two");
        opened.far.end();
        assert_eq!(opened.next().await, Some((FIN | TEXT, b"one".to_vec())));
        assert_eq!(opened.next().await, Some((FIN | TEXT, b"two".to_vec())));
        opened.ended().await;
        assert!(opened.far.is_shut() && !opened.far.is_aborted());
        assert_eq!(
            opened.heard.borrow().last(),
            Some(&Message::text("the end"))
        );
    });
}

#[test]
fn a_message_that_stays_a_part_is_abandoned() {
    block_on(async {
        let mut opened = open("/").await;
        let (received, _, _) = opened.before;
        opened
            .far
            .send(&frame(FIN | TEXT, b"the beginning of")[..12]);
        opened.far.end();
        opened.ended().await;
        assert_eq!(
            opened.marks()[3..],
            [
                Mark::Label(Label::Reason("waiting for message".into())),
                Mark::RequestEnd {
                    end: received + 12,
                    how: RequestEnd::Abandoned,
                }
            ]
        );
    });
}

#[test]
fn a_reset_ends_it_at_once() {
    for path in ["/", "/hangs"] {
        block_on(async {
            let mut opened = open(path).await;
            if path == "/hangs" {
                opened.send(FIN | TEXT, b"never mind");
                while opened.heard.borrow().is_empty() {
                    tokio::task::yield_now().await;
                }
            }
            let begun = Instant::now();
            opened.far.reset();
            opened.far.dropped().await;
            assert_eq!(begun.elapsed().as_secs(), 0);
            opened.ended().await;
        });
    }
}

#[test]
fn a_server_that_ends_says_so_when_nothing_is_in_flight() {
    block_on(async {
        let mut opened = open("/").await;
        opened.send(FIN | TEXT, b"one");
        assert_eq!(opened.next().await, Some((FIN | TEXT, b"one".to_vec())));
        opened.draining.send_replace(true);
        assert_eq!(opened.closed().await, 1001);
        opened.far.send(close(1001, ""));
        opened.ended().await;
        assert_eq!(
            opened.heard.borrow().last(),
            Some(&Message::text("the end"))
        );
    });
}

#[test]
fn a_server_that_ends_lets_what_is_in_flight_finish() {
    block_on(async {
        let mut opened = open("/").await;
        opened.far.set_room(3);
        opened.send(FIN | TEXT, b"one");
        let (_, sent, _) = opened.before;
        opened
            .far
            .until_sent(|bytes| bytes.len() as u64 == sent + 3)
            .await;
        opened.draining.send_replace(true);
        // One that comes when it is too late is not taken.
        opened.send(FIN | TEXT, b"two");
        opened.far.set_room(usize::MAX);
        assert_eq!(opened.next().await, Some((FIN | TEXT, b"one".to_vec())));
        assert_eq!(opened.closed().await, 1001);
        opened.far.send(close(1001, ""));
        opened.ended().await;
        assert_eq!(opened.counters.messages.get(), 1);
    });
}
