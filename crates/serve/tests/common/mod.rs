//! A server's shard and a client's on this thread, over a memory link, and the journeys that come of it.
#![allow(dead_code, reason = "not every test needs everything")]

pub(crate) mod secure;
pub(crate) mod site;

use periplus_net::journey::{Kind, Record};
use periplus_net::ring::memory::{LinkOptions, link};
use periplus_net::{Recorder, ShardHandle, ShardOptions, TcpListener, TcpStream};
use periplus_serve::ServeOptions;
use periplus_wire::ethernet::EthernetAddress;
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 80);

/// A bound for what may take long on a busy machine and must never take for ever.
pub(crate) const LONG: Duration = Duration::from_secs(300);

/// A server that gives nobody up before the test has come to its end, however slow the machine is.
pub(crate) fn patient() -> ServeOptions {
    ServeOptions {
        idle_timeout: LONG,
        header_timeout: LONG,
        stall_timeout: LONG,
        handler_timeout: LONG,
        drain_timeout: LONG,
        linger_timeout: LONG,
        ..ServeOptions::default()
    }
}

/// Two shards, and what the server's one recorded.
pub(crate) struct Shards {
    server: ShardHandle,
    client: ShardHandle,
    records: Rc<RefCell<Vec<Record>>>,
}

fn options(number: u8) -> ShardOptions {
    ShardOptions {
        ethernet: EthernetAddress([2, 0, 0, 0, 0, number]),
        address: Ipv4Addr::new(10, 0, 0, number),
        prefix: 24,
        ..ShardOptions::default()
    }
}

impl Shards {
    pub(crate) fn start() -> Self {
        let records = Rc::<RefCell<Vec<Record>>>::default();
        let kept = records.clone();
        let recorder: Recorder = Box::new(move |record| kept.borrow_mut().push(record));
        let (server_end, client_end) = link(LinkOptions::default());
        Self {
            server: ShardHandle::spawn(options(1), server_end, Some(recorder)).unwrap(),
            client: ShardHandle::spawn(options(2), client_end, None).unwrap(),
            records,
        }
    }

    pub(crate) async fn listen(&self) -> TcpListener {
        TcpListener::bind(&self.server, SERVER).await.unwrap()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.client, SERVER).await.unwrap()
    }

    /// Bytes that the server wrote so far: those that were copied, and those that were queued where they lay.
    pub(crate) async fn written(&self) -> (u64, u64) {
        let snapshot = self.server.snapshot().await.unwrap();
        (snapshot.written_copied, snapshot.written_shared)
    }

    /// Frames whose data went to one of the server's sockets so far.
    pub(crate) async fn delivered(&self) -> u64 {
        self.server.snapshot().await.unwrap().ledger.delivered
    }

    /// Ends the server's shard. Gives the records of all requests, each of them checked.
    pub(crate) async fn finish(self) -> Vec<Record> {
        let mut records = self.finish_all().await;
        records.retain(|record| record.kind == Kind::Request);
        records
    }

    /// The same, with the records of connections without a request.
    pub(crate) async fn finish_all(self) -> Vec<Record> {
        self.server.shutdown(LONG).await.unwrap();
        let records = self.records.take();
        for record in &records {
            let intervals = record.spine();
            let sum: Duration = intervals.intervals().iter().map(|i| i.duration()).sum();
            assert_eq!(sum, record.total(), "{record:#?}");
        }
        records
    }
}

/// Runs a test that may use tasks of a thread, and that ends.
pub(crate) fn test<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(LONG, test)
            .await
            .expect("it takes for ever")
    })
}

/// Bytes that repeat after a prime, so that a lost or doubled piece shows.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|position| (position % 251) as u8 ^ (position >> 16) as u8)
        .collect()
}
