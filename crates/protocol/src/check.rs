//! Checks that a codec keeps its word.

use crate::{Codec, Read, Reader, Rejection, Section};
use std::fmt::Debug;

/// What was read of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript<R> {
    /// The requests.
    pub requests: Vec<R>,
    /// Where in the stream each of them ends.
    pub ends: Vec<usize>,
    /// The sections of each of them.
    pub sections: Vec<Vec<Section>>,
    /// What was wrong with the bytes after them.
    pub rejection: Option<Rejection>,
    /// The section in which the stream ends, if that is within a request.
    pub waits_for: Option<&'static str>,
}

/// Reads a stream whole, byte by byte, and cut at every pair of points, and gives what it comes to: every time the same.
///
/// It reads a stream of n bytes n²/2 times: a few hundred bytes are much.
///
/// # Panics
///
/// If two cuts of the stream differ, or the codec contradicts itself, as [`Reader::feed`] says.
pub fn every_cut<C>(codec: &C, stream: &[u8]) -> Transcript<C::Request>
where
    C: Codec,
    C::Request: Debug + PartialEq,
{
    let whole = read(codec, [stream]);
    let bytes = read(codec, stream.chunks(1));
    assert_eq!(bytes, whole, "left: byte by byte, right: whole");
    for first in 0..=stream.len() {
        let (head, rest) = stream.split_at(first);
        for second in 0..=rest.len() {
            let (middle, tail) = rest.split_at(second);
            let cut = read(codec, [head, middle, tail]);
            let points = (first, first + second);
            assert_eq!(cut, whole, "left: cut at {points:?}, right: whole");
        }
    }
    whole
}

/// Reads a stream that comes in these pieces.
///
/// # Panics
///
/// If the codec contradicts itself, as [`Reader::feed`] says.
pub fn read<'a, C: Codec>(
    codec: &C,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Transcript<C::Request> {
    let mut reader = Reader::new(codec.clone());
    let mut transcript = Transcript {
        requests: Vec::new(),
        ends: Vec::new(),
        sections: Vec::new(),
        rejection: None,
        waits_for: None,
    };
    let mut come = 0;
    for piece in pieces {
        let mut rest = piece;
        while !rest.is_empty() && transcript.rejection.is_none() {
            match reader.feed(&mut rest) {
                Read::More => {}
                Read::Request(request) => {
                    transcript.requests.push(request);
                    transcript.ends.push(come + piece.len() - rest.len());
                    transcript.sections.push(reader.sections().to_vec());
                }
                Read::Rejected(rejection) => transcript.rejection = Some(rejection),
            }
        }
        come += piece.len();
    }
    if transcript.rejection.is_none() {
        transcript.waits_for = reader.waits_for();
    }
    transcript
}
