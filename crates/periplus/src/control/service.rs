//! The thread that answers callers.
//!
//! It is not the shard's: what a caller costs the shard is the copying of a page of its sockets at a time. What a caller can
//! cost this thread is bounded as well, in bytes, in time, and by how many are attended to at once.

use super::endpoint::Endpoint;
use super::message::{Ask, Body, Line, Question, VERSION};
use crate::failure::reason;
use crate::{sockets, talk};
use periplus_net::ShardHandle;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixListener as BoundListener;
use std::process;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

/// Callers that are attended to at once. One more, and the one who has been here longest has to go: an honest caller is
/// served in a moment, and one who only holds a place must not keep others out.
const CALLERS: usize = 32;
/// The longest question.
const LONGEST_QUESTION: u64 = 1024;
/// How long a caller may take to ask.
const ASKING: Duration = Duration::from_secs(2);
/// How long a caller may take in all, until the last line is read.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long accepting rests when it fails: descriptors have run out.
const REST: Duration = Duration::from_millis(100);

/// What a command says of itself.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// What it serves, and where, in a line.
    pub(crate) serves: String,
    /// The protocol of each listener.
    pub(crate) protocols: Vec<(SocketAddr, &'static str)>,
}

/// A control socket that is open, and on which nobody is answered yet.
pub(crate) struct Opened(Option<(BoundListener, Endpoint)>);

/// A control socket that is served. Dropping it takes the socket away and ends the thread.
pub(crate) struct Control {
    endpoint: Option<Endpoint>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Control {
    /// Opens the control socket; to be called while the process still has the rights it was started with. Where it cannot be
    /// had, that is told, and the work goes on without.
    pub(crate) fn open() -> Opened {
        match Endpoint::open() {
            Ok(opened) => Opened(Some(opened)),
            Err(why) => {
                cannot(&why);
                Opened(None)
            }
        }
    }
}

impl Opened {
    /// Answers callers from now on.
    pub(crate) fn serve(self, about: About, shard: ShardHandle) -> Control {
        let mut control = Control {
            endpoint: None,
            stop: None,
            thread: None,
        };
        let Some((listener, endpoint)) = self.0 else {
            return control;
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("control".into());
        match thread.spawn(move || run(listener, about, shard, stopped)) {
            Ok(thread) => {
                control.endpoint = Some(endpoint);
                control.stop = Some(stop);
                control.thread = Some(thread);
            }
            Err(error) => cannot(&reason(&error)),
        }
        control
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // First the name, so that nobody finds a socket on which he is not answered.
        drop(self.endpoint.take());
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn cannot(why: &str) {
    talk::say(&format!(
        "periplus: no control socket: {why}; serving goes on, and `periplus sockets` will not see it\n  \
         Name a folder of your own in {}.",
        super::VARIABLE
    ));
}

fn run(listener: BoundListener, about: About, shard: ShardHandle, stop: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = runtime.and_then(|runtime| {
        runtime.block_on(async {
            let listener = UnixListener::from_std(listener)?;
            tokio::select! {
                _ = stop => {}
                () = accept(&listener, Arc::new(about), &shard) => {}
            }
            Ok(())
        })
    });
    if let Err(error) = ended {
        cannot(&reason(&error));
    }
}

async fn accept(listener: &UnixListener, about: Arc<About>, shard: &ShardHandle) {
    let mut callers = VecDeque::new();
    loop {
        let Ok((caller, _)) = listener.accept().await else {
            sleep(REST).await;
            continue;
        };
        callers.retain(|caller: &tokio::task::AbortHandle| !caller.is_finished());
        if callers.len() >= CALLERS
            && let Some(longest) = callers.pop_front()
        {
            longest.abort();
        }
        let (about, shard) = (Arc::clone(&about), shard.clone());
        let attended = timeout(
            PATIENCE,
            async move { attend(caller, &about, &shard).await },
        );
        callers.push_back(tokio::spawn(attended).abort_handle());
        // Whoever has asked already is heard before the next is let in.
        yield_now().await;
    }
}

/// One caller: a question, an answer. An error is the caller's: it is gone.
async fn attend(caller: UnixStream, about: &About, shard: &ShardHandle) -> io::Result<()> {
    let (reader, writer) = caller.into_split();
    let mut reply = Reply {
        writer,
        buffer: Vec::new(),
    };
    let question = match timeout(ASKING, read_question(reader)).await {
        Ok(asked) => asked?,
        Err(_) => Err(format!("nothing was asked for {} s", ASKING.as_secs())),
    };
    let answered = match question {
        Ok(Some(Question { ask, .. })) => match ask {
            Ask::Sockets { connections, info } => {
                sockets::answer((connections, info), about, shard, &mut reply).await?
            }
            Ask::Statistics { all } => sockets::statistics(all, about, shard, &mut reply).await,
        },
        Ok(None) => return Ok(()),
        Err(what) => Err(what),
    };
    if let Err(what) = answered {
        reply.line(Body::Error { what: what.into() });
    }
    reply.flush().await
}

/// The question; `None` where nobody asks one. The inner error is for the caller to read.
async fn read_question(reader: OwnedReadHalf) -> io::Result<Result<Option<Question>, String>> {
    let mut reader = reader.take(LONGEST_QUESTION);
    let mut line = Vec::new();
    loop {
        if let Some(end) = line.iter().position(|&byte| byte == b'\n') {
            return Ok(Question::read(&line[..end]).map(Some));
        }
        if reader.read_buf(&mut line).await? == 0 {
            break;
        }
    }
    Ok(match line.len() as u64 {
        0 => Ok(None),
        LONGEST_QUESTION => Err(format!(
            "the question is longer than {LONGEST_QUESTION} bytes"
        )),
        _ => Question::read(&line).map(Some),
    })
}

/// What is answered, a line of JSON at a time.
pub(crate) struct Reply {
    writer: OwnedWriteHalf,
    buffer: Vec<u8>,
}

impl Reply {
    /// Adds a line.
    pub(crate) fn line(&mut self, body: Body) {
        let line = Line {
            v: VERSION,
            pid: process::id(),
            body,
        };
        serde_json::to_writer(&mut self.buffer, &line)
            .expect("a line has no keys but words, and memory takes every byte");
        self.buffer.push(b'\n');
    }

    /// Sends what was added, at the caller's pace.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        self.writer.write_all(&self.buffer).await?;
        self.buffer.clear();
        Ok(())
    }
}
