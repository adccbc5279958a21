//! A file's bytes on their way out.

use super::load::{self, Chunk, Loaded};
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

/// While one chunk is being sent the next is being read, if there is memory and a turn for that, and no more.
struct FileBody<M> {
    file: Arc<OwnedFd>,
    /// Where the next read begins.
    offset: u64,
    /// Bytes that were not handed on yet.
    left: u64,
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
        if let Next::Wanted = self.next {
            let (pool, job) = (self.pool.clone(), self.read_next());
            self.next = Next::Reading(Box::pin(async move { pool.run::<M, _, _>(job).await }));
        }
        let chunk = match &mut self.next {
            Next::End | Next::Wanted => return Poll::Ready(None),
            Next::Here(chunk) => std::mem::take(chunk),
            Next::Reading(reading) => {
                let (chunk, file_read) = ready!(reading.as_mut().poll(context));
                file_read.record(&self.journal);
                self.next = Next::End;
                match chunk {
                    Ok(Chunk { bytes, is_last }) if !is_last || bytes.len() as u64 == self.left => {
                        self.offset += bytes.len() as u64;
                        bytes
                    }
                    // Whatever is sent now would not be the file whose length was promised.
                    Ok(_) => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
                    Err(error) => return Poll::Ready(Some(Err(error))),
                }
            }
        };
        self.left -= chunk.len() as u64;
        self.next = if self.left == 0 {
            Next::End
        } else {
            let ahead = self.pool.memory.is_ample();
            let reading = ahead.then(|| self.pool.run_ahead::<M, _, _>(self.read_next()));
            match reading.flatten() {
                Some(reading) => Next::Reading(Box::pin(reading)),
                None => Next::Wanted,
            }
        };
        Poll::Ready(Some(Ok(chunk)))
    }

    /// The read of the next chunk.
    fn read_next(&self) -> impl FnOnce() -> io::Result<Chunk> + Send + use<M> {
        let (file, offset, left) = (self.file.clone(), self.offset, self.left);
        let memory = self.pool.memory.clone();
        move || load::read(file, offset, left, &memory)
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
