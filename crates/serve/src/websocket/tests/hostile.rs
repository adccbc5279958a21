//! Clients that break the rules.

use super::client::{
    BINARY, CLOSE, CONTINUATION, FIN, Opened, PING, TEXT, close, frame, open, open_with,
};
use crate::options::ServeOptions;
use crate::testing::block_on;
use periplus_journey::{Label, Mark, RequestEnd};

/// Sends `bytes` and a good message after them: the server must say this code, and read nothing more.
async fn refused(bytes: &[u8], code: u16) -> Opened {
    let options = ServeOptions {
        max_message_size: 1000,
        ..ServeOptions::default()
    };
    let mut opened = open_with("/", options).await;
    opened.far.send(bytes);
    opened.send(FIN | TEXT, b"and after it, one that is good");
    assert_eq!(opened.closed().await, code, "{bytes:x?}");
    opened.far.end();
    opened.ended().await;
    assert!(opened.is_read() && opened.far.is_shut(), "{bytes:x?}");
    assert_eq!(opened.counters.violations.get(), 1);
    assert_eq!(opened.counters.disagreements.get(), 0);
    assert_eq!(opened.counters.messages.get(), 0);
    opened
}

#[test]
fn what_breaks_the_protocol_is_answered_by_close_and_nothing_after_it_is_heard() {
    let unmasked = b"\x81\x02hi".to_vec();
    let two_to_the_63 = b"\x82\xff\x80\0\0\0\0\0\0\0".to_vec();
    let one_gib = b"\x82\xff\0\0\0\0\x40\0\0\0\0\0\0\0".to_vec();
    let fragments_too_long = [
        frame(TEXT, &[b'a'; 600]),
        frame(FIN | CONTINUATION, &[b'a'; 401]),
    ];
    let interrupted = [frame(TEXT, b"a"), frame(FIN | TEXT, b"b")];
    let not_utf8_later = [frame(TEXT, b"fine"), frame(FIN | CONTINUATION, b"\xc3")];
    let table = [
        (unmasked, 1002),
        (two_to_the_63, 1002),
        (one_gib, 1009),
        (frame(FIN | BINARY, &[0; 1001]), 1009),
        (fragments_too_long.concat(), 1009),
        (interrupted.concat(), 1002),
        (frame(FIN | CONTINUATION, b"a"), 1002),
        (frame(FIN | 0x40 | TEXT, b"a"), 1002),
        (frame(FIN | 0x3, b"a"), 1002),
        (frame(FIN | 0xb, b"a"), 1002),
        (frame(PING, b""), 1002),
        (frame(FIN | PING, &[0; 126]), 1002),
        (frame(FIN | TEXT, b"\xff"), 1007),
        (not_utf8_later.concat(), 1007),
        (frame(FIN | CLOSE, b"\x03"), 1002),
    ];
    for (bytes, code) in table {
        block_on(refused(&bytes, code));
        // And a byte at a time it is the same, behind a message that has come in between.
        block_on(async {
            let options = ServeOptions {
                max_message_size: 1000,
                ..ServeOptions::default()
            };
            let mut opened = open_with("/", options).await;
            opened.send(FIN | TEXT, b"good");
            assert_eq!(opened.next().await, Some((FIN | TEXT, b"good".to_vec())));
            for byte in &bytes {
                opened.far.send([*byte]);
                tokio::task::yield_now().await;
            }
            assert_eq!(opened.closed().await, code, "{bytes:x?}");
            opened.far.end();
            opened.ended().await;
        });
    }
}

#[test]
fn a_message_that_is_refused_has_a_journey_that_says_why() {
    block_on(async {
        let opened = refused(&frame(FIN | BINARY, &[0; 1001]), 1009).await;
        let (received, sent, _) = opened.before;
        let end = opened.far.sent().len() as u64;
        assert_eq!(
            opened.marks(),
            [
                Mark::Request { start: received },
                Mark::Label(Label::Protocol("websocket")),
                Mark::Label(Label::Reason("too_large in message".into())),
                Mark::RequestEnd {
                    end: received + 8,
                    how: RequestEnd::Rejected,
                },
                Mark::Response { start: sent },
                Mark::Label(Label::Status(1009)),
                Mark::ResponseEnd { end },
            ]
        );
    });
}

#[test]
fn what_is_no_message_has_no_journey() {
    block_on(async {
        let opened = refused(&frame(FIN | PING, &[0; 126]), 1002).await;
        assert_eq!(opened.marks(), []);
    });
}

#[test]
fn a_code_that_may_not_be_sent_is_not_sent_back() {
    block_on(async {
        let mut opened = open("/").await;
        opened.far.send(close(1005, ""));
        assert_eq!(opened.closed().await, 1002);
        opened.far.end();
        opened.ended().await;
    });
}

#[test]
fn a_flood_of_pings_that_nobody_reads_the_answers_of_is_bounded() {
    block_on(async {
        let opened = open("/").await;
        opened.far.set_room(1000);
        let ping = frame(FIN | PING, &[0; 125]);
        opened.far.send(ping.repeat(10_000));
        // It is read no further than it is answered: the reads that are under way, and no more.
        let before = opened.before.0;
        opened.far.dropped().await;
        assert!(opened.far.is_aborted());
        let read = opened.far.consumed() - before;
        assert!(read < 10_000, "{read} bytes were read");
        assert_eq!(opened.counters.stalled_answers.get(), 1);
    });
}

#[test]
fn after_its_close_a_client_is_not_heard() {
    block_on(async {
        let mut opened = open("/").await;
        opened
            .far
            .send([close(1000, "bye"), frame(FIN | TEXT, b"one more thing")].concat());
        assert_eq!(opened.closed().await, 1000);
        opened.far.end();
        opened.ended().await;
        assert_eq!(opened.counters.messages.get(), 0);
        assert_eq!(opened.marks(), []);
    });
}

#[test]
fn messages_that_do_not_end_take_no_more_than_the_memory_for_all_of_them() {
    block_on(async {
        let options = ServeOptions {
            message_memory: 100 * 1024,
            ..ServeOptions::default()
        };
        let mut opened = open_with("/", options).await;
        opened.send(FIN | BINARY, &[7; 80 * 1024]);
        assert_eq!(opened.next().await.expect("an echo").1.len(), 80 * 1024);
        // What was answered holds nothing.
        opened.send(FIN | BINARY, &[7; 90 * 1024]);
        assert_eq!(opened.next().await.expect("an echo").1.len(), 90 * 1024);
        opened.send(BINARY, &[7; 60 * 1024]);
        opened.send(CONTINUATION, &[7; 60 * 1024]);
        assert_eq!(opened.closed().await, 1013);
        opened.far.end();
        opened.ended().await;
        assert_eq!(opened.counters.disagreements.get(), 0);
    });
}
