//! What a shard's refusals are as `io::Error`: the kind that tokio's sockets would give, and a message that says what to do.

use periplus_stack::{BindError, ConnectError, ListenError, SendError, StreamError};
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

/// A call on a stream failed.
pub(crate) fn stream(error: StreamError) -> Error {
    Error::new(kind(error), error)
}

/// A connection to `remote` was not made.
pub(crate) fn connect(remote: SocketAddr, error: StreamError) -> Error {
    Error::new(kind(error), format!("connecting to {remote}: {error}"))
}

/// A connection to `remote` was not even tried.
pub(crate) fn not_tried(
    local: Option<SocketAddr>,
    remote: SocketAddr,
    error: ConnectError,
) -> Error {
    let kind = match error {
        ConnectError::NetworkUnreachable(_) => ErrorKind::NetworkUnreachable,
        ConnectError::AddressInUse(_) => ErrorKind::AddrInUse,
        ConnectError::PortsExhausted(_) => ErrorKind::AddrNotAvailable,
        ConnectError::TooManyConnections => ErrorKind::OutOfMemory,
    };
    match local {
        Some(local) => Error::new(
            kind,
            format!("connecting from {local} to {remote}: {error}"),
        ),
        None => Error::new(kind, format!("connecting to {remote}: {error}")),
    }
}

/// No listener was made.
pub(crate) fn listen(local: SocketAddr, error: ListenError) -> Error {
    let kind = match error {
        ListenError::AddressInUse(_) => ErrorKind::AddrInUse,
        ListenError::AddressNotAvailable(_) | ListenError::Exhausted => ErrorKind::AddrNotAvailable,
    };
    Error::new(kind, format!("listening on {local}: {error}"))
}

/// No UDP socket was made.
pub(crate) fn bind(local: SocketAddr, error: BindError) -> Error {
    let kind = match error {
        BindError::AddressInUse(_) => ErrorKind::AddrInUse,
        BindError::AddressNotAvailable(_) | BindError::Exhausted => ErrorKind::AddrNotAvailable,
    };
    Error::new(kind, format!("binding to {local}: {error}"))
}

/// A datagram for `target` was not sent.
pub(crate) fn send(target: SocketAddr, error: SendError) -> Error {
    let kind = match error {
        SendError::MessageTooLong { .. } | SendError::NoPort(_) => ErrorKind::InvalidInput,
        SendError::NetworkUnreachable(_) => ErrorKind::NetworkUnreachable,
        SendError::NotUnicast(_) => ErrorKind::PermissionDenied,
        SendError::Closed => return shard_gone(),
    };
    Error::new(kind, format!("sending to {target}: {error}"))
}

/// The shard has ended, and with it everything that was in it.
pub(crate) fn shard_gone() -> Error {
    Error::new(
        ErrorKind::ConnectionAborted,
        "the shard that held this socket has shut down",
    )
}

/// A shard was spawned where its thread could change.
pub(crate) fn wrong_runtime() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "a shard lives on one thread: spawn it inside a tokio runtime built by `Builder::new_current_thread().enable_all()`",
    )
}

fn kind(error: StreamError) -> ErrorKind {
    match error {
        StreamError::Refused => ErrorKind::ConnectionRefused,
        StreamError::NetworkUnreachable => ErrorKind::NetworkUnreachable,
        StreamError::HostUnreachable => ErrorKind::HostUnreachable,
        StreamError::ProtocolUnreachable => ErrorKind::ConnectionRefused,
        StreamError::Reset => ErrorKind::ConnectionReset,
        StreamError::Aborted => ErrorKind::ConnectionAborted,
        StreamError::TimedOut => ErrorKind::TimedOut,
        StreamError::BrokenPipe => ErrorKind::BrokenPipe,
        StreamError::NotConnected => ErrorKind::NotConnected,
    }
}
