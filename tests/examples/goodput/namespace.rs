//! Threads in network namespaces.

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::os::fd::AsFd;

/// Moves this thread, and what it opens and starts from now on, into a namespace that `ip netns add` has made.
pub(crate) fn enter(name: &str) {
    let path = format!("/run/netns/{name}");
    let namespace = File::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
        .unwrap_or_else(|error| panic!("cannot enter {name}: {error}"));
}
