//! Any stream of messages, in any pieces: the ranges are exact, and the library never takes the framing for another. And
//! any damage to it: nothing is worse than a Close frame.

use super::client::{BINARY, CONTINUATION, FIN, Opened, PING, PONG, TEXT, frame, open};
use crate::testing::block_on;
use periplus_journey::{Mark, RequestEnd};
use proptest::collection::vec;
use proptest::prelude::*;
use std::ops::Range;

/// A message in fragments, with control frames before each.
#[derive(Clone, Debug)]
struct Said {
    opcode: u8,
    fragments: Vec<(Controls, Vec<u8>)>,
}

/// Opcodes and payloads of control frames.
type Controls = Vec<(u8, Vec<u8>)>;

impl Said {
    /// The bytes, and which of them are the message's.
    fn encode(&self) -> (Vec<u8>, Range<usize>) {
        let mut bytes = Vec::new();
        let mut start = 0;
        for (at, (controls, payload)) in self.fragments.iter().enumerate() {
            for (opcode, payload) in controls {
                bytes.extend(frame(FIN | opcode, payload));
            }
            let opcode = match at {
                0 => {
                    start = bytes.len();
                    self.opcode
                }
                _ => CONTINUATION,
            };
            let fin = if at + 1 == self.fragments.len() {
                FIN
            } else {
                0
            };
            bytes.extend(frame(fin | opcode, payload));
        }
        let end = bytes.len();
        (bytes, start..end)
    }

    fn payload(&self) -> Vec<u8> {
        let payloads = self.fragments.iter().map(|(_, payload)| &payload[..]);
        payloads.collect::<Vec<_>>().concat()
    }
}

fn said() -> impl Strategy<Value = Said> {
    let opcode = prop_oneof![Just(TEXT), Just(BINARY)];
    let control = (
        prop_oneof![Just(PING), Just(PONG)],
        vec(any::<u8>(), 0..=125),
    );
    let payload = prop_oneof![
        4 => vec(0u8..0x80, 0..20),
        1 => vec(0u8..0x80, 120..130),
        1 => vec(0u8..0x80, 4000..9000),
        1 => vec(0u8..0x80, 65_530..65_540),
    ];
    let fragment = (vec(control, 0..2), payload);
    (opcode, vec(fragment, 1..4)).prop_map(|(opcode, fragments)| Said { opcode, fragments })
}

/// Sends the bytes in pieces.
async fn send(opened: &Opened, bytes: &[u8], pieces: &[usize]) {
    let mut rest = bytes;
    let mut lengths = pieces.iter().cycle();
    while let (false, Some(&length)) = (rest.is_empty(), lengths.next()) {
        let (piece, later) = rest.split_at(length.min(rest.len()));
        opened.far.send(piece);
        rest = later;
        tokio::task::yield_now().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ranges_are_exact_whatever_the_pieces(
        messages in vec(said(), 1..6),
        pieces in vec(prop_oneof![1usize..30, 1000usize..100_000], 1..8),
    ) {
        block_on(async {
            let mut opened = open("/").await;
            let (received, _, _) = opened.before;
            let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
            for message in &messages {
                let (encoded, range) = message.encode();
                let offset = received as usize + bytes.len();
                ranges.push((offset + range.start) as u64..(offset + range.end) as u64);
                bytes.extend(encoded);
            }
            send(&opened, &bytes, &pieces).await;
            let mut answers = Vec::new();
            for message in &messages {
                let heard = loop {
                    let start = opened.read_to();
                    let (first, payload) = opened.next().await.expect("it is open");
                    if first != FIN | PONG {
                        answers.push(start..opened.read_to());
                        break (first, payload);
                    }
                };
                assert_eq!(heard.0, FIN | message.opcode);
                assert!(heard.1 == message.payload(), "it is not what was said");
            }
            opened.far.end();
            opened.ended().await;
            let marks = opened.marks();
            let of = |ends: fn(&Mark) -> Option<u64>| marks.iter().filter_map(ends).collect::<Vec<_>>();
            let begun = of(|mark| match mark {
                Mark::Request { start } => Some(*start),
                _ => None,
            });
            let ended = of(|mark| match mark {
                Mark::RequestEnd { end, how: RequestEnd::Complete } => Some(*end),
                _ => None,
            });
            assert_eq!(begun, ranges.iter().map(|range| range.start).collect::<Vec<_>>());
            assert_eq!(ended, ranges.iter().map(|range| range.end).collect::<Vec<_>>());
            let begun = of(|mark| match mark {
                Mark::Response { start } => Some(*start),
                _ => None,
            });
            let ended = of(|mark| match mark {
                Mark::ResponseEnd { end } => Some(*end),
                _ => None,
            });
            assert_eq!(begun, answers.iter().map(|range| range.start).collect::<Vec<_>>());
            assert_eq!(ended, answers.iter().map(|range| range.end).collect::<Vec<_>>());
            assert_eq!(opened.counters.disagreements.get(), 0);
        });
    }

    #[test]
    fn damage_is_no_disagreement(
        messages in vec(said(), 1..4),
        pieces in vec(1usize..5000, 1..8),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        block_on(async {
            let mut opened = open("/").await;
            let mut bytes: Vec<u8> = messages.iter().flat_map(|message| message.encode().0).collect();
            for (index, byte) in damage {
                // The beginning is where the headers are.
                let near = bytes.len().min(200);
                bytes[index.index(near)] = byte;
            }
            bytes.truncate(1 + cut.index(bytes.len()));
            send(&opened, &bytes, &pieces).await;
            opened.far.end();
            opened.ended().await;
            assert_eq!(opened.counters.disagreements.get(), 0);
            assert_eq!(opened.counters.handler_panics.get(), 0);
            assert!(opened.counters.violations.get() <= 1);
            let marks = opened.marks();
            let count = |is: fn(&Mark) -> bool| marks.iter().filter(|mark| is(mark)).count();
            assert_eq!(
                count(|mark| matches!(mark, Mark::Request { .. })),
                count(|mark| matches!(mark, Mark::RequestEnd { .. })),
            );
            assert_eq!(
                count(|mark| matches!(mark, Mark::Response { .. })),
                count(|mark| matches!(mark, Mark::ResponseEnd { .. })),
            );
        });
    }
}
