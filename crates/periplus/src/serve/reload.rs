//! SIGHUP: the file and the certificates are read again, and no request is lost.
//!
//! First everything is made that may fail, and only then anything is changed: where something is wrong, all stays as it was.
//! Requests that have begun are served as they began, and connections stay open.

use super::certificates::{self, Secured};
use super::servers::Servers;
use crate::config::{Config, Environment};
use crate::failure::Failure;
use crate::health::Serving;
use crate::notify::{self, State};
use crate::options::ServeOptions;
use crate::plan::{Listener, Plan};
use crate::recording::Rotation;
use crate::talk;
use periplus_serve::Store;
use periplus_serve::site::{SiteError, Sites};
use std::fmt::Debug;
use std::time::Duration;

/// What can be changed while the server runs.
pub(super) struct Reload<'a> {
    pub(super) options: &'a ServeOptions,
    /// As the server was started, but for what was changed since.
    pub(super) plan: Plan,
    pub(super) sites: Sites,
    pub(super) secured: Secured,
    pub(super) store: Store,
    pub(super) rotation: Rotation,
    /// Where others ask how the server is.
    pub(super) health: Option<Serving>,
}

impl Reload<'_> {
    /// How long what is in flight may take when the server is asked to end.
    pub(super) fn drain(&self) -> Duration {
        self.plan.serve.drain_timeout
    }

    /// Tells everybody who asks that the server is ending.
    pub(super) fn stopping(&self) {
        notify::tell(State::Stopping);
        if let Some(health) = &self.health {
            health.drain();
        }
    }

    /// Reads everything again, and says what came of it.
    pub(super) fn reload(&mut self, servers: &Servers) {
        notify::tell(State::Reloading);
        match self.replace(servers) {
            Ok(kept) => {
                talk::say("Configuration read again; new requests are served by it");
                for what in kept {
                    talk::say(&format!(
                        "  {what} cannot be changed while the server runs, and is as before"
                    ));
                }
            }
            Err(failure) => {
                talk::say(&failure.to_string());
                talk::say("Nothing was changed; serving goes on as before");
            }
        }
        notify::tell(State::Ready);
    }

    /// Opens the access log anew, and says if that fails.
    pub(super) fn rotate(&mut self) {
        let Some(path) = self.plan.access_log.clone() else {
            return;
        };
        match self.rotation.prepare(&path) {
            Ok(file) => self.rotation.turn(file),
            Err(failure) => talk::say(&failure.to_string()),
        }
    }

    /// Names what would be otherwise and stays as it was.
    fn replace(&mut self, servers: &Servers) -> Result<Vec<&'static str>, Failure> {
        let config = Config::read(
            self.options.config.as_deref(),
            &Environment::of_the_process(),
        );
        let new = Plan::of(self.options, &config.map_err(Failure::all)?)?;
        let kept = fixed(&self.plan, &new);

        let log = match (&self.plan.access_log, &new.access_log) {
            (Some(_), Some(path)) => Some(self.rotation.prepare(path)?),
            _ => None,
        };
        let secured = self.secured.prepare(&new)?;
        let sites: Vec<_> = new.sites.iter().map(|site| site.options.clone()).collect();
        let replaced = self.sites.replace(&sites, &self.store);
        replaced.map_err(|SiteError { site, error }| new.sites[site].refuse(&error))?;

        // Nothing can fail any more.
        certificates::turn(secured);
        if let Some(log) = log {
            self.rotation.turn(log);
            self.plan.access_log = new.access_log;
        }
        self.plan.serve = periplus_serve::ServeOptions {
            access_log: self.plan.serve.access_log,
            message_memory: self.plan.serve.message_memory,
            ..new.serve
        };
        self.plan.sites = new.sites;
        servers.adjust(&self.plan.serve);
        Ok(kept)
    }
}

/// What is not the same in the two, and cannot be changed.
fn fixed(old: &Plan, new: &Plan) -> Vec<&'static str> {
    let places = |plan: &Plan| -> Vec<_> {
        let place = |place: &Listener| {
            (
                place.protocol,
                place.address,
                place.tls.is_some(),
                place.redirect_to_https,
                place.https_gateway,
            )
        };
        plan.listeners.iter().map(place).collect()
    };
    [
        (
            differ(&places(old), &places(new)),
            "which [[listener]] there are",
        ),
        (
            differ(&old.files, &new.files),
            "[files], and `files` in [memory],",
        ),
        (
            old.serve.message_memory != new.serve.message_memory,
            "`messages` in [memory]",
        ),
        (
            differ(&old.tcp, &new.tcp),
            "[tcp], and `tcp_mem` in [memory],",
        ),
        (
            differ(&old.limits, &new.limits),
            "what [limits] says of the stack",
        ),
        (
            old.access_log.is_some() != new.access_log.is_some(),
            "whether there is an access log",
        ),
        (old.control != new.control, "[control]"),
        (old.quiet != new.quiet, "`level` in [log]"),
    ]
    .into_iter()
    .filter_map(|(differs, what)| differs.then_some(what))
    .collect()
}

fn differ(one: &impl Debug, other: &impl Debug) -> bool {
    format!("{one:?}") != format!("{other:?}")
}
