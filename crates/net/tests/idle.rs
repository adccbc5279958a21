//! An idle shard costs nothing.

mod common;

use common::connection;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The processor time that this thread has used.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[tokio::test]
async fn two_idle_shards_with_a_connection_use_less_than_a_thousandth_of_a_core() {
    let (mut server, mut client) = connection().await;
    client.write_all(b"ping").await.unwrap();
    server.read_exact(&mut [0; 4]).await.unwrap();
    server.write_all(b"pong").await.unwrap();
    client.read_exact(&mut [0; 4]).await.unwrap();
    let window = Duration::from_secs(2);
    let before = thread_time();
    // Nothing happens, and that is what is measured: there is no event to wait for.
    tokio::time::sleep(window).await;
    let used = thread_time() - before;
    assert!(used < window / 1000, "{used:?} in {window:?}");
}
