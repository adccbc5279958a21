//! What the host allows one process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows as many open files as the host lets us have: a connection through the gateway is one, and the usual soft
/// limit of 1,024 is kept only for programs that use `select()`. Where it cannot be raised, the old limit stays.
pub(crate) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
}
