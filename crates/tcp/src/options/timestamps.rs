//! Timestamps and PAWS (RFC 7323, sections 3 to 5).

use periplus_journey::Instant;
use periplus_wire::SeqNum;
use periplus_wire::tcp::Timestamps;
use std::time::Duration;

/// TS.Recent is not believed after this long without a segment (RFC 7323 5.5).
const OUTDATED: Duration = Duration::from_secs(24 * 24 * 3600);

/// No round trip takes longer, in milliseconds; a timestamp from further away was made up.
const MAXIMUM_AGE: u32 = 10 * 60 * 1000;

/// Our timestamp clock for one connection, and the peer's last timestamp.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimestampClock {
    /// Added to the clock of milliseconds, another for each connection.
    pub offset: u32,
    /// TS.Recent.
    pub recent: u32,
    /// When TS.Recent was set.
    pub recent_at: Instant,
}

impl TimestampClock {
    /// TSval: milliseconds, within RFC 7323 5.4's bounds.
    pub(crate) fn value(offset: u32, now: Instant) -> u32 {
        (now.as_millis() as u32).wrapping_add(offset)
    }

    /// How long ago the timestamp was sent that comes back as `echo_reply` (RFC 7323 4.1), to the millisecond and at least one.
    /// `None` if it cannot be one of ours.
    pub(crate) fn age(&self, echo_reply: u32, now: Instant) -> Option<Duration> {
        let age = Self::value(self.offset, now).wrapping_sub(echo_reply);
        let ours = echo_reply != 0 && age <= MAXIMUM_AGE;
        ours.then(|| Duration::from_millis(age.max(1).into()))
    }

    /// Whether the timestamp that comes back as `echo_reply` is older than one sent at `at`.
    pub(crate) fn predates(&self, echo_reply: u32, at: Instant) -> bool {
        echo_reply != 0 && is_before(echo_reply, Self::value(self.offset, at))
    }

    /// The option for a segment sent now.
    pub(crate) fn option(&self, now: Instant) -> Timestamps {
        Timestamps {
            value: Self::value(self.offset, now),
            echo_reply: self.recent,
        }
    }

    /// Whether SEG.TSval is older than TS.Recent, and TS.Recent valid (RFC 7323 5.3, R1). Zero is taken for no timestamp, as on
    /// Linux: some systems send it in their SYN and begin to count later, which would look like going back half of the time.
    pub(crate) fn is_old(&self, value: u32, now: Instant) -> bool {
        is_before(value, self.recent) && self.recent != 0 && now.since(self.recent_at) < OUTDATED
    }

    /// Takes over SEG.TSval from an acceptable segment, if it is the one the next ACK answers (RFC 7323 4.3, (2)).
    pub(crate) fn update(&mut self, value: u32, seq: SeqNum, last_ack_sent: SeqNum, now: Instant) {
        if !self.is_old(value, now) && seq.at_or_before(last_ack_sent) {
            self.recent = value;
            self.recent_at = now;
        }
    }
}

/// Whether timestamp `a` is older than `b`.
pub(crate) fn is_before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// Whether SEG.TSecr is what we sent between `first` and `last`, or nothing (zero, as some systems send for it).
pub(crate) fn is_echo(echo_reply: u32, first: u32, last: u32) -> bool {
    echo_reply == 0 || !is_before(echo_reply, first) && !is_before(last, echo_reply)
}
