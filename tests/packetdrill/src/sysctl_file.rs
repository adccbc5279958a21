//! Where the stand-in for `sysctl` writes what a script sets, and what the stack makes of it.

use periplus_stack::Sysctls;
use std::path::PathBuf;
use std::{env, fs, process};

/// A file of lines `key = value`, appended to by `sysctl`.
#[derive(Debug)]
pub(crate) struct SysctlFile {
    path: PathBuf,
    /// Bytes of it that were read.
    read: usize,
    tcp: Sysctls,
}

impl SysctlFile {
    /// The file of this process, empty: named by its id in `$PERIPLUS_SYSCTLS` or `/tmp`, which the stand-in knows from
    /// `$PACKETDRILL_PID`.
    pub(crate) fn of_this_process() -> Self {
        let folder = env::var_os("PERIPLUS_SYSCTLS").unwrap_or_else(|| "/tmp".into());
        let path = PathBuf::from(folder).join(format!("periplus-sysctls-{}", process::id()));
        let _ = fs::remove_file(&path); // of an earlier process with this id, if it is there
        Self {
            path,
            read: 0,
            tcp: of_linux(),
        }
    }

    /// The knobs as they are set.
    pub(crate) fn tcp(&self) -> Sysctls {
        self.tcp
    }

    /// Reads what was appended. Returns whether there was anything.
    pub(crate) fn reread(&mut self) -> bool {
        let length = fs::metadata(&self.path).map_or(0, |file| file.len());
        if length <= self.read as u64 {
            return false; // every call comes by here
        }
        let Ok(text) = fs::read_to_string(&self.path) else {
            return false;
        };
        let Some(new) = text.get(self.read..).filter(|new| !new.is_empty()) else {
            return false;
        };
        for (key, value) in new.lines().filter_map(|line| line.split_once('=')) {
            set(&mut self.tcp, key.trim(), value.trim());
        }
        self.read = text.len();
        true
    }

    /// Takes the file away.
    pub(crate) fn remove(&self) {
        let _ = fs::remove_file(&self.path); // there is none, if nothing was set
    }
}

/// The knobs before a script sets any. Scripts know the slow start of Linux's CUBIC, whose parameter is none of its sysctls, and
/// a Linux without the queueing discipline that paces.
fn of_linux() -> Sysctls {
    Sysctls {
        hystart_detect: 3,
        tcp_pacing: false,
        ..Sysctls::default()
    }
}

/// Sets the knob of that name, in which scripts put dots or slashes. One that the stack does not have, or a value that is
/// none, changes nothing.
fn set(tcp: &mut Sysctls, key: &str, value: &str) {
    let _ = tcp.set(&key.replace('/', "."), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knobs_are_set_by_either_spelling_and_others_are_left_alone() {
        let mut tcp = Sysctls::default();
        set(&mut tcp, "net.ipv4.tcp_syn_retries", "5");
        set(&mut tcp, "net/ipv4/tcp_rmem", "4096 540000 15728640");
        set(&mut tcp, "net.ipv4.tcp_timestamps", "0");
        set(&mut tcp, "net.ipv4.tcp_fastopen", "0x70403");
        set(&mut tcp, "net.ipv4.tcp_synack_retries", "many");
        assert_eq!((tcp.tcp_syn_retries, tcp.tcp_rmem.most), (5, 15_728_640));
        assert!(!tcp.tcp_timestamps);
        let untouched = Sysctls::default().tcp_synack_retries;
        assert_eq!(tcp.tcp_synack_retries, untouched);
    }
}
