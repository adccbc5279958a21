//! A gateway whose process has no descriptor left. Alone in its file, because the limit is the whole process's.

mod common;

use common::LONG;
use periplus_net::gateway::{bind, embed};
use periplus_net::{ShardOptions, TcpListener};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::os::fd::AsRawFd;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use tokio::time::{pause, resume, sleep, timeout};

#[test]
fn it_waits_without_spinning_and_goes_on_when_there_is_one() {
    let (over, is_over) = mpsc::channel::<()>();
    let test = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(without_a_descriptor());
        drop(over);
    });
    let told = is_over.recv_timeout(LONG);
    assert_eq!(told, Err(RecvTimeoutError::Disconnected), "it spins");
    test.join().unwrap();
}

async fn without_a_descriptor() {
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

    // A paused clock goes on when nobody has anything to do. One who tries again and again would keep it where it is for ever.
    pause();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(embedded.gateway.connections(), 0);
    resume();

    setrlimit(Resource::Nofile, limits).unwrap();
    let (_, peer) = timeout(LONG, listener.accept()).await.unwrap().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
}
