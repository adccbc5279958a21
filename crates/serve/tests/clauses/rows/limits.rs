//! RFC 9110 section 2.3, RFC 9112 sections 3 and 5: what is too much.

use crate::row::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row("RFC 9112 3", "A request-line of 8000 bytes is read.")
            .send("GET /file?")
            .repeat("a", 7981)
            .send(" HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .seen(&["GET /file?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"]),
        row("RFC 9112 3", "A longer target than is read is answered by 414.")
            .send("GET /")
            .repeat("a", 9000)
            .send(" HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&414)
            .with("connection", "close")
            .closed(),
        row("RFC 9112 3", "However long it is.")
            .send("GET /")
            .repeat("a", 60_000)
            .send(" HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&414)
            .closed(),
        row("RFC 9112 3", "Its query counts.")
            .send("GET /file?")
            .repeat("a", 9000)
            .send(" HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&414)
            .closed(),
        row("RFC 6585 5", "A field line that is too long is answered by 431.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nX: ")
            .repeat("y", 40_000)
            .send("\r\n\r\n")
            .answer(&431)
            .with("connection", "close")
            .closed(),
        row("RFC 6585 5", "A name that is too long as well.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n")
            .repeat("X", 40_000)
            .send(": y\r\n\r\n")
            .answer(&431)
            .closed(),
        row("RFC 6585 5", "Lines that are too long together as well.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n")
            .repeat("X: 01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n", 90)
            .send("\r\n")
            .answer(&431)
            .closed(),
        row("RFC 6585 5", "And too many lines.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n")
            .repeat("X: y\r\n", 150)
            .send("\r\n")
            .answer(&431)
            .closed(),
        row("RFC 6585 5", "A header section of 16 KB and 90 lines is read.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n")
            .repeat("X: 01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n", 90)
            .send("\r\n")
            .answer(&200)
            .seen(&["GET /file"]),
    ]
}
