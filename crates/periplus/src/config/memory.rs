//! `[memory]`: how much a run may hold for others.

use super::key::{Heading, key, open};
use super::section::Section;
use super::units::{A_SIZE, size};
use periplus_net::Sysctls;
use periplus_serve::{FilesOptions, ServeOptions};

pub(super) const HEADING: Heading = Heading {
    path: "memory",
    many: false,
    about: "What may be held of what clients send that is not read yet, and of what they ask for and do not take.",
    keys: &[
        open(
            "tcp_mem",
            "\"1 GiB\"",
            "For the queues of all connections: B, KiB, MiB or GiB. If not given, 1 GiB, or an eighth of the host's memory if that is less.",
        ),
        open(
            "files",
            "\"24 MiB\"",
            "For what is read of files and not yet delivered. If not given, 24 MiB, or a sixteenth of the host's memory if that is less.",
        ),
        key(
            "messages",
            "\"64 MiB\"",
            "For the WebSocket messages of a listener that are arriving or being handled.",
        ),
    ],
};

/// Bytes that may be held of what peers send that is not read yet, and of what they ask for and do not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// For the queues of all connections.
    pub(crate) tcp_mem: usize,
    /// For what is read of files and not yet delivered.
    pub(crate) files: usize,
    /// For the WebSocket messages of a listener.
    pub(crate) messages: usize,
}

impl Memory {
    /// The usual, or an eighth of the host's memory for TCP and a sixteenth for files if that is less.
    pub(super) fn of_the_host() -> Self {
        let host = rustix::system::sysinfo();
        let bytes = (host.totalram as usize).saturating_mul(host.mem_unit as usize);
        Self {
            tcp_mem: Sysctls::default().tcp_mem.min(bytes / 8),
            files: FilesOptions::default().memory.min(bytes / 16),
            messages: ServeOptions::default().message_memory,
        }
    }

    /// What the section says, and where it says nothing this.
    pub(super) fn or(self, section: &Section<'_>) -> Self {
        let size = |key, usual| {
            let size = section.parsed(key, A_SIZE, size);
            size.map_or(usual, |(size, _)| size)
        };
        Self {
            tcp_mem: size("tcp_mem", self.tcp_mem),
            files: size("files", self.files),
            messages: size("messages", self.messages),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::of_the_host()
    }
}
