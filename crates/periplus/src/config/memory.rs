//! `[memory]`: how much a run may hold for others.

use super::section::Section;
use crate::failure::Failure;
use periplus_net::Sysctls;
use periplus_serve::FilesOptions;

/// Bytes that may be held of what peers send that is not read yet, and of what they ask for and do not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// For the queues of all connections.
    pub(crate) tcp_mem: usize,
    /// For what is read of files and not yet delivered.
    pub(crate) files: usize,
}

impl Memory {
    pub(super) const KEYS: [&str; 2] = ["tcp_mem", "files"];

    /// The usual, or an eighth of the host's memory for TCP and a sixteenth for files if that is less.
    pub(super) fn of_the_host() -> Self {
        let host = rustix::system::sysinfo();
        let bytes = (host.totalram as usize).saturating_mul(host.mem_unit as usize);
        Self {
            tcp_mem: Sysctls::default().tcp_mem.min(bytes / 8),
            files: FilesOptions::default().memory.min(bytes / 16),
        }
    }

    /// What the section says, and where it says nothing this.
    pub(super) fn or(self, section: &Section<'_>) -> Result<Self, Failure> {
        let size = |key, usual| {
            let size = section.parsed(key, "a size, as \"64 MiB\"", size)?;
            Ok(size.map_or(usual, |(size, _)| size))
        };
        Ok(Self {
            tcp_mem: size("tcp_mem", self.tcp_mem)?,
            files: size("files", self.files)?,
        })
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::of_the_host()
    }
}

/// A number of KiB, MiB or GiB.
fn size(text: &str) -> Option<usize> {
    let (number, unit) = text.split_once(' ')?;
    let shift = match unit {
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    let number: usize = number.parse().ok()?;
    number.checked_mul(1 << shift)
}
