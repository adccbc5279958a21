//! `periplus serve`: where the rooms are joined.
//!
//! ```text
//!   host socket ── gateway ══ memory link ══ serving shard ── server ── files
//!                                                  │
//!                                                  ╰── records ── logbook's thread ── file, terminal
//! ```
//!
//! One thread, one current-thread runtime; reads of files and the writing of journeys are on threads of their own.

use crate::failure::{Failure, Kind, reason};
use crate::frames;
use crate::host;
use crate::limits::raise_open_files;
use crate::options::ServeOptions;
use crate::recording::Recording;
use crate::signals::Signals;
use crate::talk;
use periplus_net::Recorder;
use periplus_net::gateway::{Embedded, Gateway, embed};
use periplus_serve::{Drained, Files, FilesOptions, Server};
use periplus_stack::ShardOptions;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::{Instant, timeout_at};

/// How many connections may wait in each of the listener's two queues, as many as Linux allows.
const BACKLOG: usize = 4096;

/// How long what is in flight may take when the server is asked to end.
const DRAIN: Duration = Duration::from_secs(10);

/// How long the last acknowledgements may take when everything else is done.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long a thread that reads files stays with nothing to read: longer than a site is quiet in a working day.
const READER_STAYS: Duration = Duration::from_secs(60 * 60);

/// Serves until a signal, and drains.
pub(crate) fn run(options: &ServeOptions) -> Result<(), Failure> {
    raise_open_files();
    let files = open_folder(&options.folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(READER_STAYS)
        .build()
        .map_err(|error| cannot("start", &error))?;
    // The first request finds a thread that reads files, and need not wait until one is made.
    runtime.spawn_blocking(|| ());
    let listener = {
        let _runtime = runtime.enter();
        host::listen(options.listen)?
    };
    let recording = Recording::start(options)?;
    let recorder = recording.recorder();
    let served = LocalSet::new().block_on(&runtime, serve(options, files, listener, recorder));
    let finished = recording.finish();
    served.and(finished)
}

fn open_folder(folder: &Path) -> Result<Files, Failure> {
    let refused = |why: &str, fix: &str| {
        Failure::new(
            Kind::Usage,
            format!("cannot serve {}: {why}", folder.display()),
        )
        .fix(fix)
    };
    if folder.is_file() {
        return Err(refused("it is a file", "Name the folder it lies in."));
    }
    Files::open(folder, &FilesOptions::default()).map_err(|error| {
        refused(
            &reason(&error),
            "Name a folder that exists, as in `periplus serve .`",
        )
    })
}

async fn serve(
    options: &ServeOptions,
    files: Files,
    listener: TcpListener,
    recorder: Option<Recorder>,
) -> Result<(), Failure> {
    let mut signals = Signals::new().map_err(|error| cannot("listen for signals", &error))?;
    let address = listener
        .local_addr()
        .map_err(|error| cannot("listen", &error))?;
    let shard_options = ShardOptions {
        recording: recorder.is_some(),
        ..ShardOptions::default()
    };
    let Embedded { shard, gateway } = embed(listener, shard_options, recorder)
        .map_err(|error| cannot("start the stack", &error))?;
    let backend = shard
        .listen(address, BACKLOG)
        .await
        .map_err(|error| cannot("start the stack", &error))?;
    greet(options, address);

    let limits = periplus_serve::ServeOptions {
        drain_timeout: DRAIN,
        ..Default::default()
    };
    let server = Server::new(files, limits);
    let end = until_the_end(&server, backend, &gateway, &mut signals).await;
    let farewell = match end {
        End::Drained | End::Failed(_) => FAREWELL,
        End::Late(_) | End::AtOnce => Duration::ZERO,
    };
    // The last records are made here.
    let last = shard
        .shutdown(farewell)
        .await
        .map_err(|error| cannot("end the stack", &error))?;
    let frames = frames::account(&last)?;
    if !options.quiet {
        talk::say(&frames);
    }
    match end {
        End::Failed(error) => Err(cannot("go on", &error)),
        End::Late(cut) => {
            talk::say(&format!(
                "Not finished in time, and cut off: {}",
                counted(cut)
            ));
            Ok(())
        }
        End::Drained | End::AtOnce => Ok(()),
    }
}

/// How it came to an end.
enum End {
    /// The server could not go on.
    Failed(io::Error),
    /// Everything in flight was finished.
    Drained,
    /// As many connections were not.
    Late(usize),
    /// A second signal came.
    AtOnce,
}

/// Serves until a signal, and then finishes what is in flight, until it takes too long or a second signal comes.
async fn until_the_end(
    server: &Server<Files>,
    backend: periplus_net::TcpListener,
    gateway: &Gateway,
    signals: &mut Signals,
) -> End {
    let (stop, stopped) = watch::channel(false);
    let mut serving = pin!(server.run(backend, is_set(stopped)));
    tokio::select! {
        ended = &mut serving => return ended.map_or_else(End::Failed, |_| End::Drained),
        () = signals.next() => {}
    }
    gateway.stop_accepting().await;
    talk::say(&draining(gateway.connections()));
    stop.send_replace(true);
    let latest = Instant::now() + DRAIN;
    let finished = async {
        // The server has the same limit, and cuts off what does not keep it.
        match serving.await {
            Err(error) => End::Failed(error),
            Ok(Drained { cut: 0, .. }) => match timeout_at(latest, gateway.drain()).await {
                Ok(()) => End::Drained,
                Err(_) => End::Late(gateway.connections()),
            },
            Ok(Drained { cut, .. }) => End::Late(cut),
        }
    };
    tokio::select! {
        end = finished => end,
        () = signals.next() => End::AtOnce,
    }
}

fn greet(options: &ServeOptions, address: SocketAddr) {
    let folder = options.folder.display();
    talk::say(&format!("Serving {folder} on http://{address}/"));
    if !options.quiet {
        talk::say("What this host's kernel does before the gateway is outside the record");
    }
}

fn draining(open: usize) -> String {
    let limit = DRAIN.as_secs();
    format!(
        "Draining {}, for up to {limit} seconds; a second signal ends at once",
        counted(open)
    )
}

fn counted(connections: usize) -> String {
    let ending = if connections == 1 { "" } else { "s" };
    format!("{connections} connection{ending}")
}

/// Waits until it is.
async fn is_set(mut flag: watch::Receiver<bool>) {
    // It fails where the sender is gone, and then nobody waits for this any more.
    let _ = flag.wait_for(|&set| set).await;
}

fn cannot(what: &str, error: &io::Error) -> Failure {
    Failure::new(Kind::Running, format!("cannot {what}: {}", reason(error)))
}
