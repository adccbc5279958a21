//! A key-value protocol of lines, for people and programs: `get KEY`, `set KEY VALUE`, `del KEY`, `ping`, `quit`.
//!
//! Its grammar, its answers and its errors are in `manual/kv.md`.
//!
//! * [`KvCodec`] finds the requests in the stream, as [`periplus_protocol`] asks for it.
//! * [`Store`] keeps the entries, bounded, and answers; every clone of it is the same store.
//!
//! ```no_run
//! use periplus_net::{ShardHandle, TcpListener};
//! use periplus_serve::{ServeOptions, kv};
//!
//! # async fn example(shard: ShardHandle, stop: impl Future<Output = ()>) -> std::io::Result<()> {
//! // One store for the whole process, whichever listener is asked.
//! let store = kv::Store::new(kv::StoreLimits::default());
//! // In a `tokio::task::LocalSet` on the shard's thread.
//! let listener = TcpListener::bind(&shard, ([10, 0, 0, 1], 7379).into()).await?;
//! kv::server(store, ServeOptions::default()).run(listener, stop).await?;
//! # Ok(())
//! # }
//! ```

mod codec;
mod command;
mod store;

pub use codec::{KEY_BYTES, KvCodec, VALUE_BYTES};
pub use command::Command;
pub use store::{Store, StoreLimits, server};

#[cfg(test)]
mod tests;
