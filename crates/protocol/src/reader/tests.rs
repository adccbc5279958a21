//! A small protocol in all the pieces it can come in.

use crate::check::{Transcript, every_cut, read};
use crate::{Codec, ErrorClass, Limits, Read, Reader, Rejection, Section, Sections, Step};
use proptest::collection::vec;
use proptest::prelude::*;

/// `#`, a length in one byte, and a body that ends with `!` if the length is odd.
#[derive(Clone, Debug)]
struct Toy {
    limits: Limits,
    length: Option<usize>,
}

impl Toy {
    fn new(request_bytes: usize, section_bytes: usize) -> Self {
        Self {
            limits: Limits {
                request_bytes,
                section_bytes,
                ..Limits::default()
            },
            length: None,
        }
    }
}

fn reject(class: ErrorClass, section: &'static str, length: usize) -> Rejection {
    Rejection {
        class,
        section,
        length,
    }
}

impl Codec for Toy {
    type Request = Vec<u8>;

    fn protocol(&self) -> &'static str {
        "toy"
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn decode(&mut self, unread: &[u8], sections: &mut Sections) -> Step<Vec<u8>> {
        let length = match (self.length, unread) {
            (Some(length), _) => length,
            (None, [b'#', length, ..]) => {
                sections.end("head", 2);
                *self.length.insert(usize::from(*length))
            }
            (None, [b'#']) => {
                return Step::More {
                    at_least: 1,
                    section: "head",
                };
            }
            _ => return Step::Rejected(reject(ErrorClass::BadMagic, "head", 1)),
        };
        let Some(body) = unread.get(2..2 + length) else {
            return Step::More {
                at_least: 2 + length - unread.len(),
                section: "body",
            };
        };
        if length % 2 == 1 && body.last() != Some(&b'!') {
            return Step::Rejected(reject(ErrorClass::BadValue, "body", 2 + length));
        }
        sections.end("body", 2 + length);
        self.length = None;
        Step::Request {
            length: 2 + length,
            request: body.to_vec(),
        }
    }
}

/// No limits to speak of.
fn toy() -> Toy {
    Toy::new(1000, 1000)
}

#[test]
fn requests_sections_and_what_is_left_are_the_same_for_every_cut() {
    let transcript = every_cut(&toy(), b"#\x02ab#\x00#\x03cd!#\x05ef");
    assert_eq!(transcript.requests, [&b"ab"[..], b"", b"cd!"]);
    assert_eq!(transcript.ends, [4, 6, 11]);
    let sections = |ends: [usize; 2]| {
        let [head, body] = ends;
        let section = |name, end| Section { name, end };
        vec![section("head", head), section("body", body)]
    };
    assert_eq!(
        transcript.sections,
        [sections([2, 4]), sections([2, 2]), sections([2, 5])]
    );
    assert_eq!(
        (transcript.rejection, transcript.waits_for),
        (None, Some("body"))
    );
}

#[test]
fn every_proper_prefix_of_a_request_wants_more() {
    let request = b"#\x05abcd!";
    for length in 1..request.len() {
        let mut reader = Reader::new(toy());
        assert_eq!(reader.feed(&mut &request[..length]), Read::More);
        assert_eq!(reader.held(), length);
        let missing = if length == 1 {
            1
        } else {
            request.len() - length
        };
        assert_eq!(reader.missing(), missing);
        let section = reader.waits_for().expect("it waits");
        let truncated = reader.give_up(ErrorClass::Truncated);
        assert_eq!(
            truncated,
            Some(reject(ErrorClass::Truncated, section, length))
        );
    }
}

#[test]
fn between_requests_nothing_is_held_and_nothing_is_wrong() {
    let mut reader = Reader::new(toy());
    assert_eq!(reader.give_up(ErrorClass::Timeout), None);
    let mut bytes = &b"#\x02ab#"[..];
    assert_eq!(reader.feed(&mut bytes), Read::Request(b"ab".to_vec()));
    assert_eq!(bytes, b"#");
    assert_eq!((reader.held(), reader.missing()), (0, 1));
    assert_eq!(reader.give_up(ErrorClass::Truncated), None);
}

#[test]
fn a_length_that_is_too_large_is_refused_before_its_bytes_come() {
    for codec in [Toy::new(10, 1000), Toy::new(1000, 8)] {
        let mut reader = Reader::new(codec.clone());
        let rejection = reject(ErrorClass::TooLarge, "body", 2);
        assert_eq!(reader.feed(&mut &b"#\x09"[..]), Read::Rejected(rejection));
        let stream = b"#\x08abcdefgh#\x09abcdefgh!";
        let transcript = every_cut(&codec, stream);
        assert_eq!(transcript.requests, [b"abcdefgh"]);
        assert_eq!(transcript.rejection, Some(rejection));
    }
}

#[test]
fn what_is_wrong_is_wrong_for_every_cut() {
    let transcript = every_cut(&toy(), b"#\x01!#\x03abcd");
    assert_eq!(transcript.requests, [b"!"]);
    let rejection = reject(ErrorClass::BadValue, "body", 5);
    assert_eq!(transcript.rejection, Some(rejection));
    let transcript = every_cut(&toy(), b"?#\x01!");
    let rejection = reject(ErrorClass::BadMagic, "head", 1);
    assert_eq!(transcript.rejection, Some(rejection));
}

/// Says the same thing whatever it sees.
#[derive(Clone)]
struct Stubborn(Step<()>);

impl Codec for Stubborn {
    type Request = ();

    fn protocol(&self) -> &'static str {
        "stubborn"
    }

    fn decode(&mut self, _: &[u8], _: &mut Sections) -> Step<()> {
        self.0.clone()
    }
}

fn more(at_least: usize) -> Step<()> {
    Step::More {
        at_least,
        section: "all",
    }
}

#[test]
fn a_codec_that_waits_for_ever_is_stopped_at_the_limit() {
    let limit = Limits::default().request_bytes;
    let mut reader = Reader::new(Stubborn(more(1)));
    let mut bytes = &vec![0; 2 * limit][..];
    while reader.feed(&mut bytes) == Read::More {
        assert!(reader.held() <= limit);
    }
    assert_eq!(bytes.len(), 2 * limit);
}

#[test]
#[should_panic = "a request is 5 bytes long; it had asked for 1, and seen 4"]
fn a_request_longer_than_what_was_shown_is_a_fault_of_the_codec() {
    let step = Step::Request {
        length: 5,
        request: (),
    };
    Reader::new(Stubborn(step)).feed(&mut &[0; 4][..]);
}

#[test]
#[should_panic = "a request is 0 bytes long"]
fn a_request_without_a_byte_is_a_fault_of_the_codec() {
    let step = Step::Request {
        length: 0,
        request: (),
    };
    Reader::new(Stubborn(step)).feed(&mut &[0; 4][..]);
}

#[test]
#[should_panic = "the codec wants more, and no byte of it"]
fn to_wait_for_nothing_is_a_fault_of_the_codec() {
    Reader::new(Stubborn(more(0))).feed(&mut &[0][..]);
}

/// Requests, some of them wrong, and what may follow.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let whole = vec(any::<u8>(), 0..40).prop_map(|mut body| {
        if body.len() % 2 == 1 {
            body.pop();
            body.push(b'!');
        }
        [&[b'#', body.len() as u8], &body[..]].concat()
    });
    let noise = vec(any::<u8>(), 0..10);
    vec(prop_oneof![9 => whole, 1 => noise], 0..12).prop_map(|parts| parts.concat())
}

/// The pieces that `stream` falls into at `points`.
fn pieces<'a>(mut stream: &'a [u8], points: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for point in points {
        let (piece, rest) = stream.split_at(point % (stream.len() + 1));
        pieces.push(piece);
        stream = rest;
    }
    pieces.push(stream);
    pieces
}

proptest! {
    #[test]
    fn however_a_stream_is_cut_the_requests_are_the_same(
        stream in stream(),
        points in vec(any::<usize>(), 0..20),
        request_bytes in 1usize..50,
        section_bytes in 1usize..50,
    ) {
        let codec = Toy::new(request_bytes, section_bytes);
        let whole = read(&codec, [&stream[..]]);
        let cut: Transcript<_> = read(&codec, pieces(&stream, &points));
        prop_assert_eq!(&cut, &whole);
        let last = whole.ends.last().copied().unwrap_or(0);
        prop_assert!(last <= stream.len());
        prop_assert!(whole.requests.iter().all(|body| 2 + body.len() <= request_bytes));
    }

    #[test]
    fn no_more_is_held_than_the_limit(
        stream in stream(),
        points in vec(any::<usize>(), 0..20),
        request_bytes in 1usize..50,
    ) {
        let mut reader = Reader::new(Toy::new(request_bytes, 1000));
        'stream: for mut piece in pieces(&stream, &points) {
            while !piece.is_empty() {
                let read = reader.feed(&mut piece);
                prop_assert!(reader.held() <= request_bytes);
                prop_assert!(reader.held() + reader.missing() <= request_bytes || read != Read::More);
                if let Read::Rejected(_) = read {
                    break 'stream;
                }
            }
        }
    }
}
