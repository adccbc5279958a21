//! A file's bytes on their way out.

use super::load::{self, CHUNK, Loaded};
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

/// While one chunk is being sent the next is being read, and no more than that.
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
    Reading(Pin<Box<dyn Future<Output = (io::Result<Bytes>, FileRead)>>>),
    End,
}

impl<M: Marks> FileBody<M> {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let chunk = match &mut self.next {
            Next::End => return Poll::Ready(None),
            Next::Here(chunk) => std::mem::take(chunk),
            Next::Reading(reading) => {
                let (chunk, file_read) = ready!(reading.as_mut().poll(context));
                file_read.record(&self.journal);
                self.next = Next::End;
                let expected = self.left.min(CHUNK as u64);
                match chunk {
                    Ok(chunk) if chunk.len() as u64 == expected => {
                        self.offset += expected;
                        chunk
                    }
                    // Whatever is sent now would not be the file whose length was promised.
                    Ok(_) => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
                    Err(error) => return Poll::Ready(Some(Err(error))),
                }
            }
        };
        self.left -= chunk.len() as u64;
        self.next = Next::End;
        if self.left > 0 {
            self.read_ahead(context);
        }
        Poll::Ready(Some(Ok(chunk)))
    }

    /// Submits the read of the next chunk.
    fn read_ahead(&mut self, context: &mut Context<'_>) {
        let (file, offset, left) = (self.file.clone(), self.offset, self.left);
        let pool = self.pool.clone();
        let mut reading = Box::pin(async move {
            pool.run::<M, _, _>(move || load::read(file, offset, left))
                .await
        });
        // Polled once at once, or it would not begin before it is waited for.
        self.next = match reading.as_mut().poll(context) {
            Poll::Pending => Next::Reading(reading),
            Poll::Ready(done) => Next::Reading(Box::pin(std::future::ready(done))),
        };
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
