//! Open descriptors, for tests of many clients.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process has open besides: its own files, and a few to spare.
const SPARE: usize = 200;

/// Raises the limit of open descriptors as far as it goes, which must be enough for `connections`.
pub(crate) fn need_descriptors(connections: usize) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    // Where it cannot be raised, the limit that is there is what counts.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
    let limit = getrlimit(Resource::Nofile).current;
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    assert!(
        limit >= connections + SPARE,
        "this host allows {limit} descriptors a process, too few for {connections} connections: raise the hard limit (ulimit -Hn)"
    );
}
