//! RFC 9112 section 7.1: chunks, their extensions, and trailers.

use crate::row::{Row, row};

const HEAD: &str = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

fn chunked(clause: &'static str, asks: &'static str, chunks: impl AsRef<[u8]>) -> Row {
    row(clause, asks).send(HEAD).send(chunks)
}

/// Chunks that the handler hears of as broken off.
fn broken(clause: &'static str, asks: &'static str, chunks: impl AsRef<[u8]>) -> Row {
    chunked(clause, asks, chunks)
        .refused()
        .seen(&["POST /echo, broken off"])
}

pub(crate) fn rows() -> Vec<Row> {
    let size = "RFC 9112 7.1";
    let extension = "RFC 9112 7.1.1";
    let trailer = "RFC 9112 7.1.2";
    vec![
        chunked(size, "A content is its chunks.", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            .answer(&200)
            .saying("abcde")
            .seen(&["POST /echo: abcde"]),
        chunked(size, "The last chunk alone is an empty content.", "0\r\n\r\n")
            .answer(&200)
            .saying("")
            .seen(&["POST /echo: "]),
        chunked(size, "A size is hexadecimal, in small letters.", "a\r\n0123456789\r\n0\r\n\r\n")
            .answer(&200)
            .saying("0123456789")
            .seen(&["POST /echo: 0123456789"]),
        chunked(size, "And in capitals.", "A\r\n0123456789\r\n0\r\n\r\n")
            .answer(&200)
            .saying("0123456789")
            .seen(&["POST /echo: 0123456789"]),
        chunked(size, "Leading zeros are digits.", "0003\r\nabc\r\n000\r\n\r\n")
            .answer(&200)
            .saying("abc")
            .seen(&["POST /echo: abc"]),
        chunked(size, "CR and LF in a chunk are content.", "4\r\n\r\n\r\n\r\n0\r\n\r\n")
            .answer(&200)
            .saying("\r\n\r\n")
            .seen(&["POST /echo: \\r\\n\\r\\n"]),
        broken(size, "A size is not empty.", "\r\nabc\r\n0\r\n\r\n"),
        broken(size, "A size has no minus sign.", "-3\r\nabc\r\n0\r\n\r\n"),
        broken(size, "A size has no plus sign.", "+3\r\nabc\r\n0\r\n\r\n"),
        broken(size, "A size has no prefix.", "0x3\r\nabc\r\n0\r\n\r\n"),
        broken(size, "A size has no underscore.", "0_3\r\nabc\r\n0\r\n\r\n"),
        broken(size, "A size has no white space before it.", " 3\r\nabc\r\n0\r\n\r\n"),
        broken(size, "Nor behind it, where no extension follows.", "3 \r\nabc\r\n0\r\n\r\n"),
        broken(size, "A size is hexadecimal.", "g\r\nabc\r\n0\r\n\r\n"),
        broken(size, "A size has no dot.", "3.0\r\nabc\r\n0\r\n\r\n"),
        broken(size, "A size has no NUL.", "3\0\r\nabc\r\n0\r\n\r\n"),
        broken(size, "A size does not wrap around.", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
        broken(size, "Nor does one of a hundred digits.", format!("1{}3\r\nabc\r\n0\r\n\r\n", "0".repeat(98))),
        broken(size, "More digits than a size of 64 bits has are refused, zeros or not.", format!("{}3\r\nabc\r\n0\r\n\r\n", "0".repeat(16))),
        broken("RFC 9112 2.2", "A lone LF does not end a size.", "3\nabc\r\n0\r\n\r\n"),
        broken("RFC 9112 2.2", "Nor does a bare CR.", "3\rabc\r\n0\r\n\r\n"),
        broken("RFC 9112 2.2", "A lone LF does not end a chunk.", "3\r\nabc\n0\r\n\r\n"),
        broken("RFC 9112 2.2", "Nor does a bare CR end one.", "3\r\nabc\r0\r\n\r\n"),
        broken("RFC 9112 2.2", "Nor does LF end the last one.", "3\r\nabc\r\n0\n\n"),
        broken("RFC 9112 2.2", "Nor LF the trailer section.", "3\r\nabc\r\n0\r\n\n"),
        broken(size, "A chunk ends behind its size: more spills.", "3\r\nabcde\r\n0\r\n\r\n"),
        broken(size, "CRLF must be there.", "3\r\nabc0\r\n\r\n"),
        chunked(size, "Without the last chunk the content is incomplete.", "3\r\nabc\r\n")
            .end()
            .answer(&400)
            .closed()
            .seen(&["POST /echo, broken off"]),
        chunked(size, "With a part of the last one as well.", "3\r\nabc\r\n0\r\n")
            .end()
            .answer(&400)
            .closed()
            .seen(&["POST /echo, broken off"]),
        chunked(extension, "Extensions that nobody knows are ignored.", "3;a\r\nabc\r\n0;b=c\r\n\r\n")
            .answer(&200)
            .saying("abc")
            .seen(&["POST /echo: abc"]),
        chunked(extension, "A value may be quoted, and hold what ends another.", "3;a=\"b;c\\\"d\"\r\nabc\r\n0\r\n\r\n")
            .answer(&200)
            .saying("abc")
            .seen(&["POST /echo: abc"]),
        chunked(extension, "Several may follow each other, with white space around.", "3 ; a = b\t;c;d=\"e\"\r\nabc\r\n0\r\n\r\n")
            .answer(&200)
            .saying("abc")
            .seen(&["POST /echo: abc"]),
        broken(extension, "An extension has a name.", "3;\r\nabc\r\n0\r\n\r\n"),
        broken(extension, "Each of them.", "3;a;;b\r\nabc\r\n0\r\n\r\n"),
        broken(extension, "It is a token.", "3;a(\r\nabc\r\n0\r\n\r\n"),
        broken(extension, "A value is not empty.", "3;a=\r\nabc\r\n0\r\n\r\n"),
        broken(extension, "A quote ends.", "3;a=\"b\r\nabc\r\n0\r\n\r\n"),
        broken(extension, "No CRLF hides in a quote.", "3;a=\"\r\nabc\r\n0\r\n\r\n\"\r\nabc\r\n0\r\n\r\n"),
        broken(extension, "Nothing follows a quote but the next.", "3;a=\"b\"c\r\nabc\r\n0\r\n\r\n"),
        broken("RFC 9112 2.2", "A lone LF in an extension does not end it.", "3;a\nabc\r\n0\r\n\r\n"),
        broken("RFC 9112 2.2", "Nor a bare CR.", "3;a\rb\r\nabc\r\n0\r\n\r\n"),
        broken("RFC 9110 5.5", "There is no NUL in it.", "3;a\0\r\nabc\r\n0\r\n\r\n"),
        row(extension, "How long extensions may be together is bounded.")
            .send(HEAD)
            .send("1;")
            .repeat("a", 20_000)
            .send("\r\nx\r\n0\r\n\r\n")
            .refused()
            .seen(&["POST /echo, broken off"]),
        chunked(trailer, "Trailers are read.", "3\r\nabc\r\n0\r\nX: y\r\nZ: z\r\n\r\n")
            .answer(&200)
            .saying("abc")
            .seen(&["POST /echo, 2 trailers: abc"]),
        chunked("RFC 9110 6.5.1", "A length is no trailer, and frames nothing.", "3\r\nabc\r\n0\r\nContent-Length: 36\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .saying("abc")
            .answer(&200)
            .seen(&["POST /echo, 1 trailers: abc", "GET /file"]),
        chunked("RFC 9110 6.5.1", "Nor a transfer coding, nor Host.", "3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\nHost: b\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer(&200)
            .saying("abc")
            .answer(&200)
            .seen(&["POST /echo, 2 trailers: abc", "GET /file"]),
        broken("RFC 9112 5.1", "Trailers are field lines: no space before the colon.", "3\r\nabc\r\n0\r\nX : y\r\n\r\n"),
        broken("RFC 9112 5.2", "No folding.", "3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n"),
        broken("RFC 9112 5", "No empty name.", "3\r\nabc\r\n0\r\n: y\r\n\r\n"),
        row(trailer, "How many trailers there may be is bounded.")
            .send(HEAD)
            .send("0\r\n")
            .repeat("X: y\r\n", 4000)
            .send("\r\n")
            .refused()
            .seen(&["POST /echo, broken off"]),
    ]
}
