//! HTTP/1.1 on one connection: hyper behind the turnstile, and what hyper leaves to a server.
//!
//! * [`Http1`] serves a connection from its first byte to its last.
//! * [`admission`] refuses what RFC 9112 wants refused before any handler sees it.
//! * [`answer_body`] is a handler's body on its way to hyper.
//! * [`service`] calls the handler, and answers for it when it panics or takes too long.
//! * [`watchdog`] guards how long a connection may wait for its peer.
//! * [`last_answer`] is the answer to a request that never was one: because it is refused, or late.

mod admission;
mod answer_body;
mod connection;
mod last_answer;
mod service;
mod watchdog;

pub use connection::Http1;

#[cfg(test)]
mod tests;
