//! How fast an answer's client takes it.

use super::streams::Waited;
use crate::options::ServeOptions;
use std::time::Duration;

/// How much of an answer its client takes.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Bytes of its content.
    pub(super) sent: u64,
    /// For how long it was waited for.
    pub(super) waited: Duration,
}

impl Pace {
    /// Whether it has taken less than the least rate; looks only once in a `stall_timeout` of waiting.
    pub(super) fn is_too_slow(&mut self, options: &ServeOptions) -> bool {
        if self.waited < options.stall_timeout {
            return false;
        }
        let Self { sent, waited } = std::mem::take(self);
        u128::from(sent) * 1000 < u128::from(options.least_rate) * waited.as_millis()
    }
}

/// Whether this was too little to take in a `stall_timeout` in which there was no room for more.
pub(super) fn is_too_little(waited: Waited, options: &ServeOptions) -> bool {
    let mut pace = Pace {
        sent: waited.taken,
        waited: options.stall_timeout,
    };
    waited.was_for_peer && (waited.taken == 0 || pace.is_too_slow(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_less_than_the_least_rate_while_waited_for_is_too_slow() {
        let options = ServeOptions {
            stall_timeout: Duration::from_secs(10),
            least_rate: 100,
            ..ServeOptions::default()
        };
        let is_too_slow = |sent, waited| {
            let waited = Duration::from_secs(waited);
            Pace { sent, waited }.is_too_slow(&options)
        };
        assert!(!is_too_slow(0, 9));
        assert!(is_too_slow(999, 10));
        assert!(!is_too_slow(1000, 10));
    }

    #[test]
    fn who_takes_nothing_where_there_is_no_room_is_too_slow_at_any_rate() {
        let is_too_little = |was_for_peer, taken, least_rate| {
            let options = ServeOptions {
                stall_timeout: Duration::from_secs(10),
                least_rate,
                ..ServeOptions::default()
            };
            let waited = Waited {
                was_for_peer,
                taken,
            };
            is_too_little(waited, &options)
        };
        assert!(is_too_little(true, 0, 0) && !is_too_little(true, 1, 0));
        assert!(is_too_little(true, 999, 100) && !is_too_little(true, 1000, 100));
        assert!(!is_too_little(false, 0, 100), "it was for us");
    }
}
