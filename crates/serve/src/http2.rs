//! HTTP/2 (RFC 9113) on one connection: h2 behind a watch, and what h2 leaves to a server.
//!
//! A request is its stream's frames, an answer as well: both are told to the journal under the stream's number, because streams
//! are answered in whatever order. h2 hides where in the connection a frame lies, so that is read off the bytes as they pass.
//!
//! * [`Http2`] serves a connection from its first byte to its last.
//! * [`watched`] is the stream that h2 reads and writes: nothing is held in it, and every byte is seen.
//! * [`frames`] walks the bytes, frame by frame.
//! * [`streams`] knows what has passed of every stream, and sets the marks that follow from it.
//! * [`allowance`] bounds what a peer may send that is neither a request nor its content.
//! * [`exchange`] answers one request; [`content`] and [`cookies`] are what the handler reads of it, [`answer`] how its answer is written,
//!   with which [`fields`], and at which [`pace`] its client takes it.

mod allowance;
mod answer;
mod connection;
mod content;
mod cookies;
mod exchange;
mod fields;
mod frames;
mod pace;
mod streams;
mod watched;

pub use connection::Http2;
pub(crate) use connection::PREFACE;
pub(crate) use content::Content;

#[cfg(test)]
mod tests;
