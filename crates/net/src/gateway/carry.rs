//! One connection, carried both ways.
//!
//! An idle connection holds no buffer: what is read goes by a scratch buffer of the thread. Downward nothing is ever held,
//! because bytes leave the stack only when the host has taken them. Upward, what the stack has no room for is kept, and
//! nothing more is read until it found some.

use super::accept::Entered;
use crate::{ShardHandle, TcpStream};
use bytes::Bytes;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream as HostStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::timeout;

/// How much is moved at once, and so how much is held at most.
const SCRATCH: usize = 64 * 1024;
/// How long a client may stay silent after the serving side has closed: as long as a socket that nobody holds stays in
/// FIN-WAIT-2 (Linux's `tcp_fin_timeout`).
const FIN_TIMEOUT: Duration = Duration::from_secs(60);

thread_local! {
    /// Taken out while in use: the calls that use it wake tasks.
    static SPARE: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

fn with_scratch<R>(work: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut scratch = SPARE.take().unwrap_or_else(|| vec![0; SCRATCH].into());
    let result = work(&mut scratch);
    SPARE.set(Some(scratch));
    result
}

/// Opens the same connection in the stack and copies both ways until both directions have ended, or either side is reset:
/// then so is the other.
pub(super) async fn carry(
    mut host: HostStream,
    peer: SocketAddr,
    shard: &ShardHandle,
    entered: &Entered,
) {
    let Ok(stack) = open(&host, peer, shard).await else {
        // Refused, or the client is gone already. The host has long completed the handshake, so a reset is all that is left.
        return reset(&host);
    };
    if copy(&mut host, &stack, entered).await.is_err() {
        reset(&host);
        stack.abort();
    }
}

async fn open(host: &HostStream, peer: SocketAddr, shard: &ShardHandle) -> io::Result<TcpStream> {
    host.set_nodelay(true)?;
    let stack = TcpStream::connect_from(shard, peer, host.local_addr()?).await?;
    stack.set_nodelay(true)?;
    // This side is the peer of the serving shard: what it keeps waiting would stand in the records as the client's time.
    stack.set_quickack(true)?;
    Ok(stack)
}

/// Has the host close by RST when the stream is dropped.
fn reset(host: &HostStream) {
    // It fails only on a connection that is over already.
    let _ = host.set_zero_linger();
}

async fn copy(host: &mut HostStream, stack: &TcpStream, entered: &Entered) -> io::Result<()> {
    let (mut from_host, mut to_host) = host.split();
    let mut down = pin!(down(&mut to_host, stack));
    {
        let mut up = pin!(up(&mut from_host, stack));
        let up_ended = poll_fn(|context| match down.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(ended.map(|()| false)),
            Poll::Pending => up.as_mut().poll(context).map_ok(|()| true),
        })
        .await?;
        if !up_ended {
            entered.delivered();
            return until_silent(up, stack).await;
        }
    }
    // Nobody reads from the host any more: a reset would go unseen.
    let mut failed = pin!(failure(&from_host));
    poll_fn(|context| match failed.as_mut().poll(context) {
        Poll::Ready(error) => Poll::Ready(Err(error)),
        Poll::Pending => down.as_mut().poll(context),
    })
    .await
}

/// The serving side has closed: carries what the client still sends, until it closes as well or says nothing for so long
/// that the serving shard no longer waits for it either.
async fn until_silent(
    mut up: Pin<&mut impl Future<Output = io::Result<()>>>,
    stack: &TcpStream,
) -> io::Result<()> {
    loop {
        let carried = stack.offsets().1;
        match timeout(FIN_TIMEOUT, up.as_mut()).await {
            Ok(ended) => return ended,
            Err(_) if stack.offsets().1 == carried => return Err(ErrorKind::TimedOut.into()),
            Err(_) => {}
        }
    }
}

/// From the host into the stack, until the client closes its direction.
async fn up(host: &mut ReadHalf<'_>, stack: &TcpStream) -> io::Result<()> {
    while let Some(mut rest) =
        poll_fn(|context| with_scratch(|scratch| poll_up(context, host, stack, scratch))).await?
    {
        // The stack is full. The client may give up meanwhile, with its bytes still unread before us.
        let mut failed = pin!(failure(host));
        poll_fn(|context| {
            while !rest.is_empty() {
                if let Poll::Ready(error) = failed.as_mut().poll(context) {
                    return Poll::Ready(Err(error));
                }
                ready!(stack.poll_write_bytes(context, &mut rest))?;
            }
            Poll::Ready(Ok(()))
        })
        .await?;
    }
    stack.shut()
}

/// Moves bytes until the stack is full; gives those that found no room. `None`: the client closed its direction.
fn poll_up(
    context: &mut Context<'_>,
    host: &mut ReadHalf<'_>,
    stack: &TcpStream,
    scratch: &mut [u8],
) -> Poll<io::Result<Option<Bytes>>> {
    loop {
        let mut buffer = ReadBuf::new(scratch);
        ready!(Pin::new(&mut *host).poll_read(context, &mut buffer))?;
        let mut data = buffer.filled();
        if data.is_empty() {
            return Poll::Ready(Ok(None));
        }
        while !data.is_empty() {
            match stack.poll_write_shared(context, &[IoSlice::new(data)])? {
                Poll::Ready(written) => data = &data[written..],
                Poll::Pending => return Poll::Ready(Ok(Some(Bytes::copy_from_slice(data)))),
            }
        }
    }
}

/// From the stack to the host, until the backend closes its direction.
async fn down(host: &mut WriteHalf<'_>, stack: &TcpStream) -> io::Result<()> {
    poll_fn(|context| with_scratch(|scratch| poll_down(context, host, stack, scratch))).await?;
    poll_fn(|context| Pin::new(&mut *host).poll_shutdown(context)).await
}

fn poll_down(
    context: &mut Context<'_>,
    host: &mut WriteHalf<'_>,
    stack: &TcpStream,
    scratch: &mut [u8],
) -> Poll<io::Result<()>> {
    loop {
        let mut buffer = ReadBuf::new(scratch);
        ready!(stack.poll_peek(context, &mut buffer))?;
        if buffer.filled().is_empty() {
            return Poll::Ready(Ok(()));
        }
        let written = ready!(Pin::new(&mut *host).poll_write(context, buffer.filled()))?;
        stack.consume(written);
    }
}

/// Waits until the host's connection has failed, without reading from it.
async fn failure(host: &ReadHalf<'_>) -> io::Error {
    let host: &HostStream = host.as_ref();
    match host
        .ready(Interest::ERROR)
        .await
        .and_then(|_| host.take_error())
    {
        Ok(Some(error)) | Err(error) => error,
        Ok(None) => ErrorKind::ConnectionReset.into(),
    }
}
