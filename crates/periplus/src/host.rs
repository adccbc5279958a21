//! The host's socket, by which clients reach the gateway.

use crate::failure::{Failure, Kind, reason};
use periplus_net::gateway;
use std::io::{self, ErrorKind};
use std::net::SocketAddrV4;
use tokio::net::TcpListener;

/// Listens on an address of this host. To be called within a runtime.
pub(crate) fn listen(address: SocketAddrV4) -> Result<TcpListener, Failure> {
    gateway::bind(address.into()).map_err(|error| explain(address, &error))
}

fn explain(address: SocketAddrV4, error: &io::Error) -> Failure {
    let what = |why: &str| format!("cannot listen on {address}: {why}");
    let ip = address.ip();
    match error.kind() {
        ErrorKind::AddrInUse => Failure::new(Kind::Running, what(&reason(error))).fix(format!(
            "Let the system choose a free port with `--listen {ip}:0`, or end the program that holds this one."
        )),
        ErrorKind::AddrNotAvailable => {
            Failure::new(Kind::Running, what("no interface of this host has that address"))
                .fix("`--listen 127.0.0.1:8080` serves this host, `--listen 0.0.0.0:8080` every network it is on.")
        }
        ErrorKind::PermissionDenied => Failure::new(Kind::Refused, what(&reason(error)))
            .fix(format!("Ports below 1024 need a privilege; any port from there on does not: `--listen {ip}:8080`")),
        _ => Failure::new(Kind::Running, what(&reason(error))),
    }
}
