//! TLS, a listener each: its certificates are read before any privilege is given up, and again when the configuration is.

use crate::failure::{Failure, Kind};
use crate::plan::{Listener, Plan};
use crate::talk;
use periplus_serve::tls::{Prepared, Tls, TlsError};
use std::net::SocketAddrV4;

/// What the listeners that speak TLS speak, by the addresses they were asked for.
pub(super) struct Secured(Vec<(SocketAddrV4, Tls)>);

impl Secured {
    /// Reads every certificate, and warns of those that clients will refuse.
    pub(super) fn open(plan: &Plan) -> Result<Self, Failure> {
        let mut secured = Vec::new();
        for listener in &plan.listeners {
            if let Some(options) = &listener.tls {
                let tls = Tls::new(options).map_err(|error| failure(&error))?;
                warn(&tls);
                secured.push((listener.address, tls));
            }
        }
        Ok(Self(secured))
    }

    /// What `listener` speaks; `None` without TLS.
    pub(super) fn of(&self, listener: &Listener) -> Option<&Tls> {
        listener.tls.as_ref()?;
        let mut secured = self.0.iter();
        let found = secured.find(|(address, _)| *address == listener.address);
        found.map(|(_, tls)| tls)
    }

    /// Reads the certificates of a new plan for the listeners that there are, and shows none of them yet.
    pub(super) fn prepare(&self, plan: &Plan) -> Result<Vec<(Tls, Prepared)>, Failure> {
        let mut prepared = Vec::new();
        for listener in &plan.listeners {
            if let (Some(tls), Some(options)) = (self.of(listener), &listener.tls) {
                let new = tls.prepare(options).map_err(|error| failure(&error))?;
                prepared.push((tls.clone(), new));
            }
        }
        Ok(prepared)
    }
}

/// Shows to new connections what was prepared.
pub(super) fn turn(prepared: Vec<(Tls, Prepared)>) {
    for (tls, new) in prepared {
        tls.turn(new);
        warn(&tls);
    }
}

fn warn(tls: &Tls) {
    for warning in tls.warnings() {
        talk::say(&warning);
    }
}

fn failure(error: &TlsError) -> Failure {
    let mut fix = error.fix().to_owned();
    if let Some(first) = fix.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Failure::new(Kind::Usage, error.what()).fix(format!("{fix}."))
}
