//! HTTP/1.1 on one connection: hyper behind the turnstile, and what hyper leaves to a server.
//!
//! * [`Http1`] serves a connection from its first byte to its last.
//! * [`service`] calls the handler, and answers for it when it panics or takes too long.
//! * [`last_answer`] is the answer to a request that never was one: because it is refused, or late.

mod connection;
mod last_answer;
mod service;

pub use connection::Http1;

#[cfg(test)]
mod tests;
