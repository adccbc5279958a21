//! `periplus serve`: where the rooms are joined.
//!
//! ```text
//!   host sockets ── gateway ══ memory link ══ serving shard ── servers ── files
//!                                                   │
//!                                                   ╰── records ── logbook's thread ── file, terminal
//! ```
//!
//! One thread, one current-thread runtime; reads of files, the writing of journeys and the control socket are on threads
//! of their own.

mod drain;
mod greeting;
mod servers;

use crate::config::{Config, Protocol};
use crate::control::{About, Control};
use crate::failure::{Failure, Kind, reason};
use crate::frames;
use crate::host;
use crate::limits::raise_open_files;
use crate::options::ServeOptions;
use crate::plan::Plan;
use crate::recording::Recording;
use crate::signals::Signals;
use crate::talk;
use drain::{End, counted, until_the_end};
use periplus_net::Recorder;
use periplus_net::gateway::{Embedded, embed};
use periplus_serve::{Files, FilesOptions};
use periplus_stack::ShardOptions;
use servers::Servers;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

/// How long the last acknowledgements may take when everything else is done.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long a thread that reads files stays with nothing to read: longer than a site is quiet in a working day.
const READER_STAYS: Duration = Duration::from_secs(60 * 60);

/// Serves until a signal, and drains.
pub(crate) fn run(options: &ServeOptions) -> Result<(), Failure> {
    raise_open_files();
    let config = Config::read(options.config.as_deref())?;
    let plan = Plan::of(options, &config)?;
    let files = open_folder(&options.folder, &plan.files)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(READER_STAYS)
        .build()
        .map_err(|error| Failure::cannot("start", &error))?;
    // The first request finds a thread that reads files, and need not wait until one is made.
    runtime.spawn_blocking(|| ());
    let sockets: Vec<_> = {
        let _runtime = runtime.enter();
        let sockets = plan.listeners.iter().map(host::listen);
        sockets.collect::<Result<_, _>>()?
    };
    let recording = Recording::start(options)?;
    let control = Control::open();
    let recorder = recording.recorder();
    let served = LocalSet::new().block_on(&runtime, async {
        let mut signals =
            Signals::new().map_err(|error| Failure::cannot("listen for signals", &error))?;
        let cannot_start = |error| Failure::cannot("start the stack", &error);
        let (embedded, addresses) = join(sockets, recorder).map_err(cannot_start)?;
        let listeners = plan.listeners.iter().map(|listener| listener.protocol);
        let listeners = listeners.zip(addresses).collect();
        let servers = Servers::start(&embedded.shard, listeners, files)
            .await
            .map_err(cannot_start)?;
        let about = about(&options.folder, servers.listeners());
        let _control = control.serve(about, embedded.shard.clone());
        greeting::greet(options, &config, servers.listeners());
        serve(options, embedded, servers, &mut signals).await
    });
    let finished = recording.finish();
    served.and(finished)
}

fn open_folder(folder: &Path, options: &FilesOptions) -> Result<Files, Failure> {
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
    Files::open(folder, options).map_err(|error| {
        refused(
            &reason(&error),
            "Name a folder that exists, as in `periplus serve .`",
        )
    })
}

/// What `periplus sockets` is told of this run.
fn about(folder: &Path, listeners: &[(Protocol, SocketAddr)]) -> About {
    // Said from where the caller stands, `.` would mean another folder.
    let folder = folder.canonicalize().unwrap_or(folder.into());
    let protocols = listeners.iter();
    About {
        serves: folder.display().to_string(),
        protocols: protocols
            .map(|&(protocol, address)| (address, protocol.name()))
            .collect(),
    }
}

/// Makes the stack into which `sockets` lead, and gives their addresses: there the stack is to listen as well.
fn join(
    sockets: Vec<TcpListener>,
    recorder: Option<Recorder>,
) -> io::Result<(Embedded, Vec<SocketAddr>)> {
    let options = ShardOptions {
        recording: recorder.is_some(),
        ..ShardOptions::default()
    };
    let addresses = sockets.iter().map(TcpListener::local_addr);
    let addresses = addresses.collect::<io::Result<_>>()?;
    let mut sockets = sockets.into_iter();
    let first = sockets.next().expect("a plan has a listener at least");
    let mut embedded = embed(first, options, recorder)?;
    for socket in sockets {
        embedded.gateway.add(socket)?;
    }
    Ok((embedded, addresses))
}

/// Serves until the end, and tells how it was.
async fn serve(
    options: &ServeOptions,
    embedded: Embedded,
    mut servers: Servers,
    signals: &mut Signals,
) -> Result<(), Failure> {
    let end = until_the_end(&mut servers, &embedded.gateway, signals).await;
    let farewell = match end {
        End::Drained | End::Failed(_) => FAREWELL,
        End::Late(_) | End::AtOnce => Duration::ZERO,
    };
    // The last records are made here.
    let last = embedded
        .shard
        .shutdown(farewell)
        .await
        .map_err(|error| Failure::cannot("end the stack", &error))?;
    let frames = frames::account(&last)?;
    if !options.quiet {
        talk::say(&frames);
    }
    match end {
        End::Failed(error) => Err(Failure::cannot("go on", &error)),
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
