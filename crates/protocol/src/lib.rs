//! A request as sections of a byte stream: the [`Codec`] of a protocol of your own.
//!
//! A protocol says where a request ends, what its sections are called, and how much of each it will take. With that, every
//! request has a journey like HTTP's: the server knows its first byte and its last, and if it ends badly, in which
//! section.
//!
//! ```text
//!   received bytes     s e t _ p o r t _ 7 3 7 9 \n g e t …
//!                      │       │         │         │
//!   sections           ╰ verb ─┴─ key ───┴─ value ─┤
//!                      │                           ╰ the next request waits in `receive_queue`
//!                      ╰ a                         ╰ b
//! ```
//!
//! * [`Codec`] is what a protocol is to a server. It does no I/O and reads no clock.
//! * [`Reader`] drives a codec over a stream that comes in pieces, and holds it to its [`Limits`].
//! * [`check::every_cut`] tests a codec: the requests are the same however the stream is cut.
//!
//! # A protocol in thirty lines
//!
//! A message is its length in one byte and as many bytes of text.
//!
//! ```
//! use periplus_protocol::{Codec, ErrorClass, Policy, Rejection, Sections, Step, check};
//!
//! #[derive(Clone, Default)]
//! struct Messages {
//!     length: Option<usize>,
//! }
//!
//! impl Codec for Messages {
//!     type Request = String;
//!
//!     fn protocol(&self) -> &'static str {
//!         "messages"
//!     }
//!
//!     fn decode(&mut self, unread: &[u8], sections: &mut Sections) -> Step<String> {
//!         let length = *self.length.get_or_insert_with(|| {
//!             sections.end("length", 1);
//!             usize::from(unread[0])
//!         });
//!         let Some(text) = unread.get(1..1 + length) else {
//!             let at_least = 1 + length - unread.len();
//!             return Step::More { at_least, section: "text" };
//!         };
//!         sections.end("text", 1 + length);
//!         self.length = None;
//!         match std::str::from_utf8(text) {
//!             Ok(text) => Step::Request { length: 1 + length, request: text.to_string() },
//!             Err(_) => Step::Rejected(Rejection {
//!                 class: ErrorClass::BadEncoding,
//!                 section: "text",
//!                 length: 1 + length,
//!             }),
//!         }
//!     }
//!
//!     fn refuse(&self, rejection: &Rejection) -> Policy {
//!         let text = rejection.to_string(); // as "bad_encoding in text"
//!         let length = [text.len() as u8];
//!         Policy::ReplyAndClose([&length, text.as_bytes()].concat().into())
//!     }
//! }
//!
//! // Whole, byte by byte, and cut at every pair of points.
//! let read = check::every_cut(&Messages::default(), b"\x05hello\x00\x02hi");
//! assert_eq!(read.requests, ["hello", "", "hi"]);
//! ```
//!
//! `periplus_serve::protocol` serves it.

pub mod check;
mod codec;
mod limits;
mod reader;
mod rejection;
mod sections;

pub use codec::{Codec, Policy, Step};
pub use limits::Limits;
pub use reader::{Read, Reader};
pub use rejection::{ErrorClass, Rejection};
pub use sections::{Section, Sections};
