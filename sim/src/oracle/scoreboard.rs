//! What the host has sent and the peer has not acknowledged yet: when each byte went out last, and whether SACK named it.
//!
//! Transmissions are numbered. A segment that was delivered shows that the network was done with everything that went out
//! before it (RFC 8985 3.1), so of two unacknowledged bytes the one with the higher number is the one that is in flight.

use periplus_journey::Instant;
use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes that went out in the same segments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// The place after the last byte.
    pub(super) end: i64,
    /// When they went out for the first time.
    pub(super) first_sent: Instant,
    /// When they went out last.
    pub(super) last_sent: Instant,
    /// The number of that transmission.
    pub(super) order: u64,
    /// How often they went out.
    pub(super) times: u32,
    /// Whether SACK named them.
    pub(super) sacked: bool,
    /// When SACK named them first in a segment that the host cannot but have taken.
    pub(super) surely_sacked: Option<Instant>,
}

/// What an ACK or a SACK block told of for the first time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delivered {
    /// The bytes.
    pub(super) bytes: i64,
    /// The pieces that they went out in.
    pub(super) pieces: i64,
    /// Those of the bytes that went out once only.
    pub(super) sent_once: i64,
    /// When the oldest of the bytes that went out once only was sent.
    pub(super) once_sent_at: Option<Instant>,
    /// When the newest of the bytes that went out once only was sent.
    pub(super) once_sent_last: Option<Instant>,
}

impl Delivered {
    fn count(&mut self, bytes: i64, piece: &Piece) {
        self.bytes += bytes;
        self.pieces += 1;
        if piece.times == 1 {
            self.sent_once += bytes;
            let earliest = self.once_sent_at.unwrap_or(piece.first_sent);
            self.once_sent_at = Some(earliest.min(piece.first_sent));
            self.once_sent_last = self.once_sent_last.max(Some(piece.first_sent));
        }
    }

    /// Both together.
    pub(super) fn and(mut self, other: Delivered) -> Delivered {
        self.bytes += other.bytes;
        self.pieces += other.pieces;
        self.sent_once += other.sent_once;
        self.once_sent_at = match (self.once_sent_at, other.once_sent_at) {
            (Some(one), Some(another)) => Some(one.min(another)),
            (one, another) => one.or(another),
        };
        self.once_sent_last = self.once_sent_last.max(other.once_sent_last);
        self
    }
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Scoreboard {
    pieces: BTreeMap<i64, Piece>,
    /// How many transmissions there were.
    order: u64,
    /// The highest number among those that are known to have arrived.
    delivered: u64,
}

impl Scoreboard {
    /// A segment goes out.
    pub(super) fn transmit(&mut self, range: Range<i64>, next: i64, now: Instant) {
        self.order += 1;
        let order = self.order;
        self.split(range.start);
        self.split(range.end);
        for (_, piece) in self.pieces.range_mut(range.clone()) {
            piece.last_sent = now;
            piece.order = order;
            piece.times += 1;
        }
        let start = range.start.max(next);
        if start < range.end {
            let piece = Piece {
                end: range.end,
                first_sent: now,
                last_sent: now,
                order,
                times: 1,
                sacked: false,
                surely_sacked: None,
            };
            self.pieces.insert(start, piece);
        }
    }

    /// Everything below `place` was acknowledged.
    pub(super) fn acknowledge(&mut self, place: i64) -> Delivered {
        self.split(place);
        let kept = self.pieces.split_off(&place);
        let gone = std::mem::replace(&mut self.pieces, kept);
        let mut delivered = Delivered::default();
        for (start, piece) in &gone {
            self.delivered = self.delivered.max(piece.order);
            if !piece.sacked {
                delivered.count(piece.end - start, piece);
            }
        }
        delivered
    }

    /// SACK names a range; at a time, if it is certain that the host takes it.
    pub(super) fn sack(&mut self, range: Range<i64>, certainly: Option<Instant>) -> Delivered {
        self.split(range.start);
        self.split(range.end);
        let mut delivered = Delivered::default();
        for (start, piece) in self.pieces.range_mut(range) {
            self.delivered = self.delivered.max(piece.order);
            piece.surely_sacked = piece.surely_sacked.or(certainly);
            if !piece.sacked {
                piece.sacked = true;
                delivered.count(piece.end - start, piece);
            }
        }
        delivered
    }

    /// The bytes that nobody can take for lost or delivered: sent after everything that is known to have arrived, and
    /// after the transmission `written_off`.
    pub(super) fn pipe(&self, written_off: u64) -> i64 {
        let known = self.delivered.max(written_off);
        self.pieces
            .iter()
            .filter(|(_, piece)| !piece.sacked && piece.order > known)
            .map(|(start, piece)| piece.end - start)
            .sum()
    }

    /// How many pieces there are.
    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// The pieces that `range` touches, cut to it.
    pub(super) fn within(&self, range: Range<i64>) -> impl Iterator<Item = (Range<i64>, &Piece)> {
        let first = match self.pieces.range(..=range.start).next_back() {
            Some((&start, piece)) if piece.end > range.start => start,
            _ => range.start,
        };
        let whole = range.clone();
        self.pieces
            .range(first..range.end.max(first))
            .map(move |(&start, piece)| (start.max(whole.start)..piece.end.min(whole.end), piece))
    }

    /// The number of the last transmission.
    pub(super) fn order(&self) -> u64 {
        self.order
    }

    /// The highest number among the transmissions that are known to have arrived.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    fn split(&mut self, at: i64) {
        if let Some((&start, piece)) = self.pieces.range_mut(..at).next_back()
            && piece.end > at
        {
            let upper = *piece;
            piece.end = at;
            debug_assert!(start < at);
            self.pieces.insert(at, upper);
        }
    }
}
