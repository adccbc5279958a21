//! tungstenite, and the turnstile as it calls it.

use super::message::Message;
use super::turnstile::Turnstile;
use crate::marks::Marks;
use crate::stream::PeekStream;
use std::io::{self, Read, Write};
use std::task::{Context, Poll};
use tungstenite::Error;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

/// What the library reads at once. It is kept for every connection, so it is small.
const READ_BUFFER: usize = 4 * 1024;

/// The library's state, for a connection on which nothing was said yet. The limits are the turnstile's.
pub(super) fn library() -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(None)
        .max_frame_size(None);
    WebSocketContext::new(Role::Server, Some(config))
}

impl From<Message> for tungstenite::Message {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => tungstenite::Message::Text(text),
            Message::Binary(bytes) => tungstenite::Message::Binary(bytes),
        }
    }
}

/// Whether it can be done later.
pub(super) fn would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// The turnstile as the library calls it: what is not ready would block.
pub(super) struct Polled<'l, 'c, S, M: Marks> {
    pub(super) turnstile: &'l mut Turnstile<S, M>,
    pub(super) context: &'l mut Context<'c>,
}

impl<S: PeekStream, M: Marks> Read for Polled<'_, '_, S, M> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        ready_or_block(self.turnstile.poll_read(self.context, buffer))
    }
}

impl<S: PeekStream, M: Marks> Write for Polled<'_, '_, S, M> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        ready_or_block(self.turnstile.poll_write(self.context, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        ready_or_block(self.turnstile.poll_flush(self.context))
    }
}

fn ready_or_block<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
