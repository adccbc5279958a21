//! A gateway whose process has no descriptor left. Alone in its file, because the limit is the whole process's.

mod common;

use common::LONG;
use periplus_net::gateway::{bind, embed};
use periplus_net::{ShardOptions, TcpListener};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::os::fd::AsRawFd;
use std::time::Duration;
use tokio::time::{sleep, timeout};

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[tokio::test]
async fn it_waits_without_spinning_and_goes_on_when_there_is_one() {
    let host = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = host.local_addr().unwrap();
    let embedded = embed(host, ShardOptions::default(), None).unwrap();
    let listener = TcpListener::bind(&embedded.shard, address).await.unwrap();
    // The host's kernel completes the handshake; no task of ours has run since.
    let client = std::net::TcpStream::connect(address).unwrap();
    let limits = getrlimit(Resource::Nofile);
    let none_left = Rlimit {
        current: Some(client.as_raw_fd() as u64),
        ..limits
    };
    setrlimit(Resource::Nofile, none_left).unwrap();

    let before = thread_time();
    sleep(Duration::from_millis(500)).await;
    let used = thread_time() - before;
    assert!(
        used < Duration::from_millis(25),
        "{used:?} of processor time in 500 ms"
    );
    assert_eq!(embedded.gateway.connections(), 0);

    setrlimit(Resource::Nofile, limits).unwrap();
    let (_, peer) = timeout(LONG, listener.accept()).await.unwrap().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
}
