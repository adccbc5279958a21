//! TLS, between the stack's stream and what is spoken inside.
//!
//! * [`Tls`] is what a listener speaks, made of [`TlsOptions`]: certificates, versions, tickets, sessions.
//! * [`Secure`] shakes hands on a connection, within bounds, and serves what is inside.
//! * [`TlsStream`] is the plaintext: a [`PeekStream`](crate::PeekStream) like the one beneath it, so that all that is spoken
//!   without TLS is spoken inside it unchanged.
//! * [`TlsMarks`] sets marks that count plaintext where the stack counts ciphertext.
//!
//! ```text
//!   plaintext     a ──────────── b
//!                 │ request      │ next request
//!   ciphertext  ┌─┴──────────┬───┴────────┬────────
//!               │ record     │ record     │ record        the request's journey is that of [start, end)
//!               └────────────┴────────────┴────────
//!               start                     end
//! ```
//!
//! A record leaves the stack's queue when who is inside wants to read, and not before: what is not wanted waits where its wait
//! is bounded and seen, as it does without TLS.

mod by_name;
mod certificate;
mod config;
mod error;
mod handshake;
mod marks;
mod options;
mod plain_http;
mod reason;
mod records;
mod secure;
mod self_signed;
mod stream;

pub use config::{Prepared, Tls};
pub use error::TlsError;
pub use marks::TlsMarks;
pub use options::{CertificateFiles, Certificates, TlsOptions, TlsVersion};
pub use secure::Secure;
pub use stream::TlsStream;

#[cfg(test)]
mod tests;
