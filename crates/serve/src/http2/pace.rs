//! How fast an answer's client takes it.

use super::streams::Waited;
use crate::options::ServeOptions;
use std::time::Duration;

/// How much of an answer its client takes.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Bytes of its content.
    pub(super) sent: u64,
    /// Bytes that were its share of what the client took of all answers while it waited.
    share: u64,
    /// For how long it was waited for.
    waited: Duration,
}

impl Pace {
    /// The client was waited for.
    pub(super) fn wait(&mut self, waited: Waited, time: Duration) {
        self.share += waited.share;
        self.waited += time;
    }

    /// Whether it has taken less than the least rate; looks only once in a `stall_timeout` of waiting.
    pub(super) fn is_too_slow(&mut self, options: &ServeOptions) -> bool {
        if self.waited < options.stall_timeout {
            return false;
        }
        let Self {
            sent,
            share,
            waited,
        } = std::mem::take(self);
        // A window is for all of them, and who takes enough for all may begin with another.
        u128::from(sent.max(share)) * 1000 < u128::from(options.least_rate) * waited.as_millis()
    }
}

/// Whether this was too little to take in a `stall_timeout` in which there was no room for more.
pub(super) fn is_too_little(waited: Waited, options: &ServeOptions) -> bool {
    let mut pace = Pace {
        sent: waited.taken,
        ..Pace::default()
    };
    pace.wait(waited, options.stall_timeout);
    let took_nothing = waited.taken == 0 && waited.share == 0;
    waited.was_for_peer && (took_nothing || pace.is_too_slow(options))
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
            let (sent, share) = sent;
            let waited = Duration::from_secs(waited);
            let mut pace = Pace {
                sent,
                share,
                waited,
            };
            pace.is_too_slow(&options)
        };
        assert!(!is_too_slow((0, 0), 9));
        assert!(is_too_slow((999, 999), 10));
        assert!(!is_too_slow((1000, 0), 10));
        assert!(!is_too_slow((0, 1000), 10));
    }

    #[test]
    fn who_takes_nothing_where_there_is_no_room_is_too_slow_at_any_rate() {
        let is_too_little = |was_for_peer, (taken, share), least_rate| {
            let options = ServeOptions {
                stall_timeout: Duration::from_secs(10),
                least_rate,
                ..ServeOptions::default()
            };
            let waited = Waited {
                was_for_peer,
                taken,
                share,
            };
            is_too_little(waited, &options)
        };
        assert!(is_too_little(true, (0, 0), 0));
        assert!(!is_too_little(true, (1, 0), 0) && !is_too_little(true, (0, 1), 0));
        assert!(is_too_little(true, (999, 0), 100) && !is_too_little(true, (1000, 0), 100));
        assert!(is_too_little(true, (0, 999), 100) && !is_too_little(true, (0, 1000), 100));
        assert!(!is_too_little(false, (0, 0), 100), "it was for us");
    }
}
