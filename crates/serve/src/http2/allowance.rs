//! What a peer may send that asks for nothing (RFC 9113 section 10.5).
//!
//! Frames like PING, SETTINGS, PRIORITY, WINDOW_UPDATE and empty DATA cost their sender next to nothing, and so do requests that
//! are taken back as soon as they are made. h2 bounds what of it waits for an answer; this bounds how much there is of it, in
//! proportion to what the connection is for.

use std::time::Duration;
use tokio::time::Instant;

/// Frames that a connection may send before it has done anything useful.
const FRAMES: u64 = 1000;

/// What every second allows besides: who is quiet may ask now and then whether we are there.
const FRAMES_EACH_SECOND: u64 = 1;

/// What every request allows.
const FRAMES_EACH_REQUEST: u64 = 10;

/// What every frame with content allows, in either direction: it may be acknowledged on its stream and on the connection.
const FRAMES_EACH_CONTENT: u64 = 2;

/// Content that allows one more: it may be acknowledged in pieces.
const BYTES_EACH: u64 = 512;

/// Requests that may be taken back before any was answered.
const RESETS: u64 = 100;

/// What every second allows besides: who watches for what does not come may give it up now and then.
const RESETS_EACH_SECOND: u64 = 1;

/// What is left of it.
#[derive(Debug)]
pub(super) struct Allowance {
    frames: u64,
    resets: u64,
    /// Up to when it has been allowed more for the time that passed.
    until: Instant,
    /// It was once: nothing that comes later makes up for it.
    is_used_up: bool,
}

impl Allowance {
    /// Of a connection that begins now.
    pub(super) fn new() -> Self {
        Self {
            frames: FRAMES,
            resets: RESETS,
            until: Instant::now(),
            is_used_up: false,
        }
    }

    /// A request.
    pub(super) fn request(&mut self) {
        self.allow(FRAMES_EACH_REQUEST);
    }

    /// A frame with so many bytes of content, in either direction.
    pub(super) fn content(&mut self, length: u32) {
        self.allow(FRAMES_EACH_CONTENT + u64::from(length) / BYTES_EACH);
    }

    /// A frame that is neither.
    pub(super) fn useless(&mut self) {
        self.time_passes();
        self.is_used_up |= self.frames == 0;
        self.frames = self.frames.saturating_sub(1);
    }

    /// A request was answered to its end.
    pub(super) fn answered(&mut self) {
        self.allow_resets(1);
    }

    /// A request was taken back.
    pub(super) fn reset(&mut self) {
        self.time_passes();
        self.is_used_up |= self.resets == 0;
        self.resets = self.resets.saturating_sub(1);
    }

    /// Whether it is used up, or ever was.
    pub(super) fn is_used_up(&self) -> bool {
        self.is_used_up
    }

    fn time_passes(&mut self) {
        let passed = self.until.elapsed().as_secs();
        self.until += Duration::from_secs(passed);
        self.allow(passed.saturating_mul(FRAMES_EACH_SECOND));
        self.allow_resets(passed.saturating_mul(RESETS_EACH_SECOND));
    }

    /// Nobody saves up for a flood.
    fn allow(&mut self, frames: u64) {
        self.frames = self.frames.saturating_add(frames).min(FRAMES);
    }

    fn allow_resets(&mut self, resets: u64) {
        self.resets = self.resets.saturating_add(resets).min(RESETS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    /// How many frames it takes until it is used up.
    fn left(mut allowance: Allowance) -> u64 {
        let mut frames = 0;
        while !allowance.is_used_up() {
            allowance.useless();
            frames += 1;
        }
        frames - 1
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_one_frame_more_than_there_may_be() {
        assert_eq!(left(Allowance::new()), FRAMES);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_acknowledges_all_that_it_is_sent_may_do_so_for_ever() {
        let mut allowance = Allowance::new();
        for _ in 0..100_000 {
            allowance.content(100); // an event that a page waits for
            allowance.useless(); // WINDOW_UPDATE of the stream
            allowance.useless(); // and of the connection
        }
        assert_eq!(left(allowance), FRAMES - 2);
    }

    #[tokio::test(start_paused = true)]
    async fn large_content_may_be_acknowledged_in_pieces_and_none_is_none() {
        let mut allowance = Allowance::new();
        for _ in 0..100_000 {
            allowance.content(16 * 1024);
            (0..34).for_each(|_| allowance.useless());
        }
        assert_eq!(left(allowance), FRAMES - 34);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_every_ten_seconds_whether_we_are_there_may_do_so_for_ever() {
        let mut allowance = Allowance::new();
        for _ in 0..24 * 60 * 60 / 10 {
            advance(Duration::from_secs(10)).await;
            allowance.useless();
        }
        assert_eq!(left(allowance), FRAMES - 1);
    }

    #[tokio::test(start_paused = true)]
    async fn time_allows_one_frame_a_second_however_often_it_is_looked_at() {
        let mut allowance = Allowance::new();
        for _ in 0..2 * FRAMES {
            advance(Duration::from_millis(500)).await;
            allowance.useless();
        }
        assert_eq!(left(allowance), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_saves_up_for_a_flood() {
        let mut allowance = Allowance::new();
        advance(Duration::from_secs(24 * 60 * 60)).await;
        (0..1000).for_each(|_| allowance.request());
        assert_eq!(left(allowance), FRAMES);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_every_few_seconds_may_do_so_for_ever_and_not_all_at_once() {
        let mut allowance = Allowance::new();
        for _ in 0..10_000 {
            advance(Duration::from_secs(5)).await;
            allowance.reset();
        }
        (0..RESETS - 1).for_each(|_| allowance.reset());
        assert!(!allowance.is_used_up());
        allowance.reset();
        assert!(allowance.is_used_up());
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_back_as_many_requests_as_are_answered_may() {
        let mut allowance = Allowance::new();
        for _ in 0..10_000 {
            allowance.answered();
            allowance.reset();
        }
        for _ in 1..RESETS {
            allowance.reset();
            assert!(!allowance.is_used_up());
        }
        allowance.reset();
        assert!(allowance.is_used_up());
    }
}
