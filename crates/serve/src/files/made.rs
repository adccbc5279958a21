//! A file's bytes in a coding that is made as they are sent.

use super::body::break_off;
use super::coding::Coding;
use super::compress::Encoder;
use super::locate::Opened;
use super::memory::Held;
use super::patience::Patience;
use super::pool::{FileRead, Pool};
use super::read::read;
use crate::marks::Marks;
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::OwnedSemaphorePermit;

/// What is read of a text at once.
const PIECE: usize = 64 * 1024;

/// What is read, put into the coding and sent, a piece at a time, each on a thread of the pool when the one before it is gone.
pub(super) struct MadeBody<M> {
    next: Next,
    held: Held,
    pool: Pool,
    journal: M,
    /// Encoders are few, for each has much memory.
    _place: Option<OwnedSemaphorePermit>,
}

enum Next {
    Wanted(Box<Making>),
    Reading(Pin<Box<dyn Future<Output = (io::Result<Piece>, FileRead)>>>),
    End,
}

/// How far it got.
struct Making {
    opened: Opened,
    offset: u64,
    encoder: Encoder,
}

/// What was made, and what makes the rest.
struct Piece {
    bytes: Vec<u8>,
    rest: Option<Box<Making>>,
}

impl Making {
    /// The next piece that is not empty.
    fn go_on(mut self: Box<Self>) -> io::Result<Piece> {
        loop {
            let left = self.opened.status.length - self.offset;
            if left == 0 {
                let bytes = self.encoder.finish()?;
                return Ok(Piece { bytes, rest: None });
            }
            let length = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            let text = read(&self.opened, self.offset, length, Patience::Any)?;
            self.offset += length as u64;
            let bytes = self.encoder.push(&text)?;
            if !bytes.is_empty() {
                let rest = Some(self);
                return Ok(Piece { bytes, rest });
            }
        }
    }
}

impl<M: Marks> MadeBody<M> {
    pub(super) fn new(
        opened: Opened,
        coding: Coding,
        place: Option<OwnedSemaphorePermit>,
        pool: Pool,
        journal: M,
    ) -> io::Result<Self> {
        let making = Making {
            opened,
            offset: 0,
            encoder: Encoder::new(coding)?,
        };
        Ok(Self {
            next: Next::Wanted(Box::new(making)),
            held: Held::default(),
            pool,
            journal,
            _place: place,
        })
    }

    pub(super) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        if let Next::Wanted(_) = self.next {
            ready!(self.pool.memory.poll_share(&self.held, context));
        }
        self.next = match std::mem::replace(&mut self.next, Next::End) {
            Next::Wanted(making) => {
                let pool = self.pool.clone();
                let job = move || making.go_on();
                Next::Reading(Box::pin(async move { pool.run::<M, _, _>(job).await }))
            }
            next => next,
        };
        let Next::Reading(reading) = &mut self.next else {
            return Poll::Ready(None);
        };
        let (piece, file_read) = ready!(reading.as_mut().poll(context));
        file_read.record(&self.journal);
        match piece {
            Ok(Piece { bytes, rest }) => {
                self.next = rest.map_or(Next::End, Next::Wanted);
                Poll::Ready(Some(Ok(self.pool.memory.keep_for(&self.held, bytes))))
            }
            Err(error) => {
                self.next = Next::End;
                break_off(&error, &self.journal);
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}
