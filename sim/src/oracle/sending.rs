//! The host's half of a connection's sequence space.
//!
//! ```text
//!   0 (SYN)   una                 next            edge
//!   |---------|-------------------|---------------|--------
//!             ^ SND.UNA           ^ SND.NXT       ^ the furthest right edge that the peer ever offered
//! ```

use super::scoreboard::Scoreboard;
use super::sequence::place;

/// What the host has sent, and what the peer said to it.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    /// The initial sequence number, which is place 0.
    pub(super) initial: u32,
    /// The place after everything that was ever sent.
    pub(super) next: i64,
    /// The highest acknowledgment that the host may have taken.
    pub(super) una: i64,
    /// The furthest right edge of the windows that the peer offered.
    pub(super) edge: i64,
    /// The right edge that was offered last.
    pub(super) last_edge: i64,
    /// SND.WND, SND.WL1 and SND.WL2, to the letter of RFC 9293 3.10.7.4.
    pub(super) letter: Letter,
    /// The largest window that the peer offered.
    pub(super) largest_window: i64,
    /// Where the FIN is, once it was sent.
    pub(super) fin: Option<i64>,
    /// What is not acknowledged yet.
    pub(super) board: Scoreboard,
}

/// The window as RFC 9293 3.10.7.4 keeps it. A segment that fills a hole is older than those above the hole, and sets no
/// window, but acknowledges; SND.UNA + SND.WND is then beyond everything that the peer offered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Letter {
    window: i64,
    sequence: i64,
    acknowledgment: i64,
}

impl Letter {
    /// An acceptable segment brings an acceptable acknowledgment.
    fn update(&mut self, sequence: i64, acknowledgment: i64, window: i64) {
        if self.sequence < sequence
            || (self.sequence == sequence && self.acknowledgment <= acknowledgment)
        {
            *self = Self {
                window,
                sequence,
                acknowledgment,
            };
        }
    }
}

impl Sending {
    pub(super) fn new(initial: u32) -> Self {
        Self {
            initial,
            next: 0,
            una: 0,
            edge: 0,
            last_edge: 0,
            letter: Letter::default(),
            largest_window: 0,
            fin: None,
            board: Scoreboard::default(),
        }
    }

    /// The peer acknowledges up to `place`, and offers a window.
    pub(super) fn offered(&mut self, sequence: i64, place: i64, window: i64) {
        // An old acknowledgment is ignored.
        if place >= self.una {
            self.letter.update(sequence, place, window);
        }
        self.last_edge = place + window;
        self.edge = (self.edge)
            .max(place + window)
            .max(self.una + self.letter.window);
        self.largest_window = self.largest_window.max(window);
    }

    /// The place of a sequence number of a segment that the host sends.
    pub(super) fn place(&self, sequence: u32) -> i64 {
        place(self.initial, self.next, sequence)
    }

    /// The place of an acknowledgment number that the peer sends.
    pub(super) fn acknowledged_place(&self, acknowledgment: u32) -> i64 {
        place(self.initial, self.una, acknowledgment)
    }

    /// Whether the peer has acknowledged the SYN: the handshake is over for the host.
    pub(super) fn synchronized(&self) -> bool {
        self.una > 0
    }

    /// Whether the peer has acknowledged the FIN.
    pub(super) fn fin_acknowledged(&self) -> bool {
        self.fin.is_some_and(|fin| self.una > fin)
    }
}
