//! Whether the congestion window is used: what is not filled says nothing of the path, and must not grow (RFC 7661, in the way
//! of Linux's `tcp_is_cwnd_limited`).

/// What was in flight lately, against what might have been.
#[derive(Clone, Debug, Default)]
pub(crate) struct CwndValidation {
    /// The window, and not the backend or the peer's window, ended the last flight.
    limited: bool,
    /// Most segments out in the last flight.
    max_packets_out: u32,
    /// The flight ends when the byte at this stream offset is acknowledged.
    ends_at: u64,
}

impl CwndValidation {
    /// Whether the window ended the last flight, and most segments out in it, of a connection [at rest](crate::Parked): with all before
    /// `una` acknowledged that flight is over. `None` if they do not fit.
    pub(crate) fn parked(&self, una: u64) -> Option<(bool, u16)> {
        let segments = u16::try_from(self.max_packets_out).ok()?;
        (self.ends_at <= una).then_some((self.limited, segments))
    }

    /// The same awake.
    pub(crate) fn woken(limited: bool, max_packets_out: u16, una: u64) -> Self {
        Self {
            limited,
            max_packets_out: max_packets_out.into(),
            ends_at: una,
        }
    }

    /// Text was let out up to the stream offset `released`, or the window kept it from it (`limited`); `packets_out` segments are
    /// out, and everything before `una` is acknowledged.
    pub(crate) fn note(&mut self, limited: bool, packets_out: u32, una: u64, released: u64) {
        let is_over = una >= self.ends_at;
        if is_over || limited || (!self.limited && packets_out > self.max_packets_out) {
            self.limited = limited;
            self.max_packets_out = packets_out;
            self.ends_at = released;
        }
    }

    /// Whether an ACK may open the window of `cwnd` segments. In slow start it grows to twice what was out.
    pub(crate) fn is_cwnd_limited(&self, cwnd: u32, in_slow_start: bool) -> bool {
        self.limited || (in_slow_start && cwnd < 2 * self.max_packets_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_start_goes_to_twice_what_was_out_and_avoidance_only_where_the_window_was_full() {
        let mut validation = CwndValidation::default();
        validation.note(false, 6, 0, 6000);
        assert!(validation.is_cwnd_limited(10, true));
        assert!(!validation.is_cwnd_limited(12, true));
        assert!(!validation.is_cwnd_limited(10, false));
        validation.note(true, 10, 3000, 10_000);
        assert!(validation.is_cwnd_limited(100, false));
        // the flight goes on: less out changes nothing
        validation.note(false, 2, 9000, 12_000);
        assert!(validation.is_cwnd_limited(100, false));
        validation.note(false, 2, 10_000, 14_000);
        assert!(!validation.is_cwnd_limited(100, false));
    }
}
