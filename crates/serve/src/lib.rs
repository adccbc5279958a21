//! The backend: accept, parse, process, respond.

mod counters;
mod files;
mod handler;
mod http1;
mod marks;
mod net;
mod options;
mod pages;
mod server;
mod stream;
#[cfg(test)]
mod testing;
pub mod turnstile;

pub use counters::{Counter, ServeCounters};
pub use files::{Files, FilesBody, FilesOptions};
pub use handler::{BoxError, Handler};
pub use http1::{Drain, Http1};
pub use marks::Marks;
pub use options::ServeOptions;
pub use server::{Acceptor, Drained, Server};
pub use stream::PeekStream;
