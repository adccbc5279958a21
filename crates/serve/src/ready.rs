//! Answers that are ready: what was answered to a plain GET is kept as it was written, and given again without parser and
//! handler, for as long as whoever made it says that it is good.
//!
//! For a small file that is in memory hyper and a handler cost three times what the host needs to send it (bench/README.md). So
//! the turnstile looks at a request before hyper does: where all of it is here, and it is one that a ready answer is for, it
//! writes that. Whatever is out of the ordinary in it, or only might be, is left to hyper, not a byte of it taken.
//!
//! * [`Keep`] is how a handler says that its answer may be given again.
//! * [`plain`] knows a plain GET when it sees one.
//! * [`answers`] keeps the answers.
//! * [`date`] is the line that no two seconds' answers share.

pub(crate) mod answers;
mod date;
pub(crate) mod plain;

use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// Says, in the extensions of an answer, that it may be given again: to whoever asks by GET for the same path of the same host
/// with the same Accept-Encoding, and neither sets a condition, nor asks for a range, nor names an origin. Whatever else is in the
/// request, the answer must not depend on it.
#[derive(Clone)]
pub struct Keep(pub Arc<dyn Good>);

/// Knows whether an answer is still good.
pub trait Good: Send + Sync {
    /// The whole content, which is what it was; `None` if the answer is not good any more.
    fn content(&self) -> Option<Bytes>;
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keep")
    }
}
