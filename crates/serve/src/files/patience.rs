//! Whether a read may wait for a disk.

use rustix::io::Errno;

/// Whether who opens or reads may wait for a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// As long as it takes.
    Any,
    /// Not at all: what the kernel has not at hand is [`WOULD_WAIT`].
    None,
}

/// What cannot be had without waiting, by `RESOLVE_CACHED` (openat2(2)) or `RWF_NOWAIT` (preadv2(2)).
pub(super) const WOULD_WAIT: Errno = Errno::AGAIN;
