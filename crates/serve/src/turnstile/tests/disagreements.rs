//! A parser that takes the framing for something else is found out, whatever it does.

use super::parser::Parser;
use crate::turnstile::Disagreement;
use bytes::Bytes;
use std::io;
use std::task::Poll;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The disagreement a call ended in.
fn found<T: std::fmt::Debug>(parser: &Parser, result: Poll<io::Result<T>>) -> Disagreement {
    let Poll::Ready(Err(error)) = result else {
        panic!("nothing was found: {result:?}")
    };
    assert_eq!(parser.counters.disagreements.get(), 1);
    *error
        .get_ref()
        .and_then(|error| error.downcast_ref())
        .expect("it is a disagreement")
}

#[test]
fn a_parser_that_waits_for_more_of_a_whole_head() {
    let mut parser = Parser::new();
    parser.far.send(REQUEST);
    assert!(matches!(parser.read(), Poll::Ready(Ok(bytes)) if bytes == REQUEST.as_bytes()));
    let again = parser.read();
    assert_eq!(found(&parser, again), Disagreement::HeadNotTaken);
    // Nothing passes any more, in either direction, and it is counted once.
    let (read, write) = (parser.read(), parser.write(ANSWER.as_bytes()));
    assert_eq!(found(&parser, read), Disagreement::HeadNotTaken);
    assert_eq!(found(&parser, write), Disagreement::HeadNotTaken);
}

#[test]
fn a_parser_that_takes_a_head_that_has_not_ended() {
    let mut parser = Parser::new();
    parser.far.send(&REQUEST[..20]);
    assert!(parser.read().is_ready());
    assert_eq!(
        parser.exchange.head_taken(),
        Err(Disagreement::HeadTakenEarly)
    );
}

#[test]
fn a_parser_that_takes_two_heads_from_one_request() {
    let mut parser = Parser::new();
    parser.far.send(REQUEST);
    assert!(parser.read().is_ready());
    assert_eq!(parser.exchange.head_taken(), Ok(()));
    assert_eq!(
        parser.exchange.head_taken(),
        Err(Disagreement::HeadTakenEarly)
    );
}

#[test]
fn an_answer_to_nothing() {
    let mut parser = Parser::new();
    let written = parser.write(ANSWER.as_bytes());
    assert_eq!(found(&parser, written), Disagreement::AnswerNotDue);
    assert_eq!(parser.far.text(), "");
}

#[test]
fn an_answer_longer_than_it_says() {
    let mut parser = Parser::new();
    parser.far.send(REQUEST);
    parser.take(REQUEST);
    assert!(matches!(
        parser.write(ANSWER.as_bytes()),
        Poll::Ready(Ok(_))
    ));
    let more = parser.write(b"ay");
    assert_eq!(found(&parser, more), Disagreement::AnswerNotDue);
}

#[test]
fn an_answer_that_is_none() {
    for nonsense in [
        "HTTP/2.0 200 OK\r\n",
        "HTTP/1.1 20x OK\r\n",
        "<!DOCTYPE html>",
    ] {
        let mut parser = Parser::new();
        parser.far.send(REQUEST);
        parser.take(REQUEST);
        let written = parser.write(nonsense.as_bytes());
        assert_eq!(found(&parser, written), Disagreement::AnswerMalformed);
    }
}

#[test]
fn bytes_that_were_noted_are_not_copied() {
    let mut parser = Parser::new();
    parser.far.send(REQUEST);
    parser.take(REQUEST);
    let content = Bytes::from(vec![b'a'; 100_000]);
    parser.handed.note(&content);
    assert!(
        parser
            .write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            .is_ready()
    );
    parser.far.set_room(60_000);
    assert!(matches!(parser.write(&content), Poll::Ready(Ok(60_000))));
    parser.far.set_room(usize::MAX);
    assert!(matches!(
        parser.write(&content[60_000..]),
        Poll::Ready(Ok(40_000))
    ));
    assert_eq!(parser.far.shared(), 100_000);
}
