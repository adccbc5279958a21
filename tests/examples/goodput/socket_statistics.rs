//! What `ss` says of a connection of the kernel's, in the namespace of the calling thread.

use std::process::Command;

/// One connection, as `ss -ti` shows it.
pub(crate) struct SocketStatistics {
    words: Vec<String>,
}

impl SocketStatistics {
    /// Of the connection whose own port is `port`.
    ///
    /// # Panics
    /// If its congestion control is not CUBIC: then nothing is compared with what it should be.
    pub(crate) fn of(port: u16) -> Self {
        let filter = format!("sport = :{port}");
        let output = Command::new("ss")
            .args(["-tinH", "state", "established", &filter])
            .output()
            .expect("ss (of iproute2) is there");
        let words: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        assert!(
            words.iter().any(|word| word == "cubic"),
            "the kernel's connection has to have CUBIC, and ss says: {}",
            words.join(" ")
        );
        Self { words }
    }

    /// Segments sent again. Nothing is said where there were none.
    pub(crate) fn retransmitted(&self) -> u64 {
        self.words
            .iter()
            .find_map(|word| word.strip_prefix("retrans:")?.split_once('/'))
            .map_or(0, |(_, total)| total.parse().expect("ss counts"))
    }
}
