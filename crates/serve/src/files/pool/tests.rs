//! A shard while one of its requests reads: a read that the test holds, and another request meanwhile.

use super::Pool;
use crate::files::patience::WOULD_WAIT;
use crate::files::{Files, FilesOptions, FolderOptions, ReadMode, Store};
use crate::handler::Handler;
use crate::marks::Marks;
use crate::options::ServeOptions;
use crate::request_body::RequestBody;
use crate::server::Server;
use crate::testing::ListJournal;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use periplus_journey::{Record, Station};
use periplus_net::ring::memory::{LinkOptions, MemoryDevice, link};
use periplus_net::{Journal, ShardHandle, ShardOptions, Snapshot, TcpListener, TcpStream};
use periplus_wire::ethernet::EthernetAddress;
use rustix::io::Errno;
use std::cell::Cell;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, yield_now};

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 80);

/// A bound for what must never take for ever.
const LONG: Duration = Duration::from_secs(60);

/// A read that lasts until the test lets go of it.
struct Read {
    begun: oneshot::Sender<()>,
    held: mpsc::Receiver<()>,
}

/// Answers at once, but for `/held`: that reads first.
struct Reader {
    pool: Pool,
    read: Cell<Option<Read>>,
}

impl<M: Marks> Handler<M> for Reader {
    type Body = Full<Bytes>;

    async fn handle(&self, request: Request<RequestBody>, journal: &M) -> Response<Full<Bytes>> {
        if request.uri().path() == "/held" {
            let Read { begun, held } = self.read.take().expect("it is asked for once");
            let read = move || {
                begun.send(()).expect("the test waits for it");
                held.recv().map_err(std::io::Error::other)
            };
            let (read, file_read) = self.pool.run::<M, _, _>(read).await;
            read.expect("the test lets go of it");
            file_read.record(journal);
        }
        Response::new(Full::new(Bytes::from_static(b"here")))
    }
}

fn pool(read: ReadMode) -> Pool {
    Pool::new(&FilesOptions {
        read,
        ..FilesOptions::default()
    })
}

fn shard_options(number: u8) -> ShardOptions {
    ShardOptions {
        ethernet: EthernetAddress([2, 0, 0, 0, 0, number]),
        address: Ipv4Addr::new(10, 0, 0, number),
        prefix: 24,
        ..ShardOptions::default()
    }
}

fn on_a_runtime<F: Future>(main: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    LocalSet::new().block_on(&runtime, async {
        let main = tokio::time::timeout(LONG, main);
        main.await.expect("it takes for ever")
    })
}

/// The serving shard, on a thread of its own: the client's goes on while this one stands still.
struct Serving {
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<(Vec<Record>, Snapshot)>,
}

impl Serving {
    async fn start(device: MemoryDevice, reader: Reader) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (listening, is_listening) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        thread::spawn(move || {
            let (recorder, records) = mpsc::channel();
            let recorder = Box::new(move |record| drop(recorder.send(record)));
            let snapshot = on_a_runtime(async move {
                let shard = ShardHandle::spawn(shard_options(1), device, Some(recorder))
                    .expect("the runtime is right");
                let listener = TcpListener::bind(&shard, SERVER).await.expect("it is free");
                listening.send(()).expect("the test waits for it");
                let stopped = async { stopped.await.unwrap_or(()) };
                Server::new(reader, ServeOptions::default())
                    .run(listener, stopped)
                    .await
                    .expect("nothing failed");
                shard.shutdown(LONG).await.expect("the shard is there")
            });
            let records = records.try_iter().collect();
            // Nobody waits for it where the test looks at no records.
            let _ = end.send((records, snapshot));
        });
        is_listening.await.expect("the server starts");
        Self { stop, ended }
    }

    async fn finish(self) -> (Vec<Record>, Snapshot) {
        self.stop.send(()).expect("the server runs");
        self.ended.await.expect("the server does not panic")
    }
}

/// A client with two connections: one whose request is being read for, and one that has asked before and is free to ask.
struct Scene {
    serving: Serving,
    reading: TcpStream,
    other: TcpStream,
    hold: mpsc::Sender<()>,
}

impl Scene {
    async fn set(mode: ReadMode) -> Self {
        let (begun, has_begun) = oneshot::channel();
        let (hold, held) = mpsc::channel();
        let (near, far) = link(LinkOptions::default());
        let reader = Reader {
            pool: pool(mode),
            read: Cell::new(Some(Read { begun, held })),
        };
        let serving = Serving::start(near, reader).await;
        let client = ShardHandle::spawn(shard_options(2), far, None).expect("the runtime is right");
        let connect = || async {
            TcpStream::connect(&client, SERVER)
                .await
                .expect("it listens")
        };
        let (mut reading, mut other) = (connect().await, connect().await);
        ask(&mut other, "/").await;
        answer(&mut other).await;
        ask(&mut reading, "/held").await;
        has_begun.await.expect("the handler reads");
        Self {
            serving,
            reading,
            other,
            hold,
        }
    }

    fn let_go(&self) {
        self.hold.send(()).expect("the read waits for it");
    }
}

async fn ask(stream: &mut TcpStream, target: &str) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it is open");
}

async fn answer(stream: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nhere") {
        answer.push(stream.read_u8().await.expect("an answer comes"));
    }
}

/// Segments with a request that were sent on the stream.
async fn requests_sent(stream: &TcpStream) -> u32 {
    stream.info().await.expect("it is open").data_segs_out
}

/// Whether nothing has arrived on the stream.
async fn is_silent(stream: &TcpStream) -> bool {
    poll_fn(|context| {
        let mut byte = [0];
        let peeked = stream.poll_peek(context, &mut ReadBuf::new(&mut byte));
        Poll::Ready(peeked.is_pending())
    })
    .await
}

#[test]
fn while_a_thread_reads_the_shard_answers_others() {
    on_a_runtime(async {
        let mut scene = Scene::set(ReadMode::Async).await;
        ask(&mut scene.other, "/").await;
        // It comes, though nobody lets go of the read.
        answer(&mut scene.other).await;
        assert!(is_silent(&scene.reading).await);
        scene.let_go();
        answer(&mut scene.reading).await;
    });
}

#[test]
fn while_the_shard_itself_reads_others_wait_in_rx_ring() {
    on_a_runtime(async {
        let mut scene = Scene::set(ReadMode::Blocking).await;
        let before = requests_sent(&scene.other).await;
        ask(&mut scene.other, "/").await;
        while requests_sent(&scene.other).await == before {
            yield_now().await;
        }
        // In the ring, where it is until the read has ended.
        let waits_since = Journal::now();
        assert!(is_silent(&scene.other).await && is_silent(&scene.reading).await);
        let waits_until = Journal::now();
        scene.let_go();
        answer(&mut scene.reading).await;
        answer(&mut scene.other).await;
        let (records, snapshot) = scene.serving.finish().await;

        let waited = waits_until.since(waits_since);
        let read = records
            .iter()
            .find_map(|record| record.overlay(Station::FileRead))
            .expect("one of them has read");
        assert!(read.busy >= waited, "{records:#?}");
        let longest = records.iter().map(in_rx_ring).max();
        assert!(longest >= Some(waited), "{records:#?}");
        assert!(snapshot.shard_gap.max() >= waited, "{snapshot:#?}");
    });
}

fn in_rx_ring(record: &Record) -> Duration {
    let spine = record.spine();
    let mut intervals = spine.intervals().iter();
    intervals
        .find(|interval| interval.station == Station::RxRing)
        .map_or(Duration::ZERO, |interval| interval.duration())
}

#[test]
fn a_file_is_the_same_read_on_the_shards_own_thread() {
    let root = tempfile::tempdir().expect("a folder can be made");
    let content: Vec<u8> = (0..2_000_000)
        .map(|position| (position % 251) as u8)
        .collect();
    std::fs::write(root.path().join("file"), &content).expect("it is new");
    let options = FilesOptions {
        read: ReadMode::Blocking,
        ..FilesOptions::default()
    };
    let files = Files::open(
        root.path(),
        &FolderOptions::default(),
        &Store::new(&options),
    )
    .expect("it is a folder");
    let request = Request::get("/file").body(()).expect("it is well formed");
    let journal = ListJournal::default();
    // There is no runtime here, and nobody to wake us: nothing may wait for another thread.
    let answering = pin!(async {
        let answer = files.answer(&request, &journal).await;
        let mut body = answer.into_body();
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.expect("it can be read");
            read.extend_from_slice(frame.data_ref().expect("data"));
        }
        read
    });
    let Poll::Ready(read) = answering.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits for somebody");
    };
    assert!(read == content, "it is not what it was");
    assert_eq!(journal.marks().len(), 8, "a read of each chunk");
}

#[test]
fn what_is_at_hand_is_read_at_once_and_what_is_not_is_left_to_a_thread() {
    let at_once = |read, result: Result<u8, Errno>| {
        let job = || result.map_err(std::io::Error::from);
        let done = pool(read).run_at_once::<ListJournal, _, _>(job);
        done.map(|(result, _)| result.map_err(|error| Errno::from_io_error(&error)))
    };
    assert_eq!(at_once(ReadMode::Async, Ok(7)), Some(Ok(7)));
    assert_eq!(at_once(ReadMode::Async, Err(WOULD_WAIT)), None);
    // what fails otherwise would fail on a thread as well
    let failed = at_once(ReadMode::Async, Err(Errno::ACCESS));
    assert_eq!(failed, Some(Err(Some(Errno::ACCESS))));
    assert_eq!(at_once(ReadMode::Blocking, Ok(7)), None);
}
