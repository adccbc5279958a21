//! What a peer may send that asks for nothing (RFC 9113 section 10.5).
//!
//! Frames like PING, SETTINGS, PRIORITY, WINDOW_UPDATE and empty DATA cost their sender next to nothing, and so do requests that
//! are taken back as soon as they are made. h2 bounds what of it waits for an answer; this bounds how much there is of it, in
//! proportion to what the connection is for.

/// Frames that a connection may send before it has done anything useful.
const FRAMES: i64 = 1000;

/// Frames that every request, and every frame with content in either direction, allows besides.
const FRAMES_EACH: i64 = 10;

/// Requests that may be taken back before any was answered.
const RESETS: i64 = 100;

/// What is left of it.
#[derive(Debug)]
pub(super) struct Allowance {
    frames: i64,
    resets: i64,
    /// It was once: nothing that comes later makes up for it.
    is_used_up: bool,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            frames: FRAMES,
            resets: RESETS,
            is_used_up: false,
        }
    }
}

impl Allowance {
    /// A request, or a frame with content in either direction.
    pub(super) fn useful(&mut self) {
        // Nobody saves up for a flood.
        self.frames = (self.frames + FRAMES_EACH).min(FRAMES);
    }

    /// A frame that is neither.
    pub(super) fn useless(&mut self) {
        self.frames -= 1;
        self.is_used_up |= self.frames < 0;
    }

    /// A request was answered to its end.
    pub(super) fn answered(&mut self) {
        self.resets = (self.resets + 1).min(RESETS);
    }

    /// A request was taken back.
    pub(super) fn reset(&mut self) {
        self.resets -= 1;
        self.is_used_up |= self.resets < 0;
    }

    /// Whether it is used up, or ever was.
    pub(super) fn is_used_up(&self) -> bool {
        self.is_used_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_and_a_client_that_acknowledges_is_not() {
        let mut allowance = Allowance::default();
        for _ in 0..100_000 {
            allowance.useful();
            allowance.useless(); // WINDOW_UPDATE of the stream
            allowance.useless(); // and of the connection
        }
        assert!(!allowance.is_used_up());
        let mut more = 0;
        while !allowance.is_used_up() {
            allowance.useless();
            more += 1;
        }
        assert!((FRAMES - 2..=FRAMES + 1).contains(&more), "{more}");
    }

    #[test]
    fn who_takes_back_as_many_requests_as_are_answered_may() {
        let mut allowance = Allowance::default();
        for _ in 0..10_000 {
            allowance.answered();
            allowance.reset();
        }
        assert!(!allowance.is_used_up());
        for _ in 0..=RESETS {
            allowance.reset();
        }
        assert!(allowance.is_used_up());
    }
}
