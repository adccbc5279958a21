//! RFC 9112 section 5, RFC 9110 section 5: field lines.

use crate::row::{Row, row};

/// A GET with one field line more.
fn with(line: impl AsRef<[u8]>) -> Vec<u8> {
    [
        b"GET /file HTTP/1.1\r\nHost: a\r\n",
        line.as_ref(),
        b"\r\n\r\n",
    ]
    .concat()
}

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row("RFC 9112 5", "White space around a value is no part of it.")
            .send("POST /echo HTTP/1.1\r\nHost:a\r\nContent-Length: \t 1 \t\r\n\r\nx")
            .answer(&200)
            .seen(&["POST /echo: x"]),
        row("RFC 9110 5.1", "The names of fields have no case.")
            .send("POST /echo HTTP/1.1\r\nhOST: a\r\nCONTENT-length: 1\r\n\r\nx")
            .answer(&200)
            .seen(&["POST /echo: x"]),
        row("RFC 9110 5.5", "A value may be empty.")
            .send(with("X:"))
            .answer(&200)
            .seen(&["GET /file"]),
        row("RFC 9110 5.5", "Tabs and high bytes may stand in a value.")
            .send(with(b"X: a\tb\xc3\xa4\xff"))
            .answer(&200)
            .seen(&["GET /file"]),
        row("RFC 9110 5.6.2", "A name may hold every sign of a token.")
            .send(with("!#$%&'*+-.^_`|~09Az: x"))
            .answer(&200)
            .seen(&["GET /file"]),
        row("RFC 9110 5.1", "Fields that nobody knows are ignored.")
            .send(with("X-Unknown: x\r\nX-Unknown: y"))
            .answer(&200)
            .seen(&["GET /file"]),
        row(
            "RFC 9112 5.1",
            "White space between name and colon is answered by 400.",
        )
        .send(with("X : y"))
        .refused(),
        row("RFC 9112 5.1", "A tab as well.")
            .send(with("X\t: y"))
            .refused(),
        row("RFC 9112 5.1", "Above all where it hides a length.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello")
            .refused(),
        row("RFC 9112 5.1", "Or a transfer coding.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n")
            .refused(),
        row("RFC 9112 5.2", "A folded line is answered by 400.")
            .send(with("X: y\r\n z"))
            .refused(),
        row("RFC 9112 5.2", "By a tab as well.")
            .send(with("X: y\r\n\tz"))
            .refused(),
        row(
            "RFC 9112 5.2",
            "Above all where it is a transfer coding that is folded.",
        )
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n")
        .refused(),
        row("RFC 9112 5.2", "A line of white space alone folds as well.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n \r\n\r\n")
            .refused(),
        row("RFC 9112 5", "A name is not empty.")
            .send(with(": y"))
            .refused(),
        row("RFC 9112 5", "A line has a colon.")
            .send(with("X"))
            .refused(),
        row("RFC 9110 5.1", "A name is a token: no brackets.")
            .send(with("X[y]: z"))
            .refused(),
        row("RFC 9110 5.1", "No quotes.")
            .send(with("\"X\": z"))
            .refused(),
        row("RFC 9110 5.1", "No white space.")
            .send(with("X y: z"))
            .refused(),
        row("RFC 9110 5.1", "No tab.")
            .send(with("X\ty: z"))
            .refused(),
        row("RFC 9110 5.1", "No high bytes.")
            .send(with(b"X\xe9: z"))
            .refused(),
        row("RFC 9110 5.1", "No NUL.")
            .send(with("X\0: z"))
            .refused(),
        row("RFC 9110 5.1", "No other control character.")
            .send(with("X\x08: z"))
            .refused(),
        row("RFC 9110 5.5", "A value has no NUL.")
            .send(with("X: y\0z"))
            .refused(),
        row("RFC 9110 5.5", "Nor another control character.")
            .send(with("X: y\x01z"))
            .refused(),
        row("RFC 9110 5.5", "Nor DEL.")
            .send(with("X: y\x7fz"))
            .refused(),
        row(
            "RFC 9110 5.5",
            "Nor a vertical tab at its beginning, which is no white space.",
        )
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n")
        .refused(),
        row("RFC 9112 2.2", "A bare CR in a value is invalid.")
            .send(with("X: y\rz"))
            .refused(),
        row(
            "RFC 9112 2.2",
            "A bare CR does not end a line, and hides no other.",
        )
        .send(with("X: y\rContent-Length: 5"))
        .refused(),
        row(
            "RFC 9112 2.2",
            "A lone LF might end a line. It ends none here.",
        )
        .send(with("X: y\nZ: z"))
        .refused(),
        row("RFC 9112 2.2", "Nor does LF end a header section.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n\n")
            .refused(),
        row("RFC 9112 2.2", "Nor CR alone.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n\rX")
            .refused(),
        row("RFC 9112 2.2", "LF CR is no end of a line.")
            .send(with("X: y\n\rZ: z"))
            .refused(),
    ]
}
