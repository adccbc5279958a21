//! TLS over the testing doubles, with rustls as the client.

mod certificates;
mod offsets;
mod peer;
mod service;
mod streams;
