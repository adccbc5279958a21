//! A protocol of your own on one connection: a [`Codec`](periplus_protocol::Codec) between the stream and a handler.
//!
//! * [`Protocol`] serves connections; [`Server::of`](crate::Server::of) accepts them.
//! * [`Handler`] answers requests; an async function from a request to an [`Answer`] is one.
//!
//! The codec is shown what has come. From the stream are taken the bytes of one request and no more: the next one waits in
//! `receive_queue`, where its wait is bounded and seen. A handler that panics or takes too long is answered for.
//!
//! Every request has a journey as HTTP's have. If it ends badly, the journey's `reason` names the section:
//! `too_large in value`, `timeout in key`, `waiting for value` where the connection ended first.
//!
//! ```no_run
//! use periplus_net::{ShardHandle, TcpListener};
//! use periplus_protocol::{Codec, Sections, Step};
//! use periplus_serve::protocol::Answer;
//! use periplus_serve::{ServeOptions, Server};
//!
//! /// A request is a line.
//! #[derive(Clone, Default)]
//! struct Lines {
//!     looked_at: usize,
//! }
//!
//! impl Codec for Lines {
//!     type Request = Vec<u8>;
//!
//!     fn protocol(&self) -> &'static str {
//!         "lines"
//!     }
//!
//!     fn decode(&mut self, unread: &[u8], sections: &mut Sections) -> Step<Vec<u8>> {
//!         let found = unread[self.looked_at..].iter().position(|&byte| byte == b'\n');
//!         let Some(position) = found else {
//!             self.looked_at = unread.len();
//!             return Step::More { at_least: 1, section: "line" };
//!         };
//!         let length = std::mem::take(&mut self.looked_at) + position + 1;
//!         sections.end("line", length);
//!         Step::Request { length, request: unread[..length].to_vec() }
//!     }
//! }
//!
//! # async fn example(shard: ShardHandle, stop: impl Future<Output = ()>) -> std::io::Result<()> {
//! // In a `tokio::task::LocalSet` on the shard's thread.
//! let listener = TcpListener::bind(&shard, ([10, 0, 0, 1], 7).into()).await?;
//! let echo = async |line: Vec<u8>| Answer::new(line);
//! Server::of(Lines::default(), echo, ServeOptions::default()).run(listener, stop).await?;
//! # Ok(())
//! # }
//! ```

mod answer;
mod answering;
mod connection;
mod handler;
mod reading;

pub use answer::Answer;
pub use connection::Protocol;
pub use handler::Handler;

#[cfg(test)]
mod tests;
