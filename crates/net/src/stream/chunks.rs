//! Reads and writes that copy nothing.

use super::{Place, TcpStream};
use bytes::Bytes;
use periplus_stack::{Chunk, Piece};
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

impl TcpStream {
    /// Waits for bytes and takes them as they lie: while the device has frames enough, a [`Chunk`] is the very frame that the
    /// bytes came in, and nothing is copied. `None`: the peer closed its direction.
    ///
    /// A chunk holds a frame of the device until it is dropped, on whatever thread. Who keeps many of them leaves the device
    /// few; below a quarter of its frames chunks are copies. As [`Bytes`] a chunk can be divided and shared, without a copy
    /// either.
    ///
    /// Cancel safe: a read that is dropped has taken nothing.
    ///
    /// # Errors
    /// As reading: the connection failed.
    ///
    /// ```no_run
    /// # async fn example(stream: periplus_net::TcpStream) -> std::io::Result<()> {
    /// let mut sum = 0u64;
    /// while let Some(chunk) = stream.read_chunk().await? {
    ///     sum += chunk.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_chunk(&self) -> io::Result<Option<Chunk>> {
        poll_fn(|context| self.poll_read_chunk(context, usize::MAX)).await
    }

    /// The same as [`read_chunk`](Self::read_chunk), with at most `limit` bytes. What is cut off within a frame is copied, and
    /// the rest stays in it.
    ///
    /// # Errors
    /// As reading: the connection failed.
    pub fn poll_read_chunk(
        &self,
        context: &mut Context<'_>,
        limit: usize,
    ) -> Poll<io::Result<Option<Chunk>>> {
        let id = self.mailbox.id;
        let read = match self.place() {
            Place::Own(cell) => {
                cell.call(|state, now| state.poll_read_chunk(now, id, context, limit))
            }
            Place::Foreign => self.mailbox.poll_read_chunk(context, limit),
        };
        if let Poll::Ready(Ok(Some(chunk))) = &read {
            self.mailbox.read.advance(chunk.len());
        }
        read
    }

    /// Writes all of `data` without copying it: the send queue holds it, shared, until the peer has acknowledged it.
    ///
    /// Not cancel safe: of a write that is dropped a part may be sent. [`poll_write_bytes`](Self::poll_write_bytes) leaves what
    /// was not taken.
    ///
    /// # Errors
    /// As writing: the connection failed, or its sending direction is closed.
    ///
    /// ```no_run
    /// # use bytes::Bytes;
    /// # async fn example(stream: periplus_net::TcpStream, page: Bytes) -> std::io::Result<()> {
    /// stream.write_bytes(Bytes::from_static(b"HTTP/1.0 200 OK\r\n\r\n")).await?;
    /// stream.write_bytes(page.clone()).await?; // a reference more, no copy
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_bytes(&self, mut data: Bytes) -> io::Result<()> {
        while !data.is_empty() {
            poll_fn(|context| self.poll_write_bytes(context, &mut data)).await?;
        }
        Ok(())
    }

    /// Writes from the front of `data` what finds room in the send queue, without copying it. Gives how many bytes that
    /// were; the rest stays in `data`.
    ///
    /// # Errors
    /// As writing: the connection failed, or its sending direction is closed.
    pub fn poll_write_bytes(
        &self,
        context: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        let id = self.mailbox.id;
        self.count_written(match self.place() {
            Place::Own(cell) => {
                cell.call(|state, now| state.poll_write_bytes(now, id, context, data))
            }
            Place::Foreign => self.mailbox.poll_write_bytes(context, data),
        })
    }

    /// Writes of `pieces`, one after the other, what finds room: one write, whether they are copied or shared. Gives how many
    /// bytes were taken from their front.
    ///
    /// # Errors
    /// As writing: the connection failed, or its sending direction is closed.
    ///
    /// ```no_run
    /// # use bytes::Bytes;
    /// # use periplus_net::Piece;
    /// # use std::future::poll_fn;
    /// # async fn example(stream: periplus_net::TcpStream, page: Bytes) -> std::io::Result<()> {
    /// let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", page.len());
    /// let pieces = [Piece::Copied(head.as_bytes()), Piece::Shared(&page)];
    /// let taken = poll_fn(|context| stream.poll_write_pieces(context, &pieces)).await?;
    /// if let Some(rest) = taken.checked_sub(head.len()) {
    ///     stream.write_bytes(page.slice(rest..)).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_pieces(
        &self,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Poll<io::Result<usize>> {
        let id = self.mailbox.id;
        self.count_written(match self.place() {
            Place::Own(cell) => {
                cell.call(|state, now| state.poll_write_pieces(now, id, context, pieces))
            }
            Place::Foreign => self.mailbox.poll_write_pieces(context, pieces),
        })
    }
}
