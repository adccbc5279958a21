//! The host's socket, by which clients reach the gateway.

use crate::failure::{Failure, Kind, reason};
use crate::plan::{Asked, Listener};
use crate::talk;
use listenfd::ListenFd;
use periplus_net::gateway;
use std::io::{self, ErrorKind};
use tokio::net::TcpListener;

/// Listens on an address of this host for every listener. To be called within a runtime, and before there is another thread.
///
/// Sockets that the service manager has opened already (sd_listen_fds(3)) are taken in its order, one a listener; their
/// addresses are its to choose.
pub(crate) fn listen(listeners: &[Listener]) -> Result<Vec<TcpListener>, Failure> {
    let mut passed = ListenFd::from_env();
    if passed.len() > listeners.len() {
        let what = format!(
            "the service manager has passed {} sockets, and there are {} listeners",
            passed.len(),
            listeners.len()
        );
        return Err(Failure::new(Kind::Usage, what)
            .fix("Give a [[listener]] for each ListenStream= of the socket unit."));
    }
    if let count @ 1.. = passed.len()
        && let others @ [_, ..] = &listeners[count..]
    {
        let others = others.iter().map(|listener| listener.address.to_string());
        talk::say(&format!(
            "The service manager has passed {count} of {} sockets; opened without it: {}",
            listeners.len(),
            others.collect::<Vec<_>>().join(", ")
        ));
    }
    let listen = |(index, listener)| match take(&mut passed, index) {
        Ok(Some(socket)) => Ok(socket),
        Ok(None) => bind(listener),
        Err(error) => Err(
            Failure::cannot("use a socket of the service manager", &error)
                .fix("Let the socket unit have ListenStream= with an IPv4 address and a port."),
        ),
    };
    listeners.iter().enumerate().map(listen).collect()
}

fn take(passed: &mut ListenFd, index: usize) -> io::Result<Option<TcpListener>> {
    let Some(socket) = passed.take_tcp_listener(index)? else {
        return Ok(None);
    };
    if socket.local_addr()?.is_ipv6() {
        return Err(io::Error::other("the stack carries IPv4 only so far"));
    }
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket).map(Some)
}

fn bind(listener: &Listener) -> Result<TcpListener, Failure> {
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
