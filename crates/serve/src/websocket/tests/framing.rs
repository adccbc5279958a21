//! The walkers: whatever the framing, and wherever it is cut.

use super::client::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame};
use crate::websocket::frame::{Opcode, Sender};
use crate::websocket::messages::{Kind, MessageWalker, Outline, Step};
use crate::websocket::violation::Violation;

const LIMIT: u64 = 100_000;

/// Every step with the offset after which it was seen, and how it ended.
type Walk = (Vec<(usize, Step)>, Option<(usize, Violation)>);

/// Walks `bytes` in the pieces given.
fn walk<'b>(sender: Sender, pieces: impl IntoIterator<Item = &'b [u8]>) -> Walk {
    let mut walker = MessageWalker::new(sender, LIMIT);
    let (mut steps, mut walked) = (Vec::new(), 0);
    for piece in pieces {
        let mut rest = piece;
        loop {
            let before = rest.len();
            let step = walker.walk(&mut rest);
            walked += before - rest.len();
            match step {
                Ok(Step::More) => {
                    assert!(rest.is_empty(), "it stops in the middle");
                    break;
                }
                Ok(step) => steps.push((walked, step)),
                Err(violation) => return (steps, Some((walked, violation))),
            }
        }
    }
    (steps, None)
}

/// The same, whole, in two pieces at every cut, and a byte at a time.
fn walk_cut(sender: Sender, bytes: &[u8]) -> Walk {
    let whole = walk(sender, [bytes]);
    let cuts = (0..=bytes.len()).step_by((bytes.len() / 1000).max(1));
    for cut in cuts {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(walk(sender, [first, second]), whole, "cut at {cut}");
    }
    assert_eq!(walk(sender, bytes.chunks(1)), whole, "a byte at a time");
    whole
}

fn message(kind: Kind, length: u64) -> Step {
    Step::Message(Outline { kind, length })
}

#[test]
fn a_message_of_one_frame_of_any_length_ends_with_its_last_byte() {
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
        for (opcode, kind) in [(TEXT, Kind::Text), (BINARY, Kind::Binary)] {
            let bytes = frame(FIN | opcode, &vec![b'a'; length]);
            let header = bytes.len() - length;
            let length = length as u64;
            assert_eq!(
                walk_cut(Sender::Client, &bytes),
                (
                    vec![
                        (header, Step::Began(kind, Some(length))),
                        (bytes.len(), message(kind, length)),
                    ],
                    None
                )
            );
        }
    }
}

#[test]
fn fragments_are_one_message_and_control_frames_come_between_them() {
    let pieces = [
        frame(TEXT, b"one"),
        frame(FIN | PING, b""),
        frame(CONTINUATION, b""),
        frame(FIN | PONG, &[0; 125]),
        frame(FIN | CONTINUATION, b"two!"),
        frame(FIN | BINARY, b""),
        frame(FIN | CLOSE, b"\x03\xe8"),
    ];
    let ends: Vec<usize> = pieces
        .iter()
        .scan(0, |end, piece| {
            *end += piece.len();
            Some(*end)
        })
        .collect();
    assert_eq!(
        walk_cut(Sender::Client, &pieces.concat()),
        (
            vec![
                (6, Step::Began(Kind::Text, None)),
                (ends[1], Step::Control(Opcode::Ping)),
                (ends[3], Step::Control(Opcode::Pong)),
                (ends[4], message(Kind::Text, 7)),
                (ends[5], Step::Began(Kind::Binary, Some(0))),
                (ends[5], message(Kind::Binary, 0)),
                (ends[6], Step::Control(Opcode::Close)),
            ],
            None
        )
    );
}

#[test]
fn a_server_does_not_mask() {
    let bytes = b"\x81\x02hi";
    let (steps, violation) = walk_cut(Sender::Server, bytes);
    assert_eq!(steps.last(), Some(&(4, message(Kind::Text, 2))));
    assert_eq!(violation, None);
    let (_, violation) = walk_cut(Sender::Server, &frame(FIN | TEXT, b"hi"));
    assert_eq!(violation, Some((2, Violation::Masked)));
}

#[test]
fn what_breaks_the_framing_is_seen_with_the_byte_that_does() {
    let after = |first: Vec<u8>, then: &[u8]| [first, then.to_vec()].concat();
    let at_the_end = usize::MAX;
    let table: [(Vec<u8>, usize, Violation); 20] = [
        (frame(FIN | 0x40 | TEXT, b"a"), 1, Violation::ReservedBits),
        (frame(FIN | 0x20 | TEXT, b"a"), 1, Violation::ReservedBits),
        (frame(FIN | 0x10 | PING, b"a"), 1, Violation::ReservedBits),
        (frame(FIN | 0x3, b"a"), 1, Violation::ReservedOpcode),
        (frame(FIN | 0x7, b"a"), 1, Violation::ReservedOpcode),
        (frame(FIN | 0xb, b"a"), 1, Violation::ReservedOpcode),
        (frame(FIN | 0xf, b"a"), 1, Violation::ReservedOpcode),
        (frame(PING, b""), 1, Violation::ControlFragmented),
        (frame(CLOSE, b""), 1, Violation::ControlFragmented),
        (b"\x81\x01a".to_vec(), 2, Violation::Unmasked),
        (b"\x89\x00".to_vec(), 2, Violation::Unmasked),
        (frame(FIN | PING, &[0; 126]), 2, Violation::ControlTooLong),
        (
            frame(FIN | CLOSE, &[0; 70_000]),
            2,
            Violation::ControlTooLong,
        ),
        // 125 in 16 bits, 65,535 in 64, and 2^63.
        (b"\x82\xfe\x00\x7d".to_vec(), 4, Violation::LengthNotMinimal),
        (
            b"\x82\xff\0\0\0\0\0\0\xff\xff".to_vec(),
            10,
            Violation::LengthNotMinimal,
        ),
        (
            b"\x82\xff\x80\0\0\0\0\0\0\0".to_vec(),
            3,
            Violation::LengthTooLarge,
        ),
        (
            frame(FIN | CONTINUATION, b""),
            6,
            Violation::NothingToContinue,
        ),
        (
            after(frame(TEXT, b""), &frame(FIN | TEXT, b"")),
            12,
            Violation::MessageInterrupted,
        ),
        (
            frame(FIN | BINARY, &[0; 100_001]),
            14,
            Violation::MessageTooLong,
        ),
        (
            after(
                frame(BINARY, &[0; 60_000]),
                &frame(FIN | CONTINUATION, &[0; 40_001])[..8],
            ),
            at_the_end,
            Violation::MessageTooLong,
        ),
    ];
    for (bytes, at, violation) in table {
        let at = at.min(bytes.len());
        let (_, seen) = walk_cut(Sender::Client, &bytes);
        assert_eq!(
            seen,
            Some((at, violation)),
            "{:x?}",
            &bytes[..bytes.len().min(20)]
        );
    }
}

#[test]
fn lengths_that_add_up_to_more_than_fits_are_too_long() {
    let largest = b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0";
    let (_, seen) = walk_cut(Sender::Client, largest);
    assert_eq!(seen, Some((14, Violation::MessageTooLong)));
    let continued = [&frame(BINARY, b"a")[..], b"\x80", &largest[1..]].concat();
    let (_, seen) = walk_cut(Sender::Client, &continued);
    assert_eq!(seen, Some((21, Violation::MessageTooLong)));
}
