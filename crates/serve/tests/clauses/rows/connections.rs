//! RFC 9112 sections 9 and 10, RFC 9110 sections 7.6 and 7.8: connections.

use crate::row::{Row, row};

const GET: &str = "GET /file HTTP/1.1\r\nHost: a\r\n\r\n";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row("RFC 9112 9.3", "HTTP/1.1 keeps connections.")
            .send(GET)
            .wait()
            .send(GET)
            .wait()
            .answer(&200)
            .without("connection")
            .answer(&200)
            .seen(&["GET /file", "GET /file"]),
        row("RFC 9112 9.3.2", "Requests that come at once are answered in their order.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwoHEAD /file HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\nGET /missing HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .saying("content\n")
            .answer(&200)
            .saying("two")
            .answer(&200)
            .for_head()
            .answer(&200)
            .saying("four")
            .answer(&404)
            .seen(&["GET /file", "POST /echo: two", "HEAD /file", "POST /echo: four", "GET /missing"]),
        row("RFC 9112 9.6", "What follows a request that is refused is none.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n\r\nGET /file HTTP/1.1\r\nHost : a\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .answer(&400)
            .with("connection", "close")
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 9.6", "Close is honoured, and said.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .answer(&200)
            .with("connection", "close")
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 9.6", "In whatever case.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n")
            .answer(&200)
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 9.6", "Among others.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: x, close ,y\r\n\r\n")
            .answer(&200)
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 9.6", "In a line of its own, whatever another says.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n")
            .answer(&200)
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 9.3", "Close beats keep-alive.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n")
            .answer(&200)
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 9.6", "What follows it is not looked at.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 9.6", "With a content, once that is read.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")
            .answer(&200)
            .saying("hello")
            .closed()
            .seen(&["POST /echo: hello"]),
        row("RFC 9110 7.6.1", "An option that nobody knows is ignored.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: x\r\nX: y\r\n\r\n")
            .answer(&200)
            .seen(&["GET /file"]),
        row("RFC 9110 7.6.1", "To name a field in Connection does not take it from the request.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: host, content-length\r\nContent-Length: 5\r\n\r\nhello")
            .answer(&200)
            .saying("hello")
            .seen(&["POST /echo: hello"]),
        row("RFC 9110 7.6.1", "An option that only holds close is another.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: not-close\r\n\r\n")
            .answer(&200)
            .seen(&["GET /file"]),
        row("RFC 9112 9.3", "HTTP/1.0 does not keep them.")
            .send("GET /file HTTP/1.0\r\nHost: a\r\n\r\n")
            .answer(&200)
            .for_http_1_0()
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 9.3", "Unless it says so: and is told so.")
            .send("GET /file HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
            .answer(&200)
            .for_http_1_0()
            .with("connection", "keep-alive")
            .seen(&["GET /file"]),
        row("RFC 9112 9.3", "In whatever case.")
            .send("GET /file HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n")
            .answer(&200)
            .for_http_1_0()
            .seen(&["GET /file"]),
        row("RFC 9112 9.3", "What follows a request of HTTP/1.0 that is not kept is not looked at.")
            .send("GET /file HTTP/1.0\r\nHost: a\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .for_http_1_0()
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9110 7.8", "An upgrade may be ignored: to another protocol.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: example\r\n\r\n")
            .answer(&200)
            .without("upgrade")
            .seen(&["GET /file"]),
        row("RFC 9113 3.1", "To HTTP/2, which was once asked for so.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
            .answer(&200)
            .saying("content\n")
            .seen(&["GET /file"]),
        row("RFC 9110 7.8", "And what follows is a request.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: example\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .answer(&200)
            .seen(&["GET /file", "GET /file"]),
        row("RFC 6455 4.2.1", "To WebSocket, where none is spoken.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            .answer(&200)
            .seen(&["GET /file"]),
        row("RFC 9110 7.8", "HTTP/1.0 cannot ask for one.")
            .send("GET /file HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: example\r\n\r\n")
            .answer(&200)
            .for_http_1_0()
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9110 10.1.4", "TE says what answers may look like, and changes none here.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers, gzip;q=0.5\r\n\r\n")
            .answer(&200)
            .with("content-length", "8")
            .without("transfer-encoding")
            .seen(&["GET /file"]),
        row("RFC 9112 9.6", "A client may end its direction and still get its answer.")
            .send(GET)
            .end()
            .answer(&200)
            .saying("content\n")
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 9.6", "And all of them.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwoGET /missing HTTP/1.1\r\nHost: a\r\n\r\n")
            .end()
            .answer(&200)
            .answer(&200)
            .saying("two")
            .answer(&404)
            .closed()
            .seen(&["GET /file", "POST /echo: two", "GET /missing"]),
        row("RFC 9112 9.5", "A connection may end between requests, without a word.")
            .send(GET)
            .wait()
            .end()
            .answer(&200)
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 9.5", "Or before the first.").end().closed(),
        row("RFC 9112 9.5", "A reset in a head harms nobody.")
            .send("GET /file HTTP/1.1\r\nHos")
            .reset(),
        row("RFC 9112 9.5", "A reset in a content tells the handler.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
            .reset()
            .seen(&["POST /echo, broken off"]),
        row("RFC 9112 9.6", "What a client sends after its last answer does not destroy it.")
            .send("POST /file HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n")
            .repeat("0123456789", 20_000)
            .end()
            .answer(&405)
            .closed()
            .seen(&["POST /file"]),
        row("RFC 9112 9.6", "Nor what follows a refusal.")
            .send("GET /file HTTP/1.1\r\nHost : a\r\n\r\n")
            .repeat("0123456789", 20_000)
            .end()
            .refused(),
        row("RFC 9110 15.5.9", "A head that does not come is answered by 408.")
            .send("GET /file HTTP/1.1\r\nHost:")
            .answer(&408)
            .with("connection", "close")
            .closed()
            .hasty(),
        row("RFC 9110 15.5.9", "So is a content.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
            .answer(&408)
            .with("connection", "close")
            .closed()
            .hasty(),
        row("RFC 9110 15.5.9", "A connection on which nothing is asked ends without one: it might be taken for the answer to what is asked that moment.")
            .closed()
            .hasty(),
        row("RFC 9110 15.5.9", "After an answer as well.")
            .send(GET)
            .answer(&200)
            .closed()
            .hasty()
            .seen(&["GET /file"]),
        row("RFC 9112 2.2", "An empty line is nothing asked.")
            .send("\r\n")
            .closed()
            .hasty(),
    ]
}
