//! RFC 9112 sections 6.2 and 6.3, RFC 9110 section 8.6: Content-Length.

use crate::row::{Row, row};

/// A POST of `hello`, and a request after it, as long as these lines have it.
fn post(lines: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\nhello")
}

fn refused(clause: &'static str, asks: &'static str, lines: &str) -> Row {
    row(clause, asks).send(post(lines)).refused()
}

pub(crate) fn rows() -> Vec<Row> {
    let invalid = "RFC 9112 6.3";
    let digits = "RFC 9110 8.6";
    vec![
        row("RFC 9112 6.2", "Content-Length says how long the content is, and what follows it is the next request.")
            .send(post("Content-Length: 5"))
            .send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .saying("hello")
            .answer(&200)
            .seen(&["POST /echo: hello", "GET /file"]),
        row("RFC 9112 6.2", "A length of 0 is a length.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            .answer(&200)
            .saying("")
            .seen(&["POST /echo: "]),
        row("RFC 9112 6.3", "A request without Content-Length and Transfer-Encoding has no content.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .saying("")
            .answer(&200)
            .seen(&["POST /echo: ", "GET /file"]),
        row("RFC 9112 6.3", "Connection: close does not make a request end with the connection.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .answer(&200)
            .saying("")
            .closed()
            .seen(&["POST /echo: "]),
        row("RFC 9112 6.3", "A content that ends too early is incomplete, and the connection closed.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
            .end()
            .one_of(&[400])
            .closed()
            .seen(&["POST /echo, broken off"]),
        row(digits, "Leading zeros are digits.")
            .send(post("Content-Length: 0005"))
            .answer(&200)
            .saying("hello")
            .seen(&["POST /echo: hello"]),
        row(digits, "They make no octal number.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 010\r\n\r\n0123456789")
            .answer(&200)
            .saying("0123456789")
            .seen(&["POST /echo: 0123456789"]),
        refused(digits, "More digits than a length of 64 bits has are refused, zeros or not.", "Content-Length: 000000000000000000005"),
        refused(invalid, "Letters are no length.", "Content-Length: five"),
        refused(invalid, "Nothing is no length.", "Content-Length:"),
        refused(invalid, "White space is none.", "Content-Length:  \t"),
        refused(invalid, "A plus sign is no digit.", "Content-Length: +5"),
        refused(invalid, "A minus sign is none.", "Content-Length: -5"),
        refused(invalid, "Not before 0 either.", "Content-Length: -0"),
        refused(invalid, "Hexadecimal is not decimal.", "Content-Length: 0x5"),
        refused(invalid, "Nor is octal.", "Content-Length: 0o5"),
        refused(invalid, "An underscore is no digit.", "Content-Length: 0_5"),
        refused(invalid, "A dot is none.", "Content-Length: 5.0"),
        refused(invalid, "An exponent is none.", "Content-Length: 5e0"),
        refused(invalid, "White space within a number is none.", "Content-Length: 0 5"),
        refused(invalid, "Quotes are none.", "Content-Length: \"5\""),
        refused(invalid, "A digit of another script is none.", "Content-Length: \u{665}"),
        refused(invalid, "A parameter is none.", "Content-Length: 5;a"),
        refused(invalid, "A full-width minus is none.", "Content-Length: \u{ff0d}5"),
        refused(digits, "A length that no 64 bits hold does not wrap around.", "Content-Length: 18446744073709551621"),
        refused(digits, "Nor does one of a hundred digits.", "Content-Length: 1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000005"),
        refused(invalid, "Two lengths that differ are an error.", "Content-Length: 5\r\nContent-Length: 6"),
        refused(invalid, "In whatever order.", "Content-Length: 6\r\nContent-Length: 5"),
        refused(invalid, "Two that are equal may be one. They are refused: nobody honest sends them.", "Content-Length: 5\r\nContent-Length: 5"),
        refused(invalid, "Two that differ in their zeros as well.", "Content-Length: 5\r\nContent-Length: 05"),
        refused(invalid, "A list of lengths that differ is an error.", "Content-Length: 5, 6"),
        refused(invalid, "A list of equal ones may be one. It is refused.", "Content-Length: 5, 5"),
        refused(invalid, "A list with an empty element is refused.", "Content-Length: 5,"),
        refused(invalid, "And one that begins so.", "Content-Length: ,5"),
        refused(invalid, "An invalid length after a valid one makes both invalid.", "Content-Length: 5\r\nContent-Length: x"),
        refused(invalid, "And a valid one does not mend an invalid one.", "Content-Length: x\r\nContent-Length: 5"),
        row("RFC 9112 6.3", "What looks like a length in another field is none.")
            .send("POST /echo HTTP/1.1\r\nHost: a\r\nX-Content-Length: 5\r\nContent-Lengths: 5\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .saying("")
            .answer(&200)
            .seen(&["POST /echo: ", "GET /file"]),
        refused("RFC 9112 11.2", "A name that is another one's where _ becomes - is refused: only attackers send it.", "Content_Length: 5"),
        row("RFC 9112 6.2", "A huge length whose content does not come is not waited for, where the answer needs none.")
            .send("POST /file HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n")
            .answer(&405)
            .with("connection", "close")
            .closed()
            .seen(&["POST /file"]),
        row("RFC 9110 9.3.1", "A content of GET has no meaning, and is none the less a content.")
            .send("GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .seen(&["GET /echo: GET /smuggled HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"]),
        row("RFC 9110 9.3.1", "Where nobody reads it, it is skipped, or the connection ends: it is never a request.")
            .send("GET /file HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .kept_or_closed()
            .seen(&["GET /file"]),
        row("RFC 9110 9.3.2", "Nor is that of HEAD.")
            .send("HEAD /file HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .for_head()
            .kept_or_closed()
            .seen(&["HEAD /file"]),
        row("RFC 9112 9.3", "A content that an error answer does not read is not taken for a request.")
            .send("POST /file HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&405)
            .kept_or_closed()
            .seen(&["POST /file"]),
    ]
}
