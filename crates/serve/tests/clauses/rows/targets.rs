//! RFC 9112 sections 3.2 and 3.3, RFC 9110 sections 4.2 and 7.2: whom and what a request is for.

use crate::row::{Row, row};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row("RFC 9112 3.2", "A request without Host is answered by 400.")
            .send("GET /file HTTP/1.1\r\n\r\n")
            .answer(&400),
        row("RFC 9112 3.2", "Two Host lines are answered by 400.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            .answer(&400),
        row("RFC 9112 3.2", "Even if they are equal.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")
            .answer(&400),
        row("RFC 9112 3.2", "Even in HTTP/1.0.")
            .send("GET /file HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n")
            .answer(&400)
            .for_http_1_0()
            .closed(),
        row("RFC 9112 3.2", "HTTP/1.0 needs none.")
            .send("GET /file HTTP/1.0\r\n\r\n")
            .answer(&200)
            .for_http_1_0()
            .closed()
            .seen(&["GET /file"]),
        row("RFC 9112 3.2", "A list of hosts is no host.")
            .send("GET /file HTTP/1.1\r\nHost: a, b\r\n\r\n")
            .answer(&400),
        row(
            "RFC 9110 7.2",
            "Nor is one without spaces: a comma might stand in a name, but in none that there is.",
        )
        .send("GET /file HTTP/1.1\r\nHost: a,b\r\n\r\n")
        .answer(&400),
        row(
            "RFC 9112 3.2",
            "An empty Host is valid: the default site is meant.",
        )
        .send("GET /file HTTP/1.1\r\nHost:\r\n\r\n")
        .answer(&200)
        .seen(&["GET /file at "]),
        row("RFC 9110 7.2", "Host has no user information.")
            .send("GET /file HTTP/1.1\r\nHost: user@a\r\n\r\n")
            .answer(&400),
        row("RFC 9110 7.2", "Host has no scheme.")
            .send("GET /file HTTP/1.1\r\nHost: http://a\r\n\r\n")
            .answer(&400),
        row("RFC 9110 7.2", "Host has no path.")
            .send("GET /file HTTP/1.1\r\nHost: a/b\r\n\r\n")
            .answer(&400),
        row("RFC 9110 7.2", "Host has no query and no fragment.")
            .send("GET /file HTTP/1.1\r\nHost: a?b#c\r\n\r\n")
            .answer(&400),
        row("RFC 9110 7.2", "Host has no white space.")
            .send("GET /file HTTP/1.1\r\nHost: a b\r\n\r\n")
            .answer(&400),
        row("RFC 9110 7.2", "Host has no backslash.")
            .send("GET /file HTTP/1.1\r\nHost: a\\b\r\n\r\n")
            .answer(&400),
        row("RFC 3986 3.2.3", "A port is a number.")
            .send("GET /file HTTP/1.1\r\nHost: a:b\r\n\r\n")
            .answer(&400),
        row("RFC 3986 3.2.3", "And one that there can be.")
            .send("GET /file HTTP/1.1\r\nHost: a:65536\r\n\r\n")
            .answer(&400),
        row("RFC 3986 3.2.3", "A host has one port.")
            .send("GET /file HTTP/1.1\r\nHost: a:80:80\r\n\r\n")
            .answer(&400),
        row("RFC 3986 3.2.3", "An empty port is the default one.")
            .send("GET /file HTTP/1.1\r\nHost: a:\r\n\r\n")
            .answer(&200)
            .seen(&["GET /file at a:"]),
        row("RFC 3986 3.2.3", "A port is said after a colon.")
            .send("GET /file HTTP/1.1\r\nHost: a:8080\r\n\r\n")
            .answer(&200)
            .seen(&["GET /file at a:8080"]),
        row("RFC 3986 3.2.2", "A host may be an address of IPv6.")
            .send("GET /file HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n")
            .answer(&200)
            .seen(&["GET /file at [2001:db8::1]:80"]),
        row("RFC 3986 3.2.2", "It stands in brackets.")
            .send("GET /file HTTP/1.1\r\nHost: 2001:db8::1\r\n\r\n")
            .answer(&400),
        row("RFC 3986 3.2.2", "And both of them.")
            .send("GET /file HTTP/1.1\r\nHost: [2001:db8::1\r\n\r\n")
            .answer(&400),
        row("RFC 3986 3.2.2", "What is in brackets is an address.")
            .send("GET /file HTTP/1.1\r\nHost: [a]\r\n\r\n")
            .answer(&400),
        row(
            "RFC 3986 2.1",
            "A percent sign in a host encodes something.",
        )
        .send("GET /file HTTP/1.1\r\nHost: a%zz\r\n\r\n")
        .answer(&400),
        row(
            "RFC 9110 5.5",
            "A host has no high bytes: names are written in ASCII.",
        )
        .send(b"GET /file HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n")
        .answer(&400),
        row("RFC 9112 3.2.2", "The absolute form is accepted.")
            .send("GET http://a/file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .seen(&["GET http://a/file"]),
        row(
            "RFC 9112 3.2.2",
            "Its host is the one that is meant, and what Host says is ignored.",
        )
        .send("GET http://b/file HTTP/1.1\r\nHost: c\r\n\r\n")
        .answer(&200)
        .seen(&["GET http://b/file at b"]),
        row("RFC 9112 3.2", "It does not replace Host.")
            .send("GET http://a/file HTTP/1.1\r\n\r\n")
            .answer(&400),
        row("RFC 9112 3.2", "Nor make a wrong one right.")
            .send("GET http://a/file HTTP/1.1\r\nHost: a b\r\n\r\n")
            .answer(&400),
        row("RFC 9110 4.2.1", "A name of a scheme has no case.")
            .send("GET HTTP://a/file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .seen(&["GET http://a/file"]),
        row(
            "RFC 9110 4.2.4",
            "User information in a target is an error.",
        )
        .send("GET http://user@a/file HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer(&400),
        row(
            "RFC 9110 7.4",
            "What is asked for in another scheme than those of HTTP is not here.",
        )
        .send("GET ftp://a/file HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer(&421),
        row(
            "RFC 9110 7.4",
            "What is asked for as https must have come over TLS.",
        )
        .send("GET https://a/file HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer(&421),
        row("RFC 9110 4.2.1", "A host of no letters is none.")
            .send("GET http:///file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&400)
            .kept_or_closed(),
        row("RFC 9112 3.2.1", "The origin form begins with a slash.")
            .send("GET file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&400),
        row("RFC 9112 3.2.3", "The authority form is for CONNECT alone.")
            .send("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&400)
            .kept_or_closed(),
        row("RFC 9112 3.2.4", "The asterisk is for OPTIONS alone.")
            .send("GET * HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&400),
        row("RFC 9112 3.2", "A target has no fragment.")
            .send("GET /file#part HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 3986 2", "A target has no NUL.")
            .send("GET /fi\0le HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 3986 2", "Nor another control character.")
            .send("GET /fi\x7fle HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 3986 2", "Nor a high byte, valid UTF-8 or not.")
            .send(b"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n")
            .refused(),
        row("RFC 3986 3.4", "A query is not part of a file's name.")
            .send("GET /file?a=b?c HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .saying("content\n")
            .seen(&["GET /file?a=b?c"]),
        row(
            "RFC 3986 2.1",
            "A percent sign in a path encodes something.",
        )
        .send("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer(&400)
        .seen(&["GET /%zz"]),
    ]
}
