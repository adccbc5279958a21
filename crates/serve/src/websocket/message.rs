//! What a conversation says and hears.

use bytes::Bytes;
use std::fmt;
use tungstenite::Utf8Bytes;

/// A message, whole: in how many frames it came is nobody's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text, which is UTF-8.
    Text(Utf8Bytes),
    /// Any bytes.
    Binary(Bytes),
}

impl Message {
    /// A message of text.
    pub fn text(text: impl Into<Utf8Bytes>) -> Self {
        Message::Text(text.into())
    }

    /// A message of bytes.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Message::Binary(bytes.into())
    }
}

/// How a connection is closed (RFC 6455 section 7.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    code: u16,
    reason: Utf8Bytes,
}

impl Close {
    /// All was said: 1000.
    pub fn normal() -> Self {
        Self::new(1000, "")
    }

    /// With a code and a reason of the application's own. Of the reason at most 123 bytes are sent.
    ///
    /// # Panics
    ///
    /// If the code may not be sent in a Close frame: only 1000 to 1003, 1007 to 1014 and 3000 to 4999 may.
    pub fn new(code: u16, reason: impl Into<Utf8Bytes>) -> Self {
        assert!(
            matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999),
            "{code} may not be sent in a Close frame"
        );
        let reason: Utf8Bytes = reason.into();
        // A control frame has 125 bytes, the code takes two.
        let end = (0..=reason.len().min(123))
            .rfind(|&end| reason.is_char_boundary(end))
            .unwrap_or(0);
        let reason = match end == reason.len() {
            true => reason,
            false => Utf8Bytes::from(&reason[..end]),
        };
        Self { code, reason }
    }

    /// The status code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The reason.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Nothing more can be sent: the connection is closed, or about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the WebSocket is closed; nothing more can be sent on it")
    }
}

impl std::error::Error for Closed {}
