//! The turnstile between a stream and hyper: one request in, one answer out, and the offsets of both.
//!
//! hyper reads greedily and hides offsets: four pipelined requests are one read to it, and nobody can say where the
//! second began or when it stopped waiting. The turnstile walks the framing of HTTP/1.1 (RFC 9112 section 6) in both
//! directions. It hands hyper the bytes of one request, leaves what follows in the stack's `receive_queue`, where its
//! wait is bounded and seen, and opens again when the last byte of the answer is written.
//!
//! ```text
//!            received bytes                                     sent bytes
//!   a ───────────────── b                        c ───────────────── d
//!   │ request           │ next request           │ answer            │
//!   ╰─ handed to hyper ─╯ ... waits in           ╰─ walked as hyper ─╯
//!                             receive_queue         writes it
//! ```
//!
//! * [`Turnstile`] is the stream that hyper sees.
//! * [`Exchange`] is the one request and its answer that are passing; the stream and the service share it, and it is
//!   what sets the marks.
//! * The walkers ([`request`], [`answer`], and below them [`fields`] and [`chunked`]) can be stopped and resumed at any
//!   byte and keep nothing but a few counters, a field name's first letters, and the line a request is labelled with.
//!
//! # Empty lines before a request
//!
//! A server should ignore a CRLF before the request-line (RFC 9112 section 2.2). Such empty lines are consumed here and
//! belong to no request: an early CRLF sent after a body must not begin a journey that then waits for the client to
//! think of its next request.
//!
//! # What is refused
//!
//! The walkers are stricter than hyper where leniency is how one request is smuggled inside another (RFC 9112 sections
//! 6.1, 6.3 and 11.2): bare CR or LF, line folding, more than one length, a transfer coding other than `chunked`. The
//! turnstile has no answers of its own. In place of the offending byte in a head it gives hyper one that no head may
//! hold, so that hyper answers 400 and closes; in a content it ends the stream there. Where another status is due, the
//! stream ends as well, and [`Exchange::owed_refusal`] says what is left to answer.
//!
//! The request-line is taken by its letter ([`line`]), but for a minor version above 1, which hyper does not know: it is
//! handed on as a 1, which is what it means to a server of HTTP/1.1 (RFC 9110 section 6.2).
//!
//! # When the two disagree
//!
//! What the turnstile and hyper take for the framing must be the same. Every sign that it is not is a
//! [`Disagreement`]: the connection is closed at once, and counted.

pub mod answer;
mod chunk_extension;
pub mod chunked;
mod disagreement;
mod exchange;
pub mod fields;
mod handed;
pub(crate) mod label;
mod line;
mod refusal;
pub mod request;
mod stream;

pub use disagreement::Disagreement;
pub use exchange::{Exchange, Stage};
pub use handed::Handed;
pub use refusal::Refusal;
pub use stream::Turnstile;

#[cfg(test)]
mod tests;
