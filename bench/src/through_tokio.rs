//! W7: W1 through `TcpStream` in tokio: `periplus-net`'s driver and a task that reads and writes, on a current-thread runtime.
//!
//! The clock is the real one here, and what comes next is decided by tokio. So the script sits in the device: its next request
//! is there when the last answer has left.

mod device;

use crate::allocator::live;
use crate::bench::Watch;
use crate::client::{MSS, PORT, SERVER};
use crate::content::{Answer, sum};
use crate::contestant::{Contestant, Seen};
use crate::referee::{Disturbances, Referee, Rules};
use crate::stacks::{Setup, options};
use crate::works::{ANSWER, REQUEST};
use device::{Orders, Scripted};
use periplus_net::{Recorder, ShardHandle, TcpListener, TcpStream};
use std::future::poll_fn;
use std::hint::black_box;
use std::net::{SocketAddr, SocketAddrV4};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

/// Connections that may wait, as `periplus serve` asks for.
const BACKLOG: usize = 4096;

/// What the backend and the rest tell each other. The backend's task has to be fit for any thread, though it never leaves this
/// one.
#[derive(Default)]
struct Told {
    /// All requests that were ordered are answered.
    done: Notify,
    /// The referee wants to know what is read and written.
    watched: AtomicBool,
    /// What was, and with whom.
    bytes: Mutex<Vec<(bool, SocketAddrV4, Vec<u8>)>>,
}

impl Told {
    fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    fn note(&self, was_written: bool, peer: SocketAddrV4, bytes: &[u8]) {
        if self.is_watched() {
            let mut notes = self.bytes.lock().expect("nobody panicked");
            notes.push((was_written, peer, bytes.to_vec()));
        }
    }

    /// Tells the referee all of it.
    fn tell(&self, referee: &mut Referee) {
        for (was_written, peer, bytes) in self.bytes.lock().expect("nobody panicked").drain(..) {
            if was_written {
                referee.wrote(peer, &bytes);
            } else {
                referee.read(peer, &bytes);
            }
        }
    }
}

/// A runtime for a shard, which never leaves its thread.
fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_io().build().expect("a runtime")
}

/// A shard on the present runtime, with the script at the other end of its device.
fn spawn(setup: &Setup, orders: &Rc<Orders>, told: &Arc<Told>) -> ShardHandle {
    let device = Scripted::new(setup, Rc::clone(orders), Arc::clone(told));
    let recorder: Recorder = Box::new(drop);
    ShardHandle::spawn(options(setup), device, Some(recorder)).expect("a shard on this thread")
}

async fn listen(shard: &ShardHandle) -> TcpListener {
    let address = SocketAddr::from((SERVER, PORT));
    let listener = shard.listen(address, BACKLOG).await;
    listener.expect("a free port")
}

/// Bytes that a connection costs of so many that are established and idle, as streams of whose bytes a task waits. What the
/// backend needs for itself, the streams' handles, is not among them.
pub(crate) fn idle_of(recording: bool, crowd: usize) -> f64 {
    let setup = Setup {
        recording,
        timestamps: false,
        super_frames: false,
        payload: 1,
        connections: crowd,
        burst: 1,
    };
    let mut streams = Vec::with_capacity(crowd);
    runtime().block_on(async {
        let shard = spawn(&setup, &Rc::default(), &Arc::default());
        let before = live();
        let listener = listen(&shard).await;
        while streams.len() < crowd {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            poll_fn(|context| {
                let mut byte = [0];
                let mut buffer = ReadBuf::new(&mut byte);
                let read = Pin::new(&mut stream).poll_read(context, &mut buffer);
                assert!(read.is_pending(), "nothing was sent");
                Poll::Ready(())
            })
            .await;
            streams.push(stream);
        }
        (live() - before) as f64 / crowd as f64
    })
}

/// A runtime with a shard and its backend.
pub(crate) struct ThroughTokio {
    runtime: Runtime,
    orders: Rc<Orders>,
    told: Arc<Told>,
}

impl ThroughTokio {
    /// Connected. Every frame from the first one on is shown to a referee, until time is measured.
    pub(crate) fn boxed(recording: bool) -> Box<dyn Contestant> {
        let setup = Setup {
            recording,
            timestamps: false,
            super_frames: false,
            payload: REQUEST,
            connections: 1,
            burst: 1,
        };
        let (orders, told) = (Rc::new(Orders::default()), Arc::new(Told::default()));
        let rules = Rules {
            mss: MSS as u16,
            cookies: false,
            rounds_windows: false,
        };
        orders.referee.replace(Some(Referee::new(rules)));
        told.watched.store(true, Ordering::Relaxed);
        let runtime = runtime();
        let backend = Arc::clone(&told);
        runtime.block_on(async {
            let shard = spawn(&setup, &orders, &told);
            let listener = listen(&shard).await;
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(serve(stream, backend, recording));
        });
        told.watched.store(false, Ordering::Relaxed);
        Box::new(Self {
            runtime,
            orders,
            told,
        })
    }

    fn run(&mut self, requests: u32) {
        let told = Arc::clone(&self.told);
        self.orders.ask(requests);
        self.runtime.block_on(told.done.notified());
    }
}

impl Contestant for ThroughTokio {
    fn plan(&mut self, _: u32) {}

    fn work(&mut self, times: u32) -> u64 {
        self.run(times);
        0
    }

    /// No ACK comes late: time is real here, and waiting for what is sent again would take minutes.
    fn replay(&mut self, times: u32, disturbances: Disturbances) -> Seen {
        self.run(1); // so that the device has said where the connection stands
        let known = self.orders.known.get();
        if let Some(referee) = self.orders.referee.borrow_mut().as_mut() {
            referee.resume(Box::new(move |_| known), disturbances);
        }
        self.told.watched.store(true, Ordering::Relaxed);
        self.run(times);
        self.told.watched.store(false, Ordering::Relaxed);
        let referee = self.orders.referee.borrow();
        referee.as_ref().map_or(Seen::default(), |referee| {
            referee.rest();
            referee.seen
        })
    }
}

/// The backend's task: it answers every request.
async fn serve(mut stream: TcpStream, told: Arc<Told>, recording: bool) {
    let Ok(SocketAddr::V4(peer)) = stream.peer_addr() else {
        panic!("a client of IPv4");
    };
    let journal = stream.journal();
    let (mut buffer, mut answer) = (vec![0; 64 * 1024], Answer::new());
    let (mut read, mut written, mut total) = (0, 0, 0u64);
    loop {
        let length = stream.read(&mut buffer).await.expect("a request");
        let bytes = &buffer[..length];
        told.note(false, peer, bytes);
        total = total.wrapping_add(sum(bytes));
        assert_eq!(length, REQUEST, "a request in one piece");
        if recording {
            journal.whole_request(read..read + REQUEST as u64);
        }
        let bytes = answer.next(ANSWER);
        told.note(true, peer, bytes);
        stream.write_all(bytes).await.expect("room for an answer");
        read += REQUEST as u64;
        written += ANSWER as u64;
        if recording {
            journal.whole_response(written - ANSWER as u64..written);
        }
        black_box(total);
    }
}
