//! WebSocket (RFC 6455): what follows a 101, one message one journey.
//!
//! ```text
//!   stream ── turnstile ── library ── desk ── conversation
//!             walks the    frames,    one     yours
//!             framing      UTF-8      message
//!                                     a way
//! ```
//!
//! * `handshake` answers the request that asks for it; [`Conversation`] is what the [`Handler`](crate::Handler) has to
//!   say then.
//! * `turnstile` stands before the library as HTTP's stands before hyper: it lets one message pass, notes where it and its
//!   answer begin and end, and leaves the next in `receive_queue` until it is asked for. `frame` and `messages` walk the
//!   framing; `exchange` sets the marks.
//! * `link` joins it to the `library`, tungstenite, and `desk` the library to the conversation.
//! * `connection` carries a conversation to its end: a client that breaks a rule (`violation`), a wait that lasts too
//!   long (`watchdog`), a server that ends.
//!
//! # What is a message's journey
//!
//! It begins with the first byte of its first frame and ends with the last byte of its answer: the message that the
//! conversation sends before it asks for the next. If it asks without having sent one, the journey ends there, as
//! delivered. A message that answers none is counted as pushed and has no journey, and neither have control frames. A
//! message that breaks a rule is rejected, and answered by a Close frame; its status is that frame's code.
//!
//! ```no_run
//! use periplus_serve::websocket::{Close, Message, WebSocket, WebSocketAt};
//! use periplus_serve::{Files, FolderOptions, ServeOptions, Server, Store};
//!
//! /// Answers every text with its length, and takes the rest as it comes.
//! async fn measure(mut socket: WebSocket) -> Close {
//!     while let Some(message) = socket.receive().await {
//!         if let Message::Text(text) = message {
//!             let answer = Message::text(format!("{} characters", text.chars().count()));
//!             if socket.send(answer).await.is_err() {
//!                 break;
//!             }
//!         }
//!     }
//!     Close::normal()
//! }
//!
//! # fn example() -> std::io::Result<()> {
//! let files = Files::open("site".as_ref(), &FolderOptions::default(), &Store::default())?;
//! let server = Server::new(WebSocketAt::new("/measure", measure, files), ServeOptions::default());
//! # Ok(())
//! # }
//! ```
//!
//! # Why tungstenite
//!
//! Its state machine stands apart from the stream it works on, so the turnstile can be that stream without a thread, a
//! lock or a second layer of futures between; it is what most of the ecosystem speaks WebSocket with; and it needs nothing
//! that is not here already but SHA-1.

mod at;
mod connection;
mod desk;
mod exchange;
mod frame;
pub(crate) mod handshake;
mod library;
mod link;
pub(crate) mod memory;
mod message;
mod messages;
mod socket;
mod turnstile;
mod violation;
mod watchdog;

pub use at::WebSocketAt;
pub(crate) use connection::{Upgraded, serve};
pub use message::{Close, Closed, Message};
pub use socket::{Conversation, WebSocket, echo};
pub use tungstenite::Utf8Bytes;

#[cfg(test)]
mod tests;
