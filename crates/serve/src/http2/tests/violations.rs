//! Clients that break the protocol, on a stream or altogether.

use super::client::{
    DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, Served, WINDOW_UPDATE, fields,
    frame, served, silent,
};
use crate::http2::PREFACE;
use crate::options::ServeOptions;
use crate::testing::block_on;
use periplus_journey::Mark;
use std::time::Duration;
use tokio::time::sleep;

/// RFC 9113 section 7.
const PROTOCOL_ERROR: u32 = 0x1;
const FLOW_CONTROL_ERROR: u32 = 0x3;
const FRAME_SIZE_ERROR: u32 = 0x6;

#[test]
fn a_stream_that_breaks_off_as_malformed_is_told_of_as_that_though_its_handler_was_called() {
    // RFC 9113 sections 8.1.1 and 6.9.1.
    let cases: [(_, _, &[u8], _); 2] = [
        (DATA, END_STREAM, b"more than one", PROTOCOL_ERROR),
        (
            WINDOW_UPDATE,
            0,
            &0x7fff_ffffu32.to_be_bytes(),
            FLOW_CONTROL_ERROR,
        ),
    ];
    for (kind, flags, payload, code) in cases {
        block_on(async {
            let served = served(ServeOptions::default());
            let asked = [(":authority", "a"), ("content-length", "1")];
            served.send(HEADERS, END_HEADERS, 1, &fields("POST", "/never", &asked));
            while served.counters.requests.get() == 0 {
                tokio::task::yield_now().await;
            }
            served.send(kind, flags, 1, payload);
            served
                .until(|frame| frame.kind == RST_STREAM && frame.stream == 1)
                .await;
            assert_eq!(served.code(1), Some(code));
            let reason = "malformed";
            assert_eq!(served.marks(1).pop(), Some(Mark::Refused { reason }));
            assert_eq!(served.counters.rejections.get(), 1);
            served.get(3, "/");
            served.answered(3).await;
        });
    }
}

#[test]
fn a_connection_that_is_broken_is_told_of_as_that() {
    // RFC 9113 sections 6.1, 6.9 and 4.2.
    let cases: [(_, _, _, &[u8], _); 3] = [
        (DATA, 0, 0, b"of no stream", PROTOCOL_ERROR),
        (WINDOW_UPDATE, 0, 0, &[0; 4], PROTOCOL_ERROR),
        (DATA, 0, 1, &[0; 20_000], FRAME_SIZE_ERROR),
    ];
    for (kind, flags, stream, payload, code) in cases {
        block_on(async {
            let served = served(ServeOptions::default());
            served.send(kind, flags, stream, payload);
            served.far.dropped().await;
            assert_eq!(served.code(0), Some(code));
            is_broken(&served);
        });
    }
}

#[test]
fn a_preface_that_goes_on_as_another_breaks_it_as_well() {
    block_on(async {
        let served = silent(ServeOptions::default());
        served.far.send(&PREFACE[..10]);
        sleep(Duration::from_secs(1)).await;
        served.far.send("9.9\r\n\r\nSM\r\n\r\n");
        served.far.dropped().await;
        is_broken(&served);
    });
}

#[test]
fn a_client_that_goes_in_order_or_in_anger_has_broken_nothing() {
    for code in [0, PROTOCOL_ERROR] {
        block_on(async {
            let served = served(ServeOptions::default());
            served.get(1, "/");
            served.answered(1).await;
            let goodbye = [[0; 4], code.to_be_bytes()].concat();
            served.far.send(frame(GOAWAY, 0, 0, &goodbye));
            served.far.end();
            served.far.dropped().await;
            assert_eq!(served.counters.protocol_errors.get(), 0);
            assert!(served.marks(0).is_empty());
        });
    }
}

fn is_broken(served: &Served) {
    let reason = "http2_protocol_error";
    assert!(served.marks(0).contains(&Mark::Refused { reason }));
    assert_eq!(served.counters.protocol_errors.get(), 1);
}
