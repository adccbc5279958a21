//! Making a connection.

use super::TcpStream;
use crate::error;
use crate::shard::{ShardCell, ShardHandle};
use periplus_stack::{Accepted, SocketOptions};
use std::io;
use std::net::SocketAddr;
use tokio::sync::oneshot;

impl TcpStream {
    /// Connects `shard` to `remote`, from an address and port of the shard's choice.
    pub async fn connect(shard: &ShardHandle, remote: SocketAddr) -> io::Result<Self> {
        Self::connect_with(shard, None, remote, SocketOptions::default()).await
    }

    /// Connects `shard` to `remote` from `local`; port 0 leaves the port to the shard.
    pub async fn connect_from(
        shard: &ShardHandle,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> io::Result<Self> {
        Self::connect_with(shard, Some(local), remote, SocketOptions::default()).await
    }

    /// Connects `shard` to `remote` by a socket that has `options` from the SYN on.
    pub async fn connect_with(
        shard: &ShardHandle,
        local: Option<SocketAddr>,
        remote: SocketAddr,
        options: SocketOptions,
    ) -> io::Result<Self> {
        connect(shard, local, remote, options).await
    }
}

async fn connect(
    shard: &ShardHandle,
    local: Option<SocketAddr>,
    remote: SocketAddr,
    options: SocketOptions,
) -> io::Result<TcpStream> {
    if let Some(stream) = shard.on_own_thread(|cell| open(cell, local, remote, options)) {
        return handshake(stream?, remote).await;
    }
    let (reply, connected) = oneshot::channel();
    shard.send(move |cell| {
        let stream = open(cell, local, remote, options);
        // The driver's thread has a runtime, and the handshake needs no one else. An attempt nobody waits for any more ends
        // by itself: by an answer, or by its last SYN.
        tokio::spawn(async move {
            let connected = match stream {
                Ok(stream) => handshake(stream, remote).await,
                Err(error) => Err(error),
            };
            let _ = reply.send(connected);
        });
    })?;
    connected.await.unwrap_or_else(|_| Err(error::shard_gone()))
}

/// Sends the SYN.
fn open(
    cell: &ShardCell,
    local: Option<SocketAddr>,
    remote: SocketAddr,
    options: SocketOptions,
) -> io::Result<TcpStream> {
    cell.call(|state, now| {
        let id = state
            .shard
            .connect_with(now, local, remote, options)
            .map_err(|refusal| error::not_tried(local, remote, refusal))?;
        let local = state.shard.addresses(id).map_or(remote, |(local, _)| local);
        Ok(TcpStream::adopt(
            state,
            cell,
            Accepted {
                id,
                peer: remote,
                local,
            },
        ))
    })
}

/// Waits for the answer.
async fn handshake(stream: TcpStream, remote: SocketAddr) -> io::Result<TcpStream> {
    stream
        .established()
        .await
        .map_err(|failure| error::connect(remote, failure))?;
    Ok(stream)
}
