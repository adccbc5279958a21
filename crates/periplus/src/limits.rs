//! What the host allows one process.

use crate::plan::Plan;
use periplus_serve::ServeOptions;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors of a run that are neither a connection's nor a file's: logs, the control socket, the runtime's own.
const OWN: usize = 32;
/// Connections for which it is worth no word that there might be more: nobody asked for the bound that there usually is.
const ENOUGH: usize = 2_000;

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

/// How many files may be open.
pub(crate) fn open_files() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// That the run of `plan` may need more than the `limit` of open files, which at run time shows as clients that wait.
///
/// Told are a bound that was raised and cannot be reached, and a limit that is too low for an ordinary site. The usual bound
/// is no wish: a limit of some thousands serves thousands, and is not to be warned of at every start.
pub(crate) fn shortage(plan: &Plan, limit: u64) -> Option<String> {
    // The connections of an interface are the stack's own, and no files of the host.
    if plan.interface.is_some() {
        return None;
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let bound = plan.serve.max_connections;
    let allowed = plan.listeners.len().saturating_mul(bound);
    let allowed = allowed.min(plan.limits.connections);
    let wanted = match bound > ServeOptions::default().max_connections {
        true => allowed,
        false => allowed.min(ENOUGH),
    };
    // The store takes no more than this part.
    let files = plan.files.open_files.min(limit / 4);
    let room = limit.saturating_sub(OWN + files);
    if room >= wanted {
        return None;
    }
    let needed = allowed + plan.files.open_files + OWN;
    Some(format!(
        "periplus: this process may have {limit} files open: enough for about {room} connections at a time, and others have to \
         wait\n  Raise that with `LimitNOFILE={needed}` in the service's unit, or `ulimit -n {needed}`: so many may be needed for the \
         {allowed} connections of the configuration."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::plan;

    #[test]
    fn a_limit_is_told_that_ordinary_sites_would_reach_or_a_bound_that_was_asked_for() {
        let told =
            |flags: &str, file: &str, limit| shortage(&plan(flags, file).expect("a plan"), limit);
        let raised = "[limits]\nconnections_per_listener = 100000\n";
        let lowered = "[limits]\nconnections_per_listener = 100\n";
        for (file, limit) in [
            ("", 4_096),
            ("", 20_000),
            ("", 65_536),
            ("", u64::MAX),
            (raised, 524_288),
            (lowered, 1_024),
        ] {
            assert_eq!(told("", file, limit), None, "{file}{limit}");
        }
        for (file, limit) in [("", 64), ("", 1_024), (raised, 65_536), (lowered, 128)] {
            assert!(told("", file, limit).is_some(), "{file}{limit}");
        }
        assert_eq!(told("--nic tap", "", 64), None);
        let told = told("", "", 1_024).expect("it is too low");
        assert!(told.contains("about 736 connections"), "{told}");
        assert!(told.contains("`LimitNOFILE=21056`"), "{told}");
    }
}
