//! The marks of messages, and that one passes at a time.

use super::client::{
    BINARY, CONTINUATION, FIN, Opened, PING, PONG, TEXT, close, frame, open, open_with,
};
use crate::options::ServeOptions;
use crate::testing::block_on;
use crate::websocket::Message;
use periplus_journey::{Label, Mark, RequestEnd};

/// The marks of a message with these offsets, answered by these.
fn answered((a, b): (u64, u64), label: &str, (c, d): (u64, u64)) -> Vec<Mark> {
    let mut marks = handled((a, b), label);
    marks.push(Mark::Response { start: c });
    marks.push(Mark::ResponseEnd { end: d });
    marks
}

/// The marks of a message that the conversation has.
fn handled((a, b): (u64, u64), label: &str) -> Vec<Mark> {
    vec![
        Mark::Request { start: a },
        Mark::Label(Label::Protocol("websocket")),
        Mark::Label(Label::Request(label.into())),
        Mark::RequestEnd {
            end: b,
            how: RequestEnd::Complete,
        },
        Mark::HandlerCalled,
    ]
}

async fn hears(opened: &mut Opened, first: u8, payload: &[u8]) {
    assert_eq!(opened.next().await, Some((first, payload.to_vec())));
}

#[test]
fn a_message_and_its_answer_have_the_marks_of_a_request() {
    block_on(async {
        let mut opened = open("/").await;
        let (received, sent, _) = opened.before;
        opened.send(FIN | TEXT, b"one");
        hears(&mut opened, FIN | TEXT, b"one").await;
        opened.send(FIN | BINARY, &[7; 200]);
        hears(&mut opened, FIN | BINARY, &[7; 200]).await;
        let (second, answer) = (received + 9, sent + 5);
        assert_eq!(
            opened.marks(),
            [
                answered((received, second), "text 3 bytes", (sent, answer)),
                answered(
                    (second, second + 208),
                    "binary 200 bytes",
                    (answer, answer + 204)
                ),
            ]
            .concat()
        );
        assert_eq!(opened.counters.messages.get(), 2);
    });
}

#[test]
fn control_frames_have_no_journey_and_do_not_move_a_messages_ends() {
    block_on(async {
        let mut opened = open("/").await;
        let (received, sent, _) = opened.before;
        opened.send(FIN | PING, b"hey");
        hears(&mut opened, FIN | PONG, b"hey").await;
        opened.send(FIN | PONG, b"nobody asked");
        assert_eq!(opened.marks(), []);
        opened.far.send(
            [
                frame(TEXT, b"fr"),
                frame(FIN | PING, b""),
                frame(FIN | CONTINUATION, b"agments"),
                frame(FIN | PING, b"after"),
            ]
            .concat(),
        );
        hears(&mut opened, FIN | PONG, b"").await;
        let mut heard = [opened.next().await, opened.next().await];
        heard.sort();
        assert_eq!(
            heard,
            [
                Some((FIN | TEXT, b"fragments".to_vec())),
                Some((FIN | PONG, b"after".to_vec()))
            ]
        );
        let (a, b) = (received + 9 + 18, received + 9 + 18 + 8 + 6 + 13);
        let marks = opened.marks();
        assert_eq!(marks[0], Mark::Request { start: a });
        assert_eq!(marks[2], Mark::Label(Label::Request("text".into())));
        assert_eq!(marks[3], Mark::Label(Label::Request("text 9 bytes".into())));
        assert_eq!(
            marks[4],
            Mark::RequestEnd {
                end: b,
                how: RequestEnd::Complete
            }
        );
        // Which of the two answers is first is nobody's business, as long as the message's is where it is.
        let Mark::Response { start } = marks[6] else {
            panic!("{marks:?}");
        };
        let (early, late) = (sent + 5 + 2, sent + 5 + 2 + 7);
        assert!(start == early || start == late, "{start}");
        assert_eq!(marks[7..], [Mark::ResponseEnd { end: start + 11 }]);
    });
}

#[test]
fn the_next_message_stays_where_it_is_until_it_is_asked_for() {
    block_on(async {
        let opened = open("/hangs").await;
        let first = frame(FIN | TEXT, b"first");
        opened
            .far
            .send([&first[..], &frame(FIN | TEXT, b"second")].concat());
        while opened.heard.borrow().is_empty() {
            tokio::task::yield_now().await;
        }
        // Long after, and still before the handler's time is up.
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        assert_eq!(opened.far.consumed(), opened.before.0 + first.len() as u64);
        assert_eq!(*opened.heard.borrow(), [Message::text("first")]);
    });
}

#[test]
fn a_ping_is_answered_while_a_message_is_being_handled() {
    block_on(async {
        let mut opened = open("/hangs").await;
        opened.send(FIN | TEXT, b"think about it");
        opened.send(FIN | PING, b"meanwhile");
        hears(&mut opened, FIN | PONG, b"meanwhile").await;
    });
}

#[test]
fn what_is_asked_past_is_delivered_and_what_nobody_asked_for_is_pushed() {
    block_on(async {
        let mut opened = open("/greets").await;
        let (received, sent, _) = opened.before;
        hears(&mut opened, FIN | TEXT, b"welcome").await;
        opened.send(FIN | TEXT, b"one");
        hears(&mut opened, FIN | TEXT, b"one").await;
        assert_eq!(opened.counters.pushed_messages.get(), 1);
        let answer = sent + 9;
        assert_eq!(
            opened.marks(),
            answered(
                (received, received + 9),
                "text 3 bytes",
                (answer, answer + 5)
            )
        );

        let mut opened = open("/silent").await;
        let (received, _, _) = opened.before;
        opened.send(FIN | TEXT, b"one");
        opened.send(FIN | TEXT, b"two");
        opened.far.send(close(1000, ""));
        assert_eq!(opened.closed().await, 1000);
        opened.ended().await;
        let (first, second) = (received + 9, received + 18);
        let delivered = [
            handled((received, first), "text 3 bytes"),
            vec![Mark::NoResponse],
            handled((first, second), "text 3 bytes"),
            vec![Mark::NoResponse],
        ];
        assert_eq!(opened.marks(), delivered.concat());
        let said = ["one", "two", "the end"].map(Message::text);
        assert_eq!(*opened.heard.borrow(), said);
    });
}

#[test]
fn a_second_message_after_one_is_pushed() {
    block_on(async {
        let mut opened = open("/repeats").await;
        for _ in 0..2 {
            opened.send(FIN | TEXT, b"say it twice");
            hears(&mut opened, FIN | TEXT, b"say it twice").await;
            hears(&mut opened, FIN | TEXT, b"say it twice").await;
        }
        assert_eq!(opened.counters.pushed_messages.get(), 2);
        let (_, sent, _) = opened.before;
        let answers: Vec<_> = opened
            .marks()
            .into_iter()
            .filter(|mark| matches!(mark, Mark::Response { .. } | Mark::ResponseEnd { .. }))
            .collect();
        assert_eq!(
            answers,
            [
                Mark::Response { start: sent },
                Mark::ResponseEnd { end: sent + 14 },
                Mark::Response { start: sent + 28 },
                Mark::ResponseEnd { end: sent + 42 },
            ]
        );
    });
}

#[test]
fn an_answer_ends_when_its_last_byte_is_taken() {
    block_on(async {
        let mut opened = open("/").await;
        let (_, sent, _) = opened.before;
        opened.far.set_room(10);
        opened.send(FIN | BINARY, &[7; 100]);
        opened
            .far
            .until_sent(|bytes| bytes.len() as u64 == sent + 10)
            .await;
        assert_eq!(opened.marks().last(), Some(&Mark::Response { start: sent }));
        // While it is not taken nothing else is read.
        opened.send(FIN | PING, b"");
        let consumed = opened.far.consumed();
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        assert_eq!(opened.far.consumed(), consumed);
        opened.far.set_room(usize::MAX);
        hears(&mut opened, FIN | BINARY, &[7; 100]).await;
        assert_eq!(
            opened.marks().last(),
            Some(&Mark::ResponseEnd { end: sent + 102 })
        );
        hears(&mut opened, FIN | PONG, b"").await;
    });
}

#[test]
fn large_messages_one_after_the_other_are_whole() {
    block_on(async {
        let options = ServeOptions {
            max_message_size: 3 << 20,
            ..ServeOptions::default()
        };
        let mut opened = open_with("/", options).await;
        for length in [200_000, 10, 3 << 20, 65_537, 0] {
            let message: Vec<u8> = (0..length).map(|position| (position % 251) as u8).collect();
            opened.send(FIN | BINARY, &message);
            // The beginning of a ping, whose end comes later.
            let ping = frame(FIN | PING, b"ping");
            opened.far.send(&ping[..5]);
            let heard = opened.next().await;
            assert!(
                heard == Some((FIN | BINARY, message)),
                "{length} bytes are not as they were"
            );
            opened.far.send(&ping[5..]);
            hears(&mut opened, FIN | PONG, b"ping").await;
        }
        assert_eq!(opened.counters.disagreements.get(), 0);
    });
}

#[test]
fn what_follows_a_large_message_is_not_lost_with_its_buffers() {
    block_on(async {
        let mut opened = open("/").await;
        let large = vec![7; 100_000];
        opened.send(FIN | BINARY, &large);
        assert!(opened.next().await == Some((FIN | BINARY, large)));
        // All of it is read at once, and the ping is heard first.
        opened.far.send(
            [
                frame(FIN | PING, b""),
                frame(TEXT, b"not "),
                frame(FIN | CONTINUATION, b"lost"),
            ]
            .concat(),
        );
        hears(&mut opened, FIN | PONG, b"").await;
        hears(&mut opened, FIN | TEXT, b"not lost").await;
    });
}
