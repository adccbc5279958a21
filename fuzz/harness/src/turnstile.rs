//! A stream of HTTP/1.1 through the turnstile, in one piece and in many.
//!
//! What passes must not depend on where the stream is cut, and hyper, behind it, must never disagree about where a message ends:
//! that is how a request hides inside another.

use crate::input::Input;
use connection::Outcome;

mod connection;
mod journal;
mod line;
mod walkers;

/// Cuts that a script may ask for.
const MOST_CUTS: u8 = 24;

/// Passes a stream through the turnstile, once whole and once with the script's cuts.
///
/// # Panics
/// If a property does not hold.
pub fn turnstile(script: &[u8]) {
    let mut input = Input::new(script);
    let answer = input.byte();
    let gaps = usize::from(input.byte() % MOST_CUTS);
    let gaps: Vec<_> = (0..gaps).map(|_| usize::from(input.byte())).collect();
    let stream = input.take(usize::MAX);
    let cut = pieces(stream, &gaps);
    walkers::check(stream, &cut);
    let whole = connection::pass(&[stream], answer);
    let pieces = connection::pass(&cut, answer);
    // Where an answer does not wait for the content, it matters when that comes.
    if answer & connection::IGNORES == 0 {
        assert_same(&whole, &pieces, stream);
    }
}

/// The stream, cut after each gap.
fn pieces<'a>(mut stream: &'a [u8], gaps: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for &gap in gaps {
        let (piece, rest) = stream.split_at(gap.min(stream.len()));
        pieces.push(piece);
        stream = rest;
    }
    pieces.push(stream);
    pieces
}

/// Whether two runs came to the same. When hyper refuses a head that is still coming is its own affair: it looks at the first
/// piece at once, and at those that follow only when the head seems whole. What came before that must be the same.
fn assert_same(whole: &Outcome, cut: &Outcome, stream: &[u8]) {
    let stream = stream.escape_ascii();
    assert_eq!(
        whole.complete(),
        cut.complete(),
        "complete requests of {stream}"
    );
    assert_eq!(whole.seen, cut.seen, "what the handler saw of {stream}");
    let answers = whole.complete().len().min(whole.answers.len());
    assert_eq!(
        whole.answers[..answers],
        cut.answers[..answers.min(cut.answers.len())],
        "answers to {stream}"
    );
    let end = whole.answers[..answers].last().map_or(0, |answer| answer.1);
    assert_eq!(
        whole.sent[..end as usize].escape_ascii().to_string(),
        cut.sent[..end as usize].escape_ascii().to_string(),
        "what was answered to {stream}"
    );
    let begun = |outcome: &Outcome| outcome.requests.get(outcome.complete().len()).map(|r| r.0);
    assert_eq!(
        begun(whole),
        begun(cut),
        "where the last request begins in {stream}"
    );
}
