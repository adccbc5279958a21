//! The host's socket, by which clients reach the gateway.

use crate::failure::{Failure, Kind, reason};
use crate::plan::{Asked, Listener};
use periplus_net::gateway;
use std::io::{self, ErrorKind};
use tokio::net::TcpListener;

/// Listens on an address of this host. To be called within a runtime.
pub(crate) fn listen(listener: &Listener) -> Result<TcpListener, Failure> {
    gateway::bind(listener.address.into()).map_err(|error| explain(listener, &error))
}

fn explain(listener: &Listener, error: &io::Error) -> Failure {
    let address = listener.address;
    let place = match &listener.asked {
        Asked::Flag | Asked::Redirect => String::new(),
        Asked::File(place) => format!("{place}: "),
    };
    let what = |why: &str| format!("{place}cannot listen on {address}: {why}");
    match error.kind() {
        ErrorKind::AddrInUse => Failure::new(Kind::Running, what(&reason(error))).fix(format!(
            "Let the system choose a free port with {}, or end the program that holds this one.",
            listener.with_port(0)
        )),
        ErrorKind::AddrNotAvailable => Failure::new(
            Kind::Running,
            what("no interface of this host has that address"),
        )
        .fix("127.0.0.1 serves this host, 0.0.0.0 every network it is on."),
        ErrorKind::PermissionDenied => {
            Failure::new(Kind::Refused, what(&reason(error))).fix(format!(
                "Ports below 1024 need a privilege; any port from there on does not: {}",
                listener.with_port(8080)
            ))
        }
        _ => Failure::new(Kind::Running, what(&reason(error))),
    }
}
