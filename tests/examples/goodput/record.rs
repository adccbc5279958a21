//! What is kept of a transfer: a line of words.

use crate::end::End;
use std::fmt;
use std::str::FromStr;

/// One transfer over a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) loss: f64,
    pub(crate) round_trip: u64,
    pub(crate) reordering: f64,
    pub(crate) seed: u64,
    pub(crate) sender: End,
    pub(crate) receiver: End,
    /// Bytes a second.
    pub(crate) rate: f64,
    /// Segments that the sender sent again.
    pub(crate) retransmitted: u64,
    /// Frames that came to the link, from the sender and from the receiver.
    pub(crate) frames: [u64; 2],
    /// Of them, those it has lost.
    pub(crate) lost: [u64; 2],
    /// Frames that never came to it because the harness was too slow.
    pub(crate) dropped: u64,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} {} {} {} {:.0} {} {} {} {} {} {}",
            self.loss,
            self.round_trip,
            self.reordering,
            self.seed,
            self.sender,
            self.receiver,
            self.rate,
            self.retransmitted,
            self.frames[0],
            self.frames[1],
            self.lost[0],
            self.lost[1],
            self.dropped
        )
    }
}

impl Record {
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.split_whitespace();
        let mut word = || words.next().ok_or_else(|| format!("too short: {line}"));
        fn number<T: FromStr>(word: &str) -> Result<T, String> {
            word.parse().map_err(|_| format!("no number: {word}"))
        }
        Ok(Self {
            loss: number(word()?)?,
            round_trip: number(word()?)?,
            reordering: number(word()?)?,
            seed: number(word()?)?,
            sender: End::by_name(word()?)?,
            receiver: End::by_name(word()?)?,
            rate: number(word()?)?,
            retransmitted: number(word()?)?,
            frames: [number(word()?)?, number(word()?)?],
            lost: [number(word()?)?, number(word()?)?],
            dropped: number(word()?)?,
        })
    }
}
