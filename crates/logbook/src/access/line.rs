//! A line of the access log.

use crate::{Logged, date};
use periplus_journey::Station;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// A request in the order of the line. Every key is there in every line; what was not seen or not said is `null`.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    /// When the journey began, RFC 3339.
    time: String,
    peer: SocketAddr,
    host: Option<&'a str>,
    method: Option<&'a str>,
    path: Option<&'a str>,
    query: Option<&'a str>,
    protocol: Option<&'a str>,
    status: Option<u16>,
    /// Of the answer.
    bytes: u64,
    referer: Option<&'a str>,
    user_agent: Option<&'a str>,
    tls_version: Option<&'a str>,
    server_name: Option<&'a str>,
    connect_ns: Option<u64>,
    server_ns: Option<u64>,
    total_ns: u64,
    /// They add up to `total_ns`.
    stations: Times,
    /// Beside those.
    overlays: Times,
    outcome: &'static str,
    reason: Option<&'a str>,
}

/// Nanoseconds by station, in the order of the journey.
#[derive(Debug)]
struct Times(BTreeMap<usize, (Station, u64)>);

impl Times {
    fn of(times: impl Iterator<Item = (Station, u64)>) -> Self {
        let mut sums = BTreeMap::new();
        for (station, ns) in times {
            let place = Station::ALL.iter().position(|&other| other == station);
            let (_, sum) = sums
                .entry(place.unwrap_or(usize::MAX))
                .or_insert((station, 0u64));
            *sum = sum.saturating_add(ns);
        }
        Self(sums)
    }
}

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (station, ns) in self.0.values() {
            map.serialize_entry(station.name(), ns)?;
        }
        map.end()
    }
}

impl<'a> Line<'a> {
    pub(super) fn of(logged: &'a Logged) -> Self {
        let mut words = logged.request.as_deref().unwrap_or_default().split(' ');
        let (method, target) = (words.next(), words.next());
        let target = logged.target.as_deref().or(target);
        let (path, query) = match target.map(|target| target.split_once('?')) {
            Some(Some((path, query))) => (Some(path), Some(query)),
            Some(None) => (target, None),
            None => (None, None),
        };
        let spine = logged.spine.iter();
        let overlays = logged.overlay.iter();
        Self {
            time: date::rfc3339(logged.at_ns),
            peer: logged.peer,
            host: logged.host.as_deref(),
            method: method.filter(|method| !method.is_empty()),
            path,
            query,
            protocol: logged.protocol.as_deref(),
            status: logged.status,
            bytes: logged.bytes_out,
            referer: logged.referer.as_deref(),
            user_agent: logged.user_agent.as_deref(),
            tls_version: logged.tls_version.as_deref(),
            server_name: logged.server_name.as_deref(),
            connect_ns: logged.connect_ns,
            server_ns: logged.server_ns,
            total_ns: logged.total_ns,
            stations: Times::of(spine.map(|interval| (interval.station, interval.ns))),
            overlays: Times::of(overlays.map(|overlay| (overlay.station, overlay.busy_ns))),
            outcome: logged.outcome.name(),
            reason: logged.reason.as_deref(),
        }
    }
}
