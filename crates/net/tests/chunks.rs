//! Reads and writes that copy nothing, on the shard's own thread and far from it.

mod common;

use bytes::Bytes;
use common::{LONG, SERVER, ShardThread, connection, pattern};
use periplus_net::{Chunk, Piece, TcpListener, TcpStream};
use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Memory that tells when the last reference to it is gone.
struct Watched(Vec<u8>, Arc<AtomicUsize>);

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

async fn read_whole(stream: &TcpStream) -> (Vec<u8>, usize) {
    let (mut whole, mut frames) = (Vec::new(), 0);
    while let Some(chunk) = stream.read_chunk().await.unwrap() {
        assert!(!chunk.is_empty());
        frames += usize::from(chunk.is_frame());
        whole.extend_from_slice(&chunk);
    }
    (whole, frames)
}

/// Both ends, with one test body for each place.
fn on_own_thread<F: Future<Output = ()>>(test: impl FnOnce(TcpStream, TcpStream) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let (server, client) = connection().await;
        timeout(LONG, test(server, client)).await.unwrap();
    });
}

fn on_foreign_threads<F: Future<Output = ()>>(test: impl FnOnce(TcpStream, TcpStream) -> F) {
    let shards = ShardThread::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let listener = TcpListener::bind(&shards.server, SERVER).await.unwrap();
        let connecting = TcpStream::connect(&shards.client, SERVER);
        let (client, accepted) = tokio::join!(connecting, listener.accept());
        let (server, client) = (accepted.unwrap().0, client.unwrap());
        timeout(LONG, test(server, client)).await.unwrap();
    });
}

async fn a_mebibyte_is_carried(server: TcpStream, client: TcpStream) {
    let data = pattern(1 << 20);
    let dropped = Arc::new(AtomicUsize::new(0));
    let shared = Bytes::from_owner(Watched(data.clone(), Arc::clone(&dropped)));
    let reading = async {
        let (whole, frames) = read_whole(&client).await;
        assert!(whole == data, "{} bytes came", whole.len());
        assert!(frames > 0, "something came without a copy");
        assert_eq!(client.offsets(), (data.len() as u64, 0));
    };
    let writing = async {
        server.write_bytes(shared).await.unwrap();
        let mut server = server;
        server.shutdown().await.unwrap();
        poll_fn(|context| server.poll_delivered(context))
            .await
            .unwrap();
        assert_eq!(server.offsets(), (0, 1 << 20));
        drop(server);
    };
    tokio::join!(reading, writing);
    assert_eq!(dropped.load(Ordering::SeqCst), 1, "and is let go");
}

#[test]
fn a_mebibyte_is_carried_on_the_own_thread() {
    on_own_thread(a_mebibyte_is_carried);
}

#[test]
fn a_mebibyte_is_carried_on_foreign_threads() {
    on_foreign_threads(a_mebibyte_is_carried);
}

async fn chunks_and_reads_take_turns(server: TcpStream, client: TcpStream) {
    let data = pattern(100_000);
    let mut server = server;
    let writing = async {
        server.write_all(&data).await.unwrap();
        server.shutdown().await.unwrap();
    };
    let mut client = client;
    let reading = async {
        let mut whole = Vec::new();
        loop {
            let chunk = poll_fn(|context| client.poll_read_chunk(context, 700)).await;
            let Some(chunk) = chunk.unwrap() else { break };
            assert!(chunk.len() <= 700);
            whole.extend_from_slice(&chunk);
            let mut buffer = [0; 300];
            let length = client.read(&mut buffer).await.unwrap();
            whole.extend_from_slice(&buffer[..length]);
        }
        assert!(whole == data);
        // the end stays the end
        assert!(client.read_chunk().await.unwrap().is_none());
    };
    tokio::join!(writing, reading);
}

#[test]
fn chunks_and_reads_take_turns_on_the_own_thread() {
    on_own_thread(chunks_and_reads_take_turns);
}

#[test]
fn chunks_and_reads_take_turns_on_foreign_threads() {
    on_foreign_threads(chunks_and_reads_take_turns);
}

async fn pieces_of_both_kinds_are_one_stream(server: TcpStream, client: TcpStream) {
    let data = pattern(300_000);
    let shared = Bytes::from(data[1000..299_000].to_vec());
    let mut taken = 0;
    let reading = async { read_whole(&client).await.0 };
    let writing = async {
        while taken < data.len() {
            // what is left of each piece
            let (head, tail) = (taken.min(1000), taken.saturating_sub(299_000));
            let middle = shared.slice(taken.saturating_sub(1000).min(shared.len())..);
            let pieces = [
                Piece::Copied(&data[head..1000]),
                Piece::Shared(&middle),
                Piece::Copied(&data[299_000 + tail..]),
            ];
            taken += poll_fn(|context| server.poll_write_pieces(context, &pieces))
                .await
                .unwrap();
        }
        let mut server = server;
        server.shutdown().await.unwrap();
        server
    };
    let (whole, _server) = tokio::join!(reading, writing);
    assert!(whole == data, "{} bytes came", whole.len());
}

#[test]
fn pieces_of_both_kinds_are_one_stream_on_the_own_thread() {
    on_own_thread(pieces_of_both_kinds_are_one_stream);
}

#[test]
fn pieces_of_both_kinds_are_one_stream_on_foreign_threads() {
    on_foreign_threads(pieces_of_both_kinds_are_one_stream);
}

async fn slices_are_written_together(server: TcpStream, client: TcpStream) {
    let mut server = server;
    assert!(server.is_write_vectored());
    let slices = [&b"one, "[..], b"", b"two, ", b"three"].map(IoSlice::new);
    assert_eq!(server.write_vectored(&slices).await.unwrap(), 15);
    assert_eq!(server.write_vectored(&[]).await.unwrap(), 0);
    let mut text = Vec::new();
    while text.len() < 15 {
        text.extend_from_slice(&client.read_chunk().await.unwrap().expect("more"));
    }
    assert_eq!(text, b"one, two, three");
}

#[test]
fn slices_are_written_together_on_the_own_thread() {
    on_own_thread(slices_are_written_together);
}

#[test]
fn slices_are_written_together_on_foreign_threads() {
    on_foreign_threads(slices_are_written_together);
}

/// A reader that does not come holds its peer up, in the mailbox as well, and gets everything once it comes.
async fn who_reads_late_gets_everything(server: TcpStream, client: TcpStream) {
    let data = Bytes::from(pattern(2 << 20));
    let mut rest = data.clone();
    // until it finds no room
    poll_fn(|context| {
        while !rest.is_empty() {
            match server.poll_write_bytes(context, &mut rest) {
                Poll::Ready(taken) => assert!(taken.unwrap() > 0),
                Poll::Pending => break,
            }
        }
        Poll::Ready(())
    })
    .await;
    assert!(!rest.is_empty(), "what waits is bounded");
    let mut whole = Vec::new();
    let reading = async {
        while whole.len() < data.len() {
            let chunk: Chunk = client.read_chunk().await.unwrap().expect("more");
            whole.extend_from_slice(&chunk);
        }
    };
    let (written, ()) = tokio::join!(server.write_bytes(rest.clone()), reading);
    written.unwrap();
    assert!(whole == data);
}

#[test]
fn who_reads_late_gets_everything_on_the_own_thread() {
    on_own_thread(who_reads_late_gets_everything);
}

#[test]
fn who_reads_late_gets_everything_on_foreign_threads() {
    on_foreign_threads(who_reads_late_gets_everything);
}

async fn a_reset_is_an_error(server: TcpStream, client: TcpStream) {
    server.abort();
    let error = client.read_chunk().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let page = Bytes::from_static(b"too late");
    assert!(client.write_bytes(page.clone()).await.is_err());
    let pieces = [Piece::Shared(&page)];
    let written = poll_fn(|context| client.poll_write_pieces(context, &pieces)).await;
    assert!(written.is_err());
}

#[test]
fn a_reset_is_an_error_on_the_own_thread() {
    on_own_thread(a_reset_is_an_error);
}

#[test]
fn a_reset_is_an_error_on_foreign_threads() {
    on_foreign_threads(a_reset_is_an_error);
}
