//! TLS, a listener each: its certificates are read before any privilege is given up, and again when the configuration is.

use crate::failure::{Failure, Kind};
use crate::plan::{Listener, Plan};
use crate::talk;
use periplus_serve::tls::{Prepared, Tls, TlsError};
use std::net::SocketAddrV4;

/// What the listeners that speak TLS speak.
pub(super) struct Secured(Vec<(Place, Tls)>);

/// Which listener: the address it was asked for, and the how manyth it is that was. There may be several on port 0, which is any.
type Place = (SocketAddrV4, usize);

impl Secured {
    /// Reads every certificate, and warns of those that clients will refuse.
    pub(super) fn open(plan: &Plan) -> Result<Self, Failure> {
        let mut secured = Vec::new();
        for (place, listener) in places(plan) {
            if let Some(options) = &listener.tls {
                let tls = Tls::new(options).map_err(|error| failure(&error))?;
                warn(&tls);
                secured.push((place, tls));
            }
        }
        Ok(Self(secured))
    }

    /// What each listener of `plan` speaks; `None` without TLS.
    pub(super) fn of<'a>(
        &'a self,
        plan: &'a Plan,
    ) -> impl Iterator<Item = (&'a Listener, Option<&'a Tls>)> {
        places(plan).map(|(place, listener)| {
            let found = self.0.iter().find(|(other, _)| *other == place);
            let tls = found.map(|(_, tls)| tls);
            (listener, tls.filter(|_| listener.tls.is_some()))
        })
    }

    /// Reads the certificates of a new plan for the listeners that there are, and shows none of them yet.
    pub(super) fn prepare(&self, plan: &Plan) -> Result<Vec<(Tls, Prepared)>, Failure> {
        let mut prepared = Vec::new();
        for (listener, tls) in self.of(plan) {
            if let (Some(tls), Some(options)) = (tls, &listener.tls) {
                let new = tls.prepare(options).map_err(|error| failure(&error))?;
                prepared.push((tls.clone(), new));
            }
        }
        Ok(prepared)
    }
}

fn places(plan: &Plan) -> impl Iterator<Item = (Place, &Listener)> {
    let listeners = &plan.listeners;
    listeners.iter().enumerate().map(move |(index, listener)| {
        let address = listener.address;
        let before = listeners[..index].iter();
        let how_manyth = before.filter(|other| other.address == address).count();
        ((address, how_manyth), listener)
    })
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
