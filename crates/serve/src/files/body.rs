//! A file's bytes on their way out.

use super::load::{self, Chunk, Loaded};
use super::patience::Patience;
use super::pool::{FileRead, Pool};
use crate::marks::Marks;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The body of an answer by [`Files`](super::Files).
pub struct FilesBody<M>(Source<M>);

enum Source<M> {
    Page(Full<Bytes>),
    File(FileBody<M>),
}

impl<M> FilesBody<M> {
    /// Nothing.
    pub(super) fn empty() -> Self {
        Self::page(Bytes::new())
    }

    /// Bytes that are here.
    pub(super) fn page(page: Bytes) -> Self {
        Self(Source::Page(Full::new(page)))
    }

    /// A file, its first chunk read.
    pub(super) fn file(loaded: Loaded, pool: Pool, journal: M) -> Self {
        Self(Source::File(FileBody {
            file: loaded.file,
            offset: loaded.first.len() as u64,
            left: loaded.length,
            at_hand: loaded.at_hand,
            next: if loaded.first.is_empty() {
                Next::End
            } else {
                Next::Here(loaded.first)
            },
            pool,
            journal,
        }))
    }
}

/// What is at hand is read when it is asked for. Of a file that had to be waited for the next chunk is being read while one is being sent, if there is
/// memory and a turn for that, and no more.
struct FileBody<M> {
    file: Arc<OwnedFd>,
    /// Where the next read begins.
    offset: u64,
    /// Bytes that were not handed on yet.
    left: u64,
    /// The last chunk was read without waiting.
    at_hand: bool,
    next: Next,
    pool: Pool,
    journal: M,
}

enum Next {
    Here(Bytes),
    /// Nothing is read ahead: it waits for its turn when it is asked for.
    Wanted,
    Reading(Pin<Box<dyn Future<Output = (io::Result<Chunk>, FileRead)>>>),
    End,
}

impl<M: Marks> FileBody<M> {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let chunk = match &mut self.next {
            Next::End => return Poll::Ready(None),
            Next::Here(chunk) => std::mem::take(chunk),
            Next::Wanted | Next::Reading(_) => match ready!(self.poll_read(context)) {
                Ok(chunk) => chunk,
                Err(error) => {
                    self.next = Next::End;
                    return Poll::Ready(Some(Err(error)));
                }
            },
        };
        self.left -= chunk.len() as u64;
        self.next = if self.left == 0 {
            Next::End
        } else {
            let ahead = !self.at_hand && self.pool.memory.is_ample();
            let job = || self.read_next(Patience::Any);
            let reading = ahead.then(|| self.pool.run_ahead::<M, _, _>(job()));
            match reading.flatten() {
                Some(reading) => Next::Reading(Box::pin(reading)),
                None => Next::Wanted,
            }
        };
        Poll::Ready(Some(Ok(chunk)))
    }

    /// The next chunk of what was promised: at once if it is at hand, from the pool otherwise.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        if let Next::Wanted = self.next {
            let at_once = self.read_next(Patience::None);
            if let Some(read) = self.pool.run_at_once::<M, _, _>(at_once) {
                self.at_hand = true;
                return Poll::Ready(self.take(read));
            }
            let (pool, job) = (self.pool.clone(), self.read_next(Patience::Any));
            self.next = Next::Reading(Box::pin(async move { pool.run::<M, _, _>(job).await }));
        }
        let Next::Reading(reading) = &mut self.next else {
            unreachable!("it was wanted, or is being read");
        };
        let read = ready!(reading.as_mut().poll(context));
        self.at_hand = false;
        Poll::Ready(self.take(read))
    }

    /// What was read, if it can be what was promised.
    fn take(&mut self, (chunk, file_read): (io::Result<Chunk>, FileRead)) -> io::Result<Bytes> {
        file_read.record(&self.journal);
        let Chunk { bytes, is_last } = chunk?;
        if is_last && bytes.len() as u64 != self.left {
            // Whatever is sent now would not be the file whose length was promised.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.offset += bytes.len() as u64;
        Ok(bytes)
    }

    /// The read of the next chunk.
    fn read_next(&self, patience: Patience) -> impl FnOnce() -> io::Result<Chunk> + Send + use<M> {
        let (file, offset, left) = (self.file.clone(), self.offset, self.left);
        let memory = self.pool.memory.clone();
        move || load::read(file, offset, left, &memory, patience)
    }
}

impl<M: Marks> Body for FilesBody<M> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.get_mut().0 {
            Source::Page(page) => Pin::new(page)
                .poll_frame(context)
                .map_err(|never| match never {}),
            Source::File(file) => file
                .poll_chunk(context)
                .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Page(page) => page.is_end_stream(),
            Source::File(file) => file.left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Page(page) => page.size_hint(),
            Source::File(file) => SizeHint::with_exact(file.left),
        }
    }
}
