//! RFC 9110 section 10.1.1: Expect.

use crate::row::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    let clause = "RFC 9110 10.1.1";
    vec![
        row(clause, "A client that waits for 100 is sent it when its content is read.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            .wait()
            .send("hello")
            .answer(&100)
            .answer(&200)
            .saying("hello")
            .seen(&["POST /echo: hello"]),
        row(clause, "The expectation has no case.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n")
            .wait()
            .send("hello")
            .answer(&100)
            .answer(&200)
            .seen(&["POST /echo: hello"]),
        row(clause, "A chunked content as well.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
            .wait()
            .send("5\r\nhello\r\n0\r\n\r\n")
            .answer(&100)
            .answer(&200)
            .saying("hello")
            .seen(&["POST /echo: hello"]),
        row(clause, "It is not sent where there is no content.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n")
            .answer(&200)
            .saying("")
            .seen(&["POST /echo: "]),
        row(clause, "Nor where there never was to be one.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n")
            .answer(&200)
            .seen(&["GET /file"]),
        row(clause, "Nor before an answer that needs no content: that one is final, and closes.")
            .send("PUT /file HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            .answer(&405)
            .with("connection", "close")
            .closed()
            .seen(&["PUT /file"]),
        row(clause, "Nor before a refusal.")
            .send("POST /echo HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            .answer(&400)
            .with("connection", "close")
            .closed(),
        row(clause, "In HTTP/1.0 it is ignored.")
            .send("POST /echo HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")
            .answer(&200)
            .for_http_1_0()
            .saying("hello")
            .closed()
            .seen(&["POST /echo: hello"]),
        row(clause, "An expectation that nobody knows is answered by 417.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n")
            .answer(&417),
        row(clause, "One of several as well.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue, x=y\r\n\r\n")
            .answer(&417)
            .with("connection", "close")
            .closed(),
        row(clause, "In lines of their own as well.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: x\r\n\r\n")
            .answer(&417),
        row(clause, "In HTTP/1.0 that is ignored as well.")
            .send("GET /file HTTP/1.0\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n")
            .answer(&200)
            .for_http_1_0()
            .closed()
            .seen(&["GET /file"]),
    ]
}
