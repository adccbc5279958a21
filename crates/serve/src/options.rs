//! The backend's bounds.

use std::time::Duration;

/// How much the backend takes on, and how long it waits. Every bound has an end that is told to the client or counted.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Connections served at a time. More wait in the listener's `accept_queue`, which is bounded as well.
    pub max_connections: usize,
    /// How long a connection may be silent between requests. It is closed after one to two times that; the client of a
    /// WebSocket is sent a ping then, and closed if it is silent for as long again.
    pub idle_timeout: Duration,
    /// How long the header section of a request may take from its first byte to its last: 408.
    pub header_timeout: Duration,
    /// How long nothing may move while a content or an answer is on its way. It is broken off after one to two times that.
    pub stall_timeout: Duration,
    /// How many bytes a second a peer must take of what was written for it, measured over a `stall_timeout` or more; where it
    /// takes less, though more waits for it, it is reset. 0 asks only that something moves.
    pub least_rate: u32,
    /// How long the handler may take to begin its answer once the request is here: 503. How long a conversation may take
    /// to answer a message or to ask for the next: 1011.
    pub handler_timeout: Duration,
    /// How long what is in flight may take when the server stops.
    pub drain_timeout: Duration,
    /// How long what a client still sends is read and thrown away, so that its last answer is not lost to a reset.
    pub linger_timeout: Duration,
    /// The longest WebSocket message from a client, in bytes: 1009.
    pub max_message_size: usize,
    /// What the WebSocket messages that are arriving or being handled may hold together, in bytes. Beyond it, one of more
    /// than 16 KiB is refused: 1013.
    pub message_memory: usize,
    /// The longest header section, in bytes: 431.
    pub max_header_size: usize,
    /// The most header lines: 431.
    pub max_headers: usize,
    /// The longest request target, in bytes: 414.
    pub max_target_length: usize,
    /// Requests of one HTTP/2 connection that may be open at a time. With 0, HTTP/2 is not spoken.
    pub http2_streams: u32,
    /// TLS ends at a gateway in front that is trusted: what is asked for as https is served where TLS is not spoken. If not, it
    /// is refused there (RFC 9110 section 7.4): 421.
    pub https_gateway: bool,
    /// Note a request's host, `Referer` and `User-Agent` for an access log.
    pub access_log: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            max_connections: 20_000,
            idle_timeout: Duration::from_secs(60),
            header_timeout: Duration::from_secs(15),
            stall_timeout: Duration::from_secs(30),
            least_rate: 240,
            handler_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(10),
            linger_timeout: Duration::from_secs(2),
            max_message_size: 1024 * 1024,
            message_memory: 64 * 1024 * 1024,
            max_header_size: 32 * 1024,
            max_headers: 100,
            // RFC 9112 section 3 asks for at least 8000.
            max_target_length: 8 * 1024,
            // RFC 9113 section 6.5.2 advises no fewer.
            http2_streams: 100,
            https_gateway: false,
            access_log: false,
        }
    }
}
