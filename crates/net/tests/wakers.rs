//! Wakers fire, and are dropped, while the shard is not borrowed: so they may call it.

mod common;

use common::{SERVER, shards};
use periplus_net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

/// A waker that holds a stream, as a task does, and drops it when it is woken or dropped itself.
struct Holder(Mutex<Option<TcpStream>>);

impl Wake for Holder {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().unwrap().take());
    }
}

fn holder(stream: TcpStream) -> Waker {
    Arc::new(Holder(Mutex::new(Some(stream)))).into()
}

fn wait_to_read(stream: &mut TcpStream, waker: &Waker) {
    let mut context = Context::from_waker(waker);
    let poll = Pin::new(stream).poll_read(&mut context, &mut ReadBuf::new(&mut [0; 8]));
    assert!(matches!(poll, Poll::Pending));
}

/// Two connections of one pair of shards: both server's ends, then both client's.
async fn two_connections() -> [TcpStream; 4] {
    let (server, client) = shards();
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let first = TcpStream::connect(&client, SERVER).await.unwrap();
    let second = TcpStream::connect(&client, SERVER).await.unwrap();
    let (accepted_first, _) = listener.accept().await.unwrap();
    let (accepted_second, _) = listener.accept().await.unwrap();
    [accepted_first, accepted_second, first, second]
}

#[tokio::test]
async fn a_task_that_is_woken_may_drop_a_stream_of_the_same_shard() {
    let [mut waiting, held, mut writer, mut peer_of_held] = two_connections().await;
    wait_to_read(&mut waiting, &holder(held));
    writer.write_all(b"wake up").await.unwrap();
    assert_eq!(peer_of_held.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_task_that_is_dropped_with_its_stream_may_hold_another() {
    let [mut waiting, held, _writer, mut peer_of_held] = two_connections().await;
    wait_to_read(&mut waiting, &holder(held));
    drop(waiting);
    assert_eq!(peer_of_held.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_task_that_is_replaced_by_another_may_hold_a_stream() {
    let [mut waiting, held, _writer, mut peer_of_held] = two_connections().await;
    wait_to_read(&mut waiting, &holder(held));
    wait_to_read(&mut waiting, Waker::noop());
    assert_eq!(peer_of_held.read(&mut [0; 8]).await.unwrap(), 0);
}
