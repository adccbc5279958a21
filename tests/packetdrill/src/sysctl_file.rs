//! Where the stand-in for `sysctl` writes what a script sets, and what the stack makes of it.

use periplus_stack::Sysctls;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, process};

/// The bytes of a page, in which Linux counts `tcp_mem`.
const PAGE: usize = 4096;
/// What Linux makes of `tcp_orphan_retries` 0.
const ORPHAN_RETRIES: u8 = 8;

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
            tcp: Sysctls::default(),
        }
    }

    /// The knobs as they are set.
    pub(crate) fn tcp(&self) -> Sysctls {
        self.tcp
    }

    /// Reads what was appended. Returns whether there was anything.
    pub(crate) fn reread(&mut self) -> bool {
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

/// Sets the knob of that name. One that the stack does not have, or a value that is none, changes nothing.
fn set(tcp: &mut Sysctls, key: &str, value: &str) {
    let key = key.replace('/', ".");
    let number = |index: usize| -> Option<u64> {
        let word = value.split_whitespace().nth(index)?;
        match word.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => word.parse().ok(),
        }
    };
    let Some(first) = number(0) else { return };
    let small = u8::try_from(first).unwrap_or(u8::MAX);
    let seconds = Duration::from_secs(first);
    match key.trim_start_matches("net.") {
        "core.somaxconn" => tcp.somaxconn = first as u32,
        "ipv4.tcp_syn_retries" => tcp.tcp_syn_retries = small,
        "ipv4.tcp_synack_retries" => tcp.tcp_synack_retries = small,
        "ipv4.tcp_max_syn_backlog" => tcp.tcp_max_syn_backlog = first as u32,
        "ipv4.tcp_abort_on_overflow" => tcp.tcp_abort_on_overflow = first != 0,
        "ipv4.tcp_retries2" => tcp.tcp_retries2 = small,
        "ipv4.tcp_orphan_retries" => {
            tcp.tcp_orphan_retries = if small == 0 { ORPHAN_RETRIES } else { small }
        }
        "ipv4.tcp_fin_timeout" => tcp.tcp_fin_timeout = seconds,
        "ipv4.tcp_max_tw_buckets" => tcp.tcp_max_tw_buckets = first as usize,
        "ipv4.tcp_mem" => {
            tcp.tcp_mem = number(2).map_or(tcp.tcp_mem, |pages| pages as usize * PAGE)
        }
        "ipv4.tcp_timestamps" => tcp.tcp_timestamps = first != 0,
        "ipv4.tcp_window_scaling" => tcp.tcp_window_scaling = first != 0,
        _ => {
            let _ = tcp.set(&key, value); // unknown ones are left alone
        }
    }
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
        assert_eq!(
            tcp.tcp_synack_retries,
            Sysctls::default().tcp_synack_retries
        );
    }
}
