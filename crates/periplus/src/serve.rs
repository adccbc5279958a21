//! `periplus serve`: where the rooms are joined.
//!
//! ```text
//!   host sockets ── gateway ══ memory link ══╗
//!                                            ╠══ serving shard ── servers ── files
//!   or an interface ═════════════════════════╝         │
//!                                                      ╰── records ── logbook's thread ── file, terminal
//! ```
//!
//! One thread, one current-thread runtime; reads of files, the writing of journeys and the control socket are on threads
//! of their own.

mod certificates;
mod drain;
mod entrance;
mod greeting;
mod interface;
mod reload;
mod servers;
mod taken;
mod transport;

use crate::config::{Config, Environment, Protocol, misspelt};
use crate::control::{About, Control};
use crate::failure::Failure;
use crate::frames;
use crate::health::{Health, Told};
use crate::limits::{open_files, raise_open_files, shortage};
use crate::notify::{self, State};
use crate::options::ServeOptions;
use crate::plan::{Plan, Site};
use crate::privileges;
use crate::recording::{self, Keepers};
use crate::signals::Signals;
use crate::talk;
use certificates::Secured;
use drain::{End, counted, shut_down, until_the_end};
use entrance::{Entrance, Stack};
use greeting::Greeting;
use periplus_serve::Store;
use periplus_serve::site::{SiteError, Sites};
use reload::Reload;
use servers::Servers;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::LocalSet;

/// How long a thread that reads files stays with nothing to read: longer than a site is quiet in a working day.
const READER_STAYS: Duration = Duration::from_secs(60 * 60);

/// Serves until a signal, and drains.
pub(crate) fn run(options: &ServeOptions) -> Result<(), Failure> {
    raise_open_files();
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    misspelt(names).iter().for_each(|told| talk::say(told));
    let config = Config::read(options.config.as_deref(), &Environment::of_the_process())
        .map_err(Failure::all)?;
    let plan = Plan::of(options, &config)?;
    if let Some(told) = shortage(&plan, open_files()) {
        talk::say(&told);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(READER_STAYS)
        .build()
        .map_err(|error| Failure::cannot("start", &error))?;

    // Everything that may need a privilege is opened before that is given up, and before there is another thread.
    let store = Store::new(&plan.files);
    let sites = open_sites(&plan, &store)?;
    let secured = Secured::open(&plan)?;
    let entrance = {
        let _runtime = runtime.enter();
        Entrance::open(&plan)?
    };
    let health = plan.control.map(Health::open).transpose()?;
    let keepers = Keepers::open(options, &plan)?;
    let control = Control::open();
    if let Some(user) = &options.user {
        let roots = plan.sites.iter().map(|site| site.options.root.as_path());
        privileges::drop_to(user, roots, keepers.access_log())?;
    }

    // The first request finds a thread that reads files, and need not wait until one is made.
    runtime.spawn_blocking(|| ());
    let recording = keepers.start()?;
    let recorder = recording.recorder();
    let rotation = recording.rotation();
    let inlet = recording.inlet();
    let greeting = Greeting::new(&config, &plan, &entrance);
    let served = LocalSet::new().block_on(&runtime, async {
        let mut signals =
            Signals::new().map_err(|error| Failure::cannot("listen for signals", &error))?;
        let cannot_start = |error| Failure::cannot("start the stack", &error);
        let mut stack = entrance.join(&plan, recorder).map_err(cannot_start)?;
        let servers = Servers::start(&mut stack, &plan, sites.clone(), &secured)
            .await
            .map_err(cannot_start)?;
        let about = about(&plan.sites, servers.listeners());
        // The host's own sockets are shown by the host's own `ss`.
        let _control = stack
            .shard()
            .map(|shard| control.serve(about, shard.clone()));
        greeting.say(servers.listeners());
        if let Some(why) = store.refused().filter(|_| !plan.quiet) {
            talk::say(why);
        }
        let told = Told {
            servers: servers.counters(),
            shard: stack.shard().cloned(),
            inlet,
            rotation: rotation.clone(),
        };
        let health = health.map(|health| health.serve(told)).transpose()?;
        let mut reload = Reload {
            options,
            plan: plan.clone(),
            sites,
            secured,
            store,
            rotation,
            health,
        };
        notify::tell(State::Ready);
        serve(&mut reload, stack, servers, &mut signals).await
    });
    let finished = recording.finish();
    served.and(finished)
}

fn open_sites(plan: &Plan, store: &Store) -> Result<Sites, Failure> {
    let sites: Vec<_> = plan.sites.iter().map(|site| site.options.clone()).collect();
    Sites::open(&sites, store).map_err(|SiteError { site, error }| plan.sites[site].refuse(&error))
}

/// What `periplus sockets` is told of this run.
fn about(sites: &[Site], listeners: &[(Protocol, SocketAddr)]) -> About {
    // Said from where the caller stands, `.` would mean another folder.
    let folders = sites.iter().map(|site| {
        let root = &site.options.root;
        let folder = root.canonicalize().unwrap_or(root.clone());
        folder.display().to_string()
    });
    let protocols = listeners.iter();
    About {
        serves: folders.collect::<Vec<_>>().join(", "),
        protocols: protocols
            .map(|&(protocol, address)| (address, protocol.name()))
            .collect(),
    }
}

/// Serves until the end, and tells how it was.
async fn serve(
    reload: &mut Reload<'_>,
    stack: Stack,
    mut servers: Servers,
    signals: &mut Signals,
) -> Result<(), Failure> {
    let end = until_the_end(&mut servers, &stack, reload, signals).await;
    // The last records are made here.
    let last = shut_down(&stack, end.grace(), signals)
        .await
        .map_err(|error| Failure::cannot("end the stack", &error))?;
    if let Some(last) = &last {
        let frames = frames::account(last)?;
        if !reload.plan.quiet {
            talk::say(&frames);
        }
    }
    for missing in recording::missing(&stack.counters(last.as_ref())) {
        talk::say(&missing);
    }
    if let Some(lost @ 1..) = last.as_ref().map(|last| last.marks_lost) {
        talk::say(&recording::marks_missing(lost));
    }
    match end.cut(last.as_ref()) {
        0 => {}
        cut => talk::say(&format!(
            "Not finished in time, and cut off: {}",
            counted(cut)
        )),
    }
    match end {
        End::Failed(error) => Err(Failure::cannot("go on", &error)),
        End::Drained { .. } | End::Late(_) | End::AtOnce => Ok(()),
    }
}
