//! RFC 9112 sections 6.1 and 6.3: Transfer-Encoding, and both at once.

use crate::row::{Row, row};

/// A POST with these lines, whose chunks hold a smuggled request for whoever does not see them.
fn post(lines: &str) -> String {
    format!(
        "POST /echo HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    )
}

fn refused(clause: &'static str, asks: &'static str, lines: &str) -> Row {
    row(clause, asks).send(post(lines)).refused()
}

fn not_implemented(asks: &'static str, lines: &str) -> Row {
    row("RFC 9112 6.1", asks)
        .send(post(lines))
        .answer(&501)
        .with("connection", "close")
        .closed()
}

pub(crate) fn rows() -> Vec<Row> {
    let both = "RFC 9112 6.1";
    let last = "RFC 9112 6.3";
    vec![
        row("RFC 9112 6.1", "The coding chunked is understood.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .saying("hello")
            .answer(&200)
            .seen(&["POST /echo: hello", "GET /file"]),
        row("RFC 9112 7", "The names of codings have no case.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ChUnKeD\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .answer(&200)
            .saying("hello")
            .seen(&["POST /echo: hello"]),
        row("RFC 9110 5.5", "White space around the value is no part of it.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \t chunked \t\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .answer(&200)
            .saying("hello")
            .seen(&["POST /echo: hello"]),
        refused(both, "Both a length and a coding may be an attack: refused, and closed.", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        refused(both, "In whatever order.", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        refused(both, "Even where the length is 0.", "Content-Length: 0\r\nTransfer-Encoding: chunked"),
        refused(both, "Even where the length is invalid.", "Transfer-Encoding: chunked\r\nContent-Length: x"),
        refused(both, "Even where the length is that of the coded content.", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        refused(both, "Even where the coding is none.", "Content-Length: 5\r\nTransfer-Encoding: identity"),
        refused(both, "Even where nobody knows it.", "Content-Length: 5\r\nTransfer-Encoding: xchunked"),
        refused(both, "Even where its value is empty.", "Content-Length: 5\r\nTransfer-Encoding:"),
        row("RFC 9112 6.1", "HTTP/1.0 has no transfer coding: the framing is faulty, and the connection closed.")
            .send("POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .answer(&400)
            .for_http_1_0()
            .closed(),
        row("RFC 9112 6.1", "Even where it would be kept alive.")
            .send("POST /echo HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .answer(&400)
            .for_http_1_0()
            .closed(),
        row("RFC 9112 6.1", "Even with a length.")
            .send("POST /echo HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .answer(&400)
            .for_http_1_0()
            .closed(),
        refused(last, "Where chunked is not the last coding, nobody knows where the content ends.", "Transfer-Encoding: chunked, gzip"),
        refused(last, "Nor where it is none of them.", "Transfer-Encoding: gzip"),
        refused(last, "Nor where it only ends like it.", "Transfer-Encoding: xchunked"),
        refused(last, "Nor where it only begins like it.", "Transfer-Encoding: chunkedx"),
        refused(last, "Identity was a coding once.", "Transfer-Encoding: identity"),
        refused(last, "And after chunked it is not chunked.", "Transfer-Encoding: chunked, identity"),
        refused(last, "Lines are one list: chunked is not the last of it.", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
        not_implemented("A coding that is not understood is answered by 501.", "Transfer-Encoding: gzip, chunked"),
        not_implemented("Lines are one list.", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
        not_implemented("Identity as well: it was removed.", "Transfer-Encoding: identity, chunked"),
        refused("RFC 9112 7.1", "Chunked is not applied twice.", "Transfer-Encoding: chunked, chunked"),
        refused("RFC 9112 7.1", "Nor in two lines.", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        refused("RFC 9112 6.1", "A coding is a token: nothing is none.", "Transfer-Encoding:"),
        refused("RFC 9110 5.6.1", "Empty elements of a list might be ignored. They are refused: others count them.", "Transfer-Encoding: chunked,"),
        refused("RFC 9110 5.6.1", "At the beginning as well.", "Transfer-Encoding: , chunked"),
        refused("RFC 9112 7.1", "Chunked has no parameters.", "Transfer-Encoding: chunked;a=b"),
        refused("RFC 9112 6.1", "Quotes make no token.", "Transfer-Encoding: \"chunked\""),
        refused("RFC 9112 6.1", "Single ones are part of it.", "Transfer-Encoding: 'chunked'"),
        refused("RFC 9110 5.6.2", "A semicolon separates no codings.", "Transfer-Encoding: gzip; chunked"),
        refused("RFC 9110 5.6.2", "Nor does a space.", "Transfer-Encoding: gzip chunked"),
        refused("RFC 9110 5.5", "A form feed is no white space.", "Transfer-Encoding: \x0cchunked"),
        refused("RFC 9110 5.5", "Nor is a vertical tab behind it.", "Transfer-Encoding: chunked\x0b"),
        refused("RFC 9110 5.5", "Nor a NUL.", "Transfer-Encoding: chunked\0"),
        refused("RFC 9110 5.5", "Nor a no-break space.", "Transfer-Encoding: \u{a0}chunked"),
        refused("RFC 9112 6.3", "A letter that folds to k is no k.", "Transfer-Encoding: chun\u{212a}ed"),
        refused("RFC 9112 5.2", "A folded coding is refused.", "Transfer-Encoding: gzip,\r\n chunked"),
        row("RFC 9112 6.3", "What looks like a transfer coding in another field is none.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nX-Transfer-Encoding: chunked\r\nTransfer-Encodings: chunked\r\nContent-Length: 5\r\n\r\nhello")
            .answer(&200)
            .saying("hello")
            .seen(&["POST /echo: hello"]),
        refused("RFC 9112 11.2", "A name that is another one's where _ becomes - is refused: only attackers send it.", "Transfer_Encoding: chunked\r\nContent-Length: 5"),
        row("RFC 9110 8.4", "A content coding is no transfer coding.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello")
            .answer(&200)
            .saying("hello")
            .seen(&["POST /echo: hello"]),
        row("RFC 9112 6.3", "A chunked content of a GET is none the less a content.")
            .send("GET /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            .answer(&200)
            .saying("abc")
            .seen(&["GET /echo: abc"]),
        row("RFC 9112 6.3", "And where nobody reads it, its bytes are no request.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n23\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n")
            .answer(&200)
            .kept_or_closed()
            .seen(&["GET /file"]),
    ]
}
