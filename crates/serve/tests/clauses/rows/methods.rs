//! RFC 9110 section 9: methods.

use crate::row::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row("RFC 9110 9.1", "GET is answered by a representation.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .with("content-length", "8")
            .saying("content\n")
            .seen(&["GET /file"]),
        row("RFC 9110 9.3.2", "HEAD is GET without the content.")
            .send("HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .with("content-length", "8")
            .for_head()
            .seen(&["HEAD /file"]),
        row("RFC 9110 9.3.2", "Of an error as well.")
            .send("HEAD /missing HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&404)
            .for_head()
            .seen(&["HEAD /missing"]),
        row(
            "RFC 9110 9.3.2",
            "And of what is refused before it is looked for.",
        )
        .send("HEAD /file HTTP/1.1\r\n\r\n")
        .answer(&400)
        .for_head(),
        row(
            "RFC 9110 15.5.6",
            "A method that is known and not allowed is answered by 405, with those that are.",
        )
        .send("DELETE /file HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer(&405)
        .with("allow", "")
        .seen(&["DELETE /file"]),
        row("RFC 9110 15.5.6", "PUT as well.")
            .send("PUT /file HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
            .answer(&405)
            .kept_or_closed()
            .seen(&["PUT /file"]),
        row("RFC 9110 9.1", "One that is not known is answered by 501.")
            .send("BREW /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&501)
            .seen(&["BREW /file"]),
        row(
            "RFC 9110 9.1",
            "Methods are case-sensitive: this is not GET.",
        )
        .send("get /file HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer(&501)
        .seen(&["get /file"]),
        row("RFC 9110 9.1", "A method may be any token.")
            .send("!#$%&'*+-.^_`|~ /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&501)
            .seen(&["!#$%&'*+-.^_`|~ /file"]),
        row(
            "RFC 9112 3",
            "One that is longer than any that is implemented is answered by 501.",
        )
        .repeat("LONG", 100)
        .send(" /file HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer(&501)
        .with("connection", "close")
        .closed(),
        row("RFC 9112 3", "However long.")
            .repeat("LONG", 15_000)
            .send(" /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&501)
            .closed(),
        row("RFC 9110 9.3.7", "OPTIONS tells which methods there are.")
            .send("OPTIONS /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .one_of(&[200, 204, 405])
            .with("allow", "")
            .seen(&["OPTIONS /file"]),
        row("RFC 9110 9.3.7", "With an asterisk those of the server.")
            .send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
            .one_of(&[200, 204, 405])
            .with("allow", "")
            .seen(&["OPTIONS *"]),
        row(
            "RFC 9110 7.6.2",
            "Max-Forwards means nothing to whoever is asked in the end.",
        )
        .send("OPTIONS /file HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n")
        .one_of(&[200, 204, 405])
        .with("allow", "")
        .seen(&["OPTIONS /file"]),
        row(
            "RFC 9110 9.3.8",
            "TRACE would show a page what it must not know: it is refused.",
        )
        .send("TRACE /file HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n")
        .one_of(&[405, 501])
        .seen(&["TRACE /file"]),
        row("RFC 9110 9.3.8", "With Max-Forwards as well.")
            .send("TRACE /file HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n")
            .one_of(&[405, 501])
            .seen(&["TRACE /file"]),
        row("RFC 9110 9.3.8", "With a content as well.")
            .send("TRACE /file HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            .one_of(&[405, 501])
            .kept_or_closed()
            .seen(&["TRACE /file"]),
        row("RFC 9110 9.3.6", "CONNECT makes no tunnel here.")
            .send("CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n")
            .one_of(&[405, 501])
            .seen(&["CONNECT b:80 at b:80"]),
        row(
            "RFC 9110 9.3.6",
            "And what follows is not passed on: it is a request.",
        )
        .send("CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
        .one_of(&[405, 501])
        .answer(&200)
        .seen(&["CONNECT b:80 at b:80", "GET /file"]),
        row(
            "RFC 9112 3.2.3",
            "Its target is an authority: a path is none.",
        )
        .send("CONNECT /file HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer(&400),
        row("RFC 9110 9.3.6", "An authority with a port.")
            .send("CONNECT b HTTP/1.1\r\nHost: b\r\n\r\n")
            .answer(&400),
        row("RFC 9112 3.2.3", "Not the absolute form.")
            .send("CONNECT http://b/ HTTP/1.1\r\nHost: b\r\n\r\n")
            .answer(&400),
    ]
}
