//! A file's bytes on their way out.

use super::locate::Opened;
use super::made::MadeBody;
use super::memory::Held;
use super::patience::Patience;
use super::pool::{FileRead, Pool};
use super::read::{is_changed, read};
use crate::marks::Marks;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use periplus_journey::{Label, Mark};
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The body of an answer by [`Files`](super::Files).
pub struct FilesBody<M>(Source<M>);

enum Source<M> {
    Page(Full<Bytes>),
    File(FileBody<M>),
    Made(MadeBody<M>),
}

impl<M> FilesBody<M> {
    /// Nothing.
    pub(super) fn empty() -> Self {
        Self::page(Bytes::new())
    }

    /// Bytes that are here.
    pub(crate) fn page(page: Bytes) -> Self {
        Self(Source::Page(Full::new(page)))
    }

    /// Bytes that are made as they are sent.
    pub(super) fn made(made: MadeBody<M>) -> Self {
        Self(Source::Made(made))
    }

    /// The bytes `part` of a file, of which the first are read.
    pub(super) fn file(
        opened: Opened,
        part: Range<u64>,
        first: First,
        pool: Pool,
        journal: M,
    ) -> Self {
        Self(Source::File(FileBody {
            opened,
            offset: part.start + first.bytes.len() as u64,
            left: part.end - part.start,
            at_hand: first.at_hand,
            next: if first.bytes.is_empty() {
                Next::End
            } else {
                Next::Here(first.bytes)
            },
            held: first.held,
            pool,
            journal,
        }))
    }
}

/// What is read of a file before its answer begins.
#[derive(Debug)]
pub(super) struct First {
    pub(super) bytes: Bytes,
    /// By this answer.
    pub(super) held: Held,
    /// It was read without waiting.
    pub(super) at_hand: bool,
}

/// What is at hand is read when it is asked for. Of a file that had to be waited for the next chunk is being read while one is being sent, if there is
/// memory and a turn for that, and no more.
struct FileBody<M> {
    opened: Opened,
    /// Where the next read begins.
    offset: u64,
    /// Bytes that were not handed on yet.
    left: u64,
    /// The last chunk was read without waiting.
    at_hand: bool,
    next: Next,
    held: Held,
    pool: Pool,
    journal: M,
}

enum Next {
    Here(Bytes),
    /// Nothing is read ahead: it waits for its turn when it is asked for.
    Wanted,
    Reading(Reading),
    End,
}

type Reading = Pin<Box<dyn Future<Output = (io::Result<Bytes>, FileRead)>>>;

impl<M: Marks> FileBody<M> {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let chunk = match &mut self.next {
            Next::End => return Poll::Ready(None),
            Next::Here(chunk) => std::mem::take(chunk),
            Next::Wanted | Next::Reading(_) => match ready!(self.poll_read(context)) {
                Ok(chunk) => chunk,
                Err(error) => {
                    self.next = Next::End;
                    break_off(&error, &self.journal);
                    return Poll::Ready(Some(Err(error)));
                }
            },
        };
        self.left -= chunk.len() as u64;
        self.next = if self.left == 0 {
            Next::End
        } else {
            let ahead = !self.at_hand && self.pool.memory.is_ample(&self.held);
            let reading = if ahead { self.read_ahead() } else { None };
            reading.map_or(Next::Wanted, Next::Reading)
        };
        Poll::Ready(Some(Ok(chunk)))
    }

    /// The next chunk of what was promised: at once if it is at hand, from the pool otherwise.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        if let Next::Wanted = self.next {
            ready!(self.pool.memory.poll_share(&self.held, context));
            let length = self.chunk();
            let at_once = || read(&self.opened, self.offset, length, Patience::None);
            if let Some((read, file_read)) = self.pool.run_at_once::<M, _, _>(at_once) {
                self.at_hand = true;
                let read = read.map(|bytes| self.pool.memory.keep_for(&self.held, bytes));
                return Poll::Ready(self.take(read, file_read));
            }
            self.next = Next::Reading(self.read_next());
        }
        let Next::Reading(reading) = &mut self.next else {
            unreachable!("it was wanted, or is being read");
        };
        let (read, file_read) = ready!(reading.as_mut().poll(context));
        self.at_hand = false;
        Poll::Ready(self.take(read, file_read))
    }

    fn take(&mut self, read: io::Result<Bytes>, file_read: FileRead) -> io::Result<Bytes> {
        file_read.record(&self.journal);
        let bytes = read?;
        self.offset += bytes.len() as u64;
        Ok(bytes)
    }

    /// How much is read next.
    fn chunk(&self) -> usize {
        self.pool.memory.chunk_of(self.left)
    }

    /// The read of the next chunk, which waits for its turn.
    fn read_next(&self) -> Reading {
        let (opened, offset, length) = (self.opened.clone(), self.offset, self.chunk());
        let room = self.pool.memory.room_for(&self.held, length);
        let pool = self.pool.clone();
        Box::pin(async move {
            let (bytes, file_read) = pool.read::<M>(opened, offset, length).await;
            (bytes.map(|bytes| room.fill(bytes)), file_read)
        })
    }

    /// The same, which has begun, if there is a turn at once.
    fn read_ahead(&self) -> Option<Reading> {
        let length = self.chunk();
        let (pool, opened) = (&self.pool, self.opened.clone());
        let reading = pool.read_ahead::<M>(opened, self.offset, length)?;
        let room = pool.memory.room_for(&self.held, length);
        Some(Box::pin(async move {
            let (bytes, file_read) = reading.await;
            (bytes.map(|bytes| room.fill(bytes)), file_read)
        }))
    }
}

/// Says in the record why an answer ends before it is whole. What was promised is not here any more, and anything else in its
/// place would be wrong: the connection is cut.
pub(super) fn break_off<M: Marks>(error: &io::Error, journal: &M) {
    let reason = if is_changed(error) {
        "file_changed"
    } else {
        "file_unreadable"
    };
    journal.mark(Mark::Label(Label::Reason(reason.into())));
}

impl<M: Marks> Body for FilesBody<M> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = match &mut self.get_mut().0 {
            Source::Page(page) => {
                return Pin::new(page)
                    .poll_frame(context)
                    .map_err(|never| match never {});
            }
            Source::File(file) => file.poll_chunk(context),
            Source::Made(made) => made.poll_chunk(context),
        };
        chunk.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Page(page) => page.is_end_stream(),
            Source::File(file) => file.left == 0,
            Source::Made(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Page(page) => page.size_hint(),
            Source::File(file) => SizeHint::with_exact(file.left),
            Source::Made(_) => SizeHint::default(),
        }
    }
}
