//! The conversation's end of a WebSocket.

use super::desk::Desk;
use super::message::{Close, Closed, Message};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;

/// A WebSocket as a conversation has it. Pings, fragments, limits and the closing handshake are looked after behind it.
///
/// What is sent between receiving a message and asking for the next is its answer, and the end of its journey; what is sent
/// besides is counted as pushed.
#[derive(Debug)]
pub struct WebSocket {
    desk: Desk,
}

impl WebSocket {
    pub(super) fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// The next message, or `None` if none will come: the client has gone, or the server is about to end.
    ///
    /// Until it is called, the bytes of the next message stay in the `receive_queue`. A message that was not answered when it
    /// is called is one that wants no answer. To stop waiting and to begin again is safe.
    pub async fn receive(&mut self) -> Option<Message> {
        poll_fn(|context| self.desk.poll_arrived(context)).await
    }

    /// Sends a message, and waits until the whole of it is in the `send_queue`: that is how a client that reads slowly holds
    /// up who sends to it. To stop waiting does not take back what is on its way.
    ///
    /// # Errors
    ///
    /// [`Closed`] if it was not sent, or not all of it.
    pub async fn send(&mut self, message: Message) -> Result<(), Closed> {
        let mut message = Some(message);
        let sent = poll_fn(|context| self.desk.poll_leave(context, &mut message)).await
            && poll_fn(|context| self.desk.poll_written(context)).await;
        sent.then_some(()).ok_or(Closed)
    }
}

/// What is said on one WebSocket, from its opening to its end.
///
/// It ends with what it comes to, a [`Close`]. It may take as long as it likes between messages; one that neither answers a
/// message nor asks for the next for [`ServeOptions::handler_timeout`](crate::ServeOptions::handler_timeout) is closed, as
/// one that panics is, by 1011.
pub struct Conversation {
    speak: Box<dyn FnOnce(WebSocket) -> Speaking>,
    protocol: Option<&'static str>,
}

/// A conversation under way.
pub(super) type Speaking = Pin<Box<dyn Future<Output = Close>>>;

impl Conversation {
    /// As `speak` has it.
    pub fn new<S, F>(speak: S) -> Self
    where
        S: FnOnce(WebSocket) -> F + 'static,
        F: Future<Output = Close> + 'static,
    {
        Self {
            speak: Box::new(|socket| Box::pin(speak(socket))),
            protocol: None,
        }
    }

    /// In a protocol, which must be one that the request offers in Sec-WebSocket-Protocol. A browser that offers any wants
    /// one to be chosen.
    pub fn in_protocol(self, protocol: &'static str) -> Self {
        Self {
            protocol: Some(protocol),
            ..self
        }
    }

    pub(crate) fn protocol(&self) -> Option<&'static str> {
        self.protocol
    }

    pub(super) fn begin(self, socket: WebSocket) -> Speaking {
        (self.speak)(socket)
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// Sends back what it hears.
pub async fn echo(mut socket: WebSocket) -> Close {
    while let Some(message) = socket.receive().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
    Close::normal()
}
