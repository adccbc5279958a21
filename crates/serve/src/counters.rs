//! What the backend counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the backend counts over all its connections.
#[derive(Debug, Default)]
pub struct ServeCounters {
    /// Connections accepted.
    pub connections: Counter,
    /// Connections that ended because what served them panicked, as a codec does that contradicts itself.
    pub connection_panics: Counter,
    /// Calls of the handler.
    pub requests: Counter,
    /// Requests that a codec rejected.
    pub rejections: Counter,
    /// Connections closed because the turnstile and hyper disagreed about the framing.
    pub disagreements: Counter,
    /// Handlers that panicked: 500.
    pub handler_panics: Counter,
    /// Handlers that took too long: 503.
    pub handler_timeouts: Counter,
    /// Requests that did not arrive in time: 408.
    pub request_timeouts: Counter,
    /// Connections closed because nothing was asked for too long.
    pub idle_timeouts: Counter,
    /// Connections closed because their peer took nothing of an answer for too long.
    pub stalled_answers: Counter,
    /// Connections closed because an answer broke off: its body failed.
    pub broken_answers: Counter,
}
