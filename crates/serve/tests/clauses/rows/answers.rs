//! RFC 9110 sections 6, 8 and 15: answers.

use crate::row::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(
            "RFC 9110 8.3",
            "An answer with a content says of what type it is.",
        )
        .send("GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer(&200)
        .with("content-type", "text/html; charset=utf-8")
        .seen(&["GET /index.html"]),
        row("RFC 9110 6.6.1", "An answer has a Date.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .with("date", "")
            .seen(&["GET /file"]),
        row("RFC 9110 6.6.1", "A refusal as well.")
            .send("nonsense\r\n\r\n")
            .answer(&400)
            .with("date", "")
            .closed(),
        row("RFC 9112 6.1", "HTTP/1.0 is not answered in chunks.")
            .send("GET /missing HTTP/1.0\r\n\r\n")
            .answer(&404)
            .for_http_1_0()
            .without("transfer-encoding")
            .closed()
            .seen(&["GET /missing"]),
        row(
            "RFC 9110 15.4.5",
            "304 has no content, and none is read out of it.",
        )
        .send("GET /file HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n")
        .answer(&304)
        .without("transfer-encoding")
        .without("content-type")
        .seen(&["GET /file"]),
        row("RFC 9110 15.4.2", "A redirect says where to.")
            .send("GET /folder HTTP/1.1\r\nHost: a\r\n\r\n")
            .one_of(&[301, 308])
            .with("location", "")
            .seen(&["GET /folder"]),
        row("RFC 9110 15.5.5", "What is not there is answered by 404.")
            .send("GET /missing HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&404)
            .seen(&["GET /missing"]),
        row(
            "RFC 9110 10.2.4",
            "An error's page does not repeat what was asked.",
        )
        .send("GET /%3Cscript%3Ealert(1)%3C%2Fscript%3E HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer(&404)
        .with("x-content-type-options", "nosniff")
        .seen(&["GET /%3Cscript%3Ealert(1)%3C%2Fscript%3E"]),
    ]
}
