//! From the stream to the codec: the bytes of one request.

use crate::marks::Marks;
use crate::stream::PeekStream;
use crate::turnstile::label;
use periplus_journey::{Label, Mark, RequestEnd};
use periplus_protocol::{Codec, ErrorClass, Policy, Read, Reader, Rejection};
use std::io;
use std::mem::MaybeUninit;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;

/// The least that is looked at: what most requests fit in, and cheap to look at again if it holds several.
const LEAST: usize = 2 * 1024;
/// The most that is looked at.
const MOST: usize = 16 * 1024;

/// What a look at the stream came to.
pub(super) enum Look<R> {
    /// A request has begun, and more must follow.
    More,
    /// A request is whole.
    Request(R),
    /// The bytes are not a request.
    Rejected(Policy),
    /// The peer has ended its direction.
    Ended,
}

/// The codec of a connection, and what it has said of the request that is being read.
pub(super) struct Reading<C> {
    reader: Reader<C>,
    /// Bytes taken off the stream.
    received: u64,
    /// Where the request that is being read begins.
    start: u64,
    /// The section that the journey was told of.
    waits_for: Option<&'static str>,
}

impl<C: Codec> Reading<C> {
    pub(super) fn new(codec: C) -> Self {
        Self {
            reader: Reader::new(codec),
            received: 0,
            start: 0,
            waits_for: None,
        }
    }

    pub(super) fn reader(&self) -> &Reader<C> {
        &self.reader
    }

    /// Whether anything was received at all.
    pub(super) fn is_at_start(&self) -> bool {
        self.received == 0
    }

    /// Looks at what has come, and takes from it what belongs to the request that is being read.
    pub(super) fn poll_look<S: PeekStream, M: Marks>(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut S,
        journal: &M,
    ) -> Poll<io::Result<Look<C::Request>>> {
        let mut space = [MaybeUninit::uninit(); MOST];
        let (held, sure) = (self.reader.held(), self.reader.missing());
        let mut buffer = ReadBuf::uninit(&mut space[..sure.max(held).clamp(LEAST, MOST)]);
        ready!(stream.poll_peek(context, &mut buffer))?;
        let seen = buffer.filled();
        if seen.is_empty() {
            return Poll::Ready(Ok(Look::Ended));
        }
        if held == 0 {
            self.start = self.received;
            self.waits_for = None;
            journal.mark(Mark::Request { start: self.start });
            let protocol = self.reader.codec().protocol();
            journal.mark(Mark::Label(Label::Protocol(protocol)));
        }
        // What is the request's for sure is taken before the codec looks, so that its time counts as parsing.
        let sure = sure.min(seen.len());
        stream.consume(sure);
        let mut rest = seen;
        let read = self.reader.feed(&mut rest);
        let taken = match &read {
            Read::Rejected(rejection) => rejection
                .length
                .saturating_sub(held)
                .clamp(sure, seen.len()),
            _ => seen.len() - rest.len(),
        };
        stream.consume(taken - sure);
        self.received += taken as u64;
        Poll::Ready(Ok(match read {
            Read::More => {
                self.tell_section(journal);
                Look::More
            }
            Read::Request(request) => {
                self.complete(&request, journal);
                Look::Request(request)
            }
            Read::Rejected(rejection) => Look::Rejected(self.refuse(&rejection, journal)),
        }))
    }

    /// No more will come, or not in time. `None` between requests, where nothing is wrong.
    pub(super) fn give_up<M: Marks>(&self, class: ErrorClass, journal: &M) -> Option<Policy> {
        let rejection = self.reader.give_up(class)?;
        Some(self.refuse(&rejection, journal))
    }

    /// Tells the journey what the request waits for, in case the connection ends first.
    fn tell_section<M: Marks>(&mut self, journal: &M) {
        let waits_for = self.reader.waits_for();
        if let Some(section) = waits_for
            && self.waits_for != waits_for
        {
            self.waits_for = waits_for;
            let reason = format!("waiting for {section}").into();
            journal.mark(Mark::Label(Label::Reason(reason)));
        }
    }

    fn complete<M: Marks>(&self, request: &C::Request, journal: &M) {
        journal.mark(Mark::RequestEnd {
            end: self.received,
            how: RequestEnd::Complete,
        });
        if let Some(line) = self.reader.codec().label(request) {
            let line = label::short(line);
            journal.mark(Mark::Label(Label::Request(line)));
        }
    }

    /// What becomes of the connection, of whose request this is the end.
    fn refuse<M: Marks>(&self, rejection: &Rejection, journal: &M) -> Policy {
        let policy = self.reader.codec().refuse(rejection);
        let how = match (rejection.class, &policy) {
            (ErrorClass::Timeout, _) => RequestEnd::TimedOut,
            // It was its client that left.
            (ErrorClass::Truncated, Policy::Close) => RequestEnd::Abandoned,
            _ => RequestEnd::Rejected,
        };
        let end = (self.start + rejection.length as u64).min(self.received);
        journal.mark(Mark::RequestEnd { end, how });
        let reason = rejection.to_string().into();
        journal.mark(Mark::Label(Label::Reason(reason)));
        policy
    }
}
