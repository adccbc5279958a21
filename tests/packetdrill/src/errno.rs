//! `errno`, and which of its values the stack's errors are on Linux.

use libc::c_int;
use periplus_stack::{ConnectError, ListenError, StreamError};

/// A value of `errno`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) c_int);

impl Errno {
    /// Sets the calling thread's `errno`.
    pub(crate) fn set(self) {
        // SAFETY: the pointer is to the calling thread's own `errno`, valid as long as the thread is.
        unsafe { *libc::__errno_location() = self.0 }
    }

    /// What the last call of the C library failed with.
    pub(crate) fn last() -> Self {
        // SAFETY: as in `set`.
        Self(unsafe { *libc::__errno_location() })
    }
}

impl From<StreamError> for Errno {
    fn from(error: StreamError) -> Self {
        Self(match error {
            StreamError::Refused => libc::ECONNREFUSED,
            StreamError::NetworkUnreachable => libc::ENETUNREACH,
            StreamError::HostUnreachable => libc::EHOSTUNREACH,
            StreamError::ProtocolUnreachable => libc::ENOPROTOOPT,
            StreamError::Reset => libc::ECONNRESET,
            StreamError::Aborted => libc::ECONNABORTED,
            StreamError::TimedOut => libc::ETIMEDOUT,
            StreamError::BrokenPipe => libc::EPIPE,
            StreamError::NotConnected => libc::ENOTCONN,
        })
    }
}

impl From<ListenError> for Errno {
    fn from(error: ListenError) -> Self {
        Self(match error {
            ListenError::AddressInUse(_) | ListenError::Exhausted => libc::EADDRINUSE,
            ListenError::AddressNotAvailable(_) => libc::EADDRNOTAVAIL,
        })
    }
}

impl From<ConnectError> for Errno {
    fn from(error: ConnectError) -> Self {
        Self(match error {
            ConnectError::NetworkUnreachable(_) => libc::ENETUNREACH,
            ConnectError::AddressInUse(_) | ConnectError::PortsExhausted(_) => libc::EADDRNOTAVAIL,
            ConnectError::TooManyConnections => libc::ENOBUFS,
        })
    }
}
