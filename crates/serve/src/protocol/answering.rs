//! From the handler to the stream: the bytes of one answer.

use super::{Answer, Handler};
use crate::caught::caught;
use crate::counters::ServeCounters;
use crate::delivery::Delivery;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::stream::PeekStream;
use bytes::{Buf, Bytes};
use periplus_journey::{Label, Mark};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use tokio::time::timeout;

/// Below this a copy costs less than a reference to count.
const WORTH_SHARING: usize = 2048;

/// Has `handler` answer a request. `None` if it fails to.
pub(super) async fn handle<R, H: Handler<R>, M: Marks>(
    handler: &H,
    request: R,
    options: &ServeOptions,
    counters: &ServeCounters,
    journal: &M,
) -> Option<Answer> {
    counters.requests.increment();
    journal.mark(Mark::HandlerCalled);
    // The call itself is in the future, for a panic in it is a handler's as well.
    let handling = caught(async { handler.handle(request).await });
    let (counter, reason) = match timeout(options.handler_timeout, handling).await {
        Ok(Some(answer)) => return Some(answer),
        Ok(None) => (&counters.handler_panics, "the handler panicked"),
        Err(_) => (&counters.handler_timeouts, "the handler took too long"),
    };
    counter.increment();
    journal.mark(Mark::Label(Label::Reason(reason.into())));
    None
}

/// Why an answer was not written.
pub(super) enum Trouble {
    /// The peer took nothing, or too little, of it for too long.
    Stalled,
    /// The connection is over.
    Broken,
}

/// Writes answers, and notes where each begins and ends.
#[derive(Default)]
pub(super) struct Answering {
    /// Bytes written.
    sent: u64,
}

impl Answering {
    /// How many bytes were written.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Writes one answer. One without a byte is none, and not waited for by anybody.
    pub(super) async fn write<S: PeekStream, M: Marks>(
        &mut self,
        mut bytes: Bytes,
        status: Option<u16>,
        stream: &mut S,
        options: &ServeOptions,
        journal: &M,
        delivery: &mut Delivery,
    ) -> Result<(), Trouble> {
        if let Some(status) = status {
            journal.mark(Mark::Label(Label::Status(status)));
        }
        if bytes.is_empty() {
            journal.mark(Mark::NoResponse);
            return Ok(());
        }
        let start = self.sent;
        let mut taken = journal.acknowledged();
        while !bytes.is_empty() {
            let writing = write_some(stream, &mut bytes);
            let written = match timeout(options.stall_timeout, writing).await {
                Ok(Ok(written)) => written as u64,
                Ok(Err(_)) => return Err(Trouble::Broken),
                Err(_) => {
                    // The queue has room only now and then, however steadily the peer takes what is in it.
                    let before = std::mem::replace(&mut taken, journal.acknowledged());
                    if taken == before || delivery.is_too_slow(options, self.sent, taken) {
                        return Err(Trouble::Stalled);
                    }
                    continue;
                }
            };
            if self.sent == start {
                stream.set_abort_on_drop(true);
                journal.mark(Mark::Response { start });
            }
            self.sent += written;
        }
        stream.set_abort_on_drop(false);
        journal.mark(Mark::ResponseEnd { end: self.sent });
        Ok(())
    }
}

async fn write_some<S: PeekStream>(stream: &mut S, bytes: &mut Bytes) -> io::Result<usize> {
    if bytes.len() >= WORTH_SHARING {
        return poll_fn(|context| stream.poll_write_bytes(context, bytes)).await;
    }
    let written = poll_fn(|context| Pin::new(&mut *stream).poll_write(context, bytes)).await?;
    bytes.advance(written);
    Ok(written)
}
