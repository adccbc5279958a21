//! Two shards, joined by a memory link.
#![allow(dead_code, reason = "not every test needs everything")]

use periplus_net::journey::Record;
use periplus_net::ring::memory::{LinkOptions, link};
use periplus_net::{Recorder, ShardHandle, ShardOptions, TcpListener, TcpStream};
use periplus_wire::ethernet::EthernetAddress;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// The server's address and port.
pub(crate) const SERVER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 80);

/// A bound for what may take long on a busy machine and must never take for ever.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Options of the host `number` in 10.0.0.0/24.
pub(crate) fn options(number: u8) -> ShardOptions {
    ShardOptions {
        ethernet: EthernetAddress([2, 0, 0, 0, 0, number]),
        address: Ipv4Addr::new(10, 0, 0, number),
        prefix: 24,
        ..ShardOptions::default()
    }
}

/// A server's and a client's shard on this thread.
pub(crate) fn shards() -> (ShardHandle, ShardHandle) {
    shards_recorded(None)
}

/// As [`shards`], with a recorder at the server.
pub(crate) fn shards_recorded(recorder: Option<Recorder>) -> (ShardHandle, ShardHandle) {
    let (server_end, client_end) = link(LinkOptions::default());
    let server = ShardHandle::spawn(options(1), server_end, recorder).unwrap();
    let client = ShardHandle::spawn(options(2), client_end, None).unwrap();
    (server, client)
}

/// A connection between two shards on this thread: (server's end, client's end).
pub(crate) async fn connection() -> (TcpStream, TcpStream) {
    let (server, client) = shards();
    let listener = TcpListener::bind(&server, SERVER).await.unwrap();
    let (connected, accepted) =
        tokio::join!(TcpStream::connect(&client, SERVER), listener.accept());
    (accepted.unwrap().0, connected.unwrap())
}

/// A recorder, and where it puts what it is given.
pub(crate) fn recorder() -> (Recorder, Arc<Mutex<Vec<Record>>>) {
    let records = Arc::<Mutex<Vec<Record>>>::default();
    let kept = Arc::clone(&records);
    (
        Box::new(move |record| kept.lock().unwrap().push(record)),
        records,
    )
}

/// Two shards on a thread of their own, which ends when they are shut down or this is dropped.
pub(crate) struct ShardThread {
    /// The server's shard.
    pub(crate) server: ShardHandle,
    /// The client's shard.
    pub(crate) client: ShardHandle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl ShardThread {
    pub(crate) fn start() -> Self {
        Self::start_recorded(|| None)
    }

    pub(crate) fn start_recorded(
        recorder: impl FnOnce() -> Option<Recorder> + Send + 'static,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (report, started) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                report.send(shards_recorded(recorder())).unwrap();
                let _ = stopped.await;
            });
        });
        let (server, client) = started.recv().unwrap();
        Self {
            server,
            client,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for ShardThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Bytes that repeat after a prime, so that a lost or doubled piece shows.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| (index % 251) as u8 ^ (index / 65_536) as u8)
        .collect()
}
