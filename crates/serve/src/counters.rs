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

/// A struct of counters that can be gone through by name: a new one is told wherever they are.
macro_rules! counters {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[doc = $doc:literal])* pub $field:ident: Counter,)* }) => {
        $(#[$meta])*
        pub struct $name { $($(#[doc = $doc])* pub $field: Counter,)* }

        impl $name {
            /// Every counter's name and value.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                [$((stringify!($field), self.$field.get()),)*].into_iter()
            }

            /// Every counter's name, and what it counts, in words.
            pub fn meanings() -> impl Iterator<Item = (&'static str, &'static str)> {
                [$((stringify!($field), concat!($($doc),*).trim()),)*].into_iter()
            }
        }
    };
}

counters! {
/// What the backend counts over all its connections.
#[derive(Debug, Default)]
pub struct ServeCounters {
    /// Connections accepted.
    pub connections: Counter,
    /// Connections that ended because what served them panicked, as a codec does that contradicts itself.
    pub connection_panics: Counter,
    /// TLS handshakes that were finished.
    pub tls_handshakes: Counter,
    /// TLS handshakes that failed, and clients that spoke HTTP where HTTPS is spoken.
    pub tls_failures: Counter,
    /// TLS handshakes that did not end in time.
    pub tls_timeouts: Counter,
    /// Connections that their client ended without saying so inside TLS: what came last may be cut short.
    pub tls_truncations: Counter,
    /// Calls of the handler.
    pub requests: Counter,
    /// Requests that a codec rejected.
    pub rejections: Counter,
    /// Connections closed because the turnstile and the parser behind it disagreed about the framing.
    pub disagreements: Counter,
    /// Connections on which WebSocket was spoken.
    pub websockets: Counter,
    /// Connections of HTTP/2 that were ended because of frames that ask for nothing, or requests taken back, in great number.
    pub floods: Counter,
    /// Connections of HTTP/2 that were ended because the client broke the protocol.
    pub protocol_errors: Counter,
    /// Requests of HTTP/2 that have no journey, because too many were open at a time on their connection.
    pub untold_streams: Counter,
    /// Messages that conversations were given.
    pub messages: Counter,
    /// Messages that conversations sent without having been asked: they have no journey.
    pub pushed_messages: Counter,
    /// WebSocket connections closed because the client broke the protocol or a limit: 1002, 1007, 1008 or 1009.
    pub violations: Counter,
    /// Handlers and conversations that panicked: 500, 1011.
    pub handler_panics: Counter,
    /// Handlers and conversations that took too long: 503, 1011.
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
}
