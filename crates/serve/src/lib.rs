//! The backend: accept, parse, process, respond.
//!
//! A request walks through it in this order, and waits in these stations:
//!
//! | station | where | what happens |
//! |---|---|---|
//! | `accept_queue` | [`Server`] | a connection is accepted, if there is room for one more |
//! | `tls_handshake`, `decrypt` | [`tls`] | where TLS is spoken: hands are shaken, and records become bytes |
//! | `idle`, `receive_queue` | [`turnstile`] | a request waits until the one before it is answered |
//! | `parse` | [`turnstile`], then hyper | its bytes are handed on, and its framing is walked |
//! | | [`Http2`] | the same, of many streams at a time, with h2 in hyper's place |
//! | `process` | [`Http`] | a [`Handler`] answers it, in time and without a panic |
//! | `file_read` | [`Files`] | a file is opened and read, off the shard's thread unless [`ReadMode`] says otherwise |
//! | `send_queue` | [`turnstile`] | the answer is written, without a copy where it is large |
//!
//! ```no_run
//! use periplus_net::{ShardHandle, TcpListener};
//! use periplus_serve::{Files, FolderOptions, ServeOptions, Server, Store};
//!
//! # async fn example(shard: ShardHandle, stop: impl Future<Output = ()>) -> std::io::Result<()> {
//! // In a `tokio::task::LocalSet` on the shard's thread.
//! let listener = TcpListener::bind(&shard, ([10, 0, 0, 1], 80).into()).await?;
//! let files = Files::open("site".as_ref(), &FolderOptions::default(), &Store::default())?;
//! let drained = Server::new(files, ServeOptions::default()).run(listener, stop).await?;
//! println!("{} connections were cut off", drained.cut);
//! # Ok(())
//! # }
//! ```
//!
//! After a 101 a connection speaks [`websocket`]: a message is a request then, and a conversation answers it.
//!
//! HTTP is not all that can be served: [`protocol`] serves a protocol of your own, and [`kv`] is one.
//!
//! [`PeekStream`], [`Marks`] and [`Acceptor`] are what the backend needs of a stack. The stack's own types are such, and so
//! are the test doubles that let the turnstile be tested without one.

mod admission;
mod answer_body;
mod asked;
mod caught;
mod counters;
mod delivery;
mod farewell;
mod files;
mod handler;
mod handling;
mod host;
mod http;
mod http1;
mod http2;
pub mod kv;
mod marks;
mod net;
mod options;
mod pages;
pub mod protocol;
mod ready;
mod request_body;
mod server;
pub mod site;
mod stream;
#[cfg(test)]
mod testing;
pub mod tls;
pub mod turnstile;
mod watchdog;
pub mod websocket;

pub use counters::{Counter, ServeCounters};
pub use files::{EntityTags, Files, FilesBody, FilesOptions, FolderOptions, ReadMode, Store};
pub use handler::{BoxError, Handler};
pub use http::Http;
pub use http1::Http1;
pub use http2::Http2;
pub use marks::Marks;
pub use options::ServeOptions;
pub use ready::{Good, Keep, answers::ReadyAnswers};
pub use request_body::RequestBody;
pub use server::{Acceptor, Adjust, ConnectionService, Drain, Drained, Server};
pub use stream::PeekStream;
