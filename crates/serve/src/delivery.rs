//! Whether a peer takes what is written for it.
//!
//! A limit on how long nothing moves is not enough: whoever reads a byte a second moves, and keeps a send queue full for days.
//! So of what waited for the peer a while ago, it must have taken a least rate since, or all of it. What is written slowly is
//! not held against the peer, because only what waited already counts.

use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::server::{Drain, asked_to_drain};
use crate::stream::PeekStream;
use std::future::poll_fn;
use tokio::time::{Instant, sleep};

/// Why it ended, in the record of whoever took too little.
pub(crate) const SLOW_READER: &str = "slow_reader";

/// How much was sent and how much of it taken, when that was last looked at.
#[derive(Debug)]
pub(crate) struct Delivery {
    since: Instant,
    sent: u64,
    acknowledged: u64,
}

impl Delivery {
    /// Of a connection that is looked at from now on.
    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
            sent: 0,
            acknowledged: 0,
        }
    }

    /// Whether it is time for another look.
    pub(crate) fn is_due(&self, options: &ServeOptions) -> bool {
        self.since.elapsed() >= options.stall_timeout
    }

    /// Whether the peer has taken too little since the last look; looks only once in a `stall_timeout`. `sent` bytes were
    /// written so far, and `acknowledged` of them by the peer.
    pub(crate) fn is_too_slow(
        &mut self,
        options: &ServeOptions,
        sent: u64,
        acknowledged: Option<u64>,
    ) -> bool {
        let Some(acknowledged) = acknowledged else {
            return false;
        };
        if !self.is_due(options) {
            return false;
        }
        let elapsed = self.since.elapsed();
        let least = u128::from(options.least_rate) * elapsed.as_millis() / 1000;
        let waited = self.sent.saturating_sub(self.acknowledged);
        let taken = acknowledged.saturating_sub(self.acknowledged);
        *self = Self {
            since: Instant::now(),
            sent,
            acknowledged,
        };
        u128::from(taken) < u128::from(waited).min(least)
    }
}

/// Waits until the peer has taken the `sent` bytes that were written for it. Says whether it is too slow at that.
///
/// Nobody would watch over a connection that is closed before: it would keep what waits in its send queue for as long as its
/// peer likes.
pub(crate) async fn is_slow_to_the_end<S: PeekStream, M: Marks>(
    stream: &mut S,
    journal: &M,
    sent: u64,
    options: &ServeOptions,
    drain: &mut Drain,
) -> bool {
    let mut delivery = Delivery {
        sent,
        acknowledged: journal.acknowledged().unwrap_or(sent),
        ..Delivery::new()
    };
    loop {
        tokio::select! {
            biased;
            // Delivered, or never to be.
            _ = poll_fn(|context| stream.poll_delivered(context)) => return false,
            // The stack delivers it then, within a limit of its own.
            () = asked_to_drain(drain) => return false,
            () = sleep(options.stall_timeout) => {}
        }
        let acknowledged = journal.acknowledged();
        if delivery.is_too_slow(options, sent, acknowledged) {
            return true;
        }
        if acknowledged.is_none_or(|acknowledged| acknowledged >= sent) {
            return false; // what is left is the end itself, and the stack's
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Looks at `looks`, bytes sent and acknowledged, one in every `stall_timeout`.
    async fn judged(least_rate: u32, looks: &[(u64, u64)]) -> Vec<bool> {
        let options = ServeOptions {
            stall_timeout: Duration::from_secs(10),
            least_rate,
            ..ServeOptions::default()
        };
        let mut delivery = Delivery::new();
        let mut verdicts = Vec::new();
        for &(sent, acknowledged) in looks {
            tokio::time::advance(options.stall_timeout).await;
            verdicts.push(delivery.is_too_slow(&options, sent, Some(acknowledged)));
        }
        verdicts
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_less_than_the_least_rate_of_what_waits_is_too_slow() {
        let looks = [(100_000, 20_000), (100_000, 21_000), (100_000, 21_999)];
        assert_eq!(judged(100, &looks).await, [false, false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_all_that_there_was_is_not_however_little_that_is() {
        let looks = [(10, 0), (20, 10), (30, 20), (40, 29)];
        assert_eq!(judged(100, &looks).await, [false, false, false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_only_just_written_is_not_held_against_the_peer() {
        let looks = [(0, 0), (100_000, 0), (100_000, 1_000)];
        assert_eq!(judged(100, &looks).await, [false, false, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_least_rate_a_byte_is_enough() {
        let looks = [(1000, 0), (1000, 1), (1000, 2)];
        assert_eq!(judged(0, &looks).await, [false, false, false]);
    }
}
