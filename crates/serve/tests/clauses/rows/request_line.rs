//! RFC 9112 sections 2 and 3: the line that a request begins with.

use crate::row::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row("RFC 9112 3", "method SP request-target SP HTTP-version")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .saying("content\n")
            .seen(&["GET /file"]),
        row("RFC 9112 2.2", "An empty line before a request is ignored.")
            .send("\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .seen(&["GET /file"]),
        row("RFC 9112 2.2", "So are several, and those after a content that a client adds by mistake.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\r\n\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .saying("hello")
            .answer(&200)
            .seen(&["POST /echo: hello", "GET /file"]),
        row("RFC 9112 2.2", "A lone LF may end a line. It ends none here: two that differ in it are where smuggling begins.")
            .send("GET /file HTTP/1.1\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.2", "A lone LF before a request is no empty line.")
            .send("\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.2", "All lines ended by a lone LF are no request.")
            .send("GET /file HTTP/1.1\nHost: a\n\n")
            .refused(),
        row("RFC 9112 2.2", "A bare CR is invalid as an end of a line.")
            .send("GET /file HTTP/1.1\rHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.2", "A bare CR is invalid before a request.")
            .send("\rGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.2", "A bare CR is invalid in a target.")
            .send("GET /fi\rle HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.2", "CR CR LF does not end a line.")
            .send("GET /file HTTP/1.1\r\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.2", "What is not HTTP is answered by 400, and the connection closed.")
            .send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            .refused(),
        row("RFC 9112 2.2", "Nor is a byte of another protocol a method.")
            .send(b"\xff\xfe\xfd\r\n\r\n")
            .refused(),
        row("RFC 9112 2.2", "White space before the first field line makes the request invalid.")
            .send("GET /file HTTP/1.1\r\n Host: a\r\n\r\n")
            .refused(),
        row("RFC 9112 3", "White space before the method is not corrected.")
            .send(" GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 3", "Several spaces are not one: a request-line is not corrected, as it may be meant to get past a filter.")
            .send("GET  /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 3", "Nor before the version.")
            .send("GET /file  HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 3", "Nor at the end of the line.")
            .send("GET /file HTTP/1.1 \r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 3", "A tab is no space.")
            .send("GET\t/file HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 3", "Nor is a tab one before the version.")
            .send("GET /file\tHTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 3", "Nor is a form feed.")
            .send("GET\x0c/file HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 3.2", "White space in a target is not corrected.")
            .send("GET /a file HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 3", "There must be a target.")
            .send("GET HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 3", "An empty one is none.")
            .send("GET  HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.3", "HTTP/0.9, a line without a version, is not spoken.")
            .send("GET /file\r\n\r\n")
            .refused(),
        row("RFC 9112 2.3", "The name of the protocol is case-sensitive.")
            .send("GET /file http/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.3", "And no other will do.")
            .send("GET /file HTTQ/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.3", "A version is two digits: one is missing.")
            .send("GET /file HTTP/1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.3", "A version is two digits: one is too many.")
            .send("GET /file HTTP/1.10\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.3", "A version has no leading zeros.")
            .send("GET /file HTTP/01.1\r\nHost: a\r\n\r\n")
            .one_of(&[400, 505])
            .closed(),
        row("RFC 9112 2.3", "A version has no white space.")
            .send("GET /file HTTP/ 1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.3", "A version has a dot.")
            .send("GET /file HTTP/1,1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9110 6.2", "A higher minor version is taken for the highest that is implemented: 1.1.")
            .send("POST /echo HTTP/1.2\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
            .answer(&200)
            .saying("x")
            .seen(&["POST /echo: x"]),
        row("RFC 9110 6.2", "So is the highest there can be.")
            .send("GET /file HTTP/1.9\r\nHost: a\r\n\r\n")
            .answer(&200)
            .seen(&["GET /file"]),
        row("RFC 9110 15.6.6", "A major version that is not spoken here is answered by 505.")
            .send("GET /file HTTP/2.0\r\nHost: a\r\n\r\n")
            .answer(&505)
            .with("connection", "close")
            .closed(),
        row("RFC 9110 15.6.6", "So is one that there never was.")
            .send("GET /file HTTP/0.9\r\nHost: a\r\n\r\n")
            .answer(&505)
            .closed(),
        row("RFC 9110 5.6.2", "A method is a token: no brackets.")
            .send("G(T /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9110 5.6.2", "A method is a token: no NUL.")
            .send("G\0T /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 9112 2.2", "A head that stays a part when the client ends is answered by nothing: it is no request.")
            .send("GET /file HTTP/1.1\r\nHost")
            .end()
            .closed(),
    ]
}
