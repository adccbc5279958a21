//! Proportional Rate Reduction (RFC 9937): on the way from one window to a smaller one, what is sent follows what arrives.

/// The variables of RFC 9937, 6; in segments, as on Linux.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProportionalRate {
    /// RecoverFS: the window that is reduced. Linux takes cwnd for it, where RFC 9937 leaves out what was SACKed before: we side
    /// with Linux.
    recover_fs: u32,
    prr_delivered: u32,
    prr_out: u32,
}

impl ProportionalRate {
    /// A window of `recover_fs` segments begins to be reduced.
    pub(crate) fn new(recover_fs: u32) -> Self {
        Self {
            recover_fs: recover_fs.max(1),
            ..Self::default()
        }
    }

    /// `segments` were sent, new or again.
    pub(crate) fn sent(&mut self, segments: u32) {
        self.prr_out += segments;
    }

    /// An ACK told that `delivered` segments arrived; `inflight` are in the network. It is `safe` if it acknowledges something
    /// and tells of no further loss. Returns cwnd, or `None` where the ACK says nothing.
    pub(crate) fn acknowledged(
        &mut self,
        delivered: u32,
        inflight: u32,
        ssthresh: u32,
        safe: bool,
    ) -> Option<u32> {
        if delivered == 0 {
            return None;
        }
        self.prr_delivered += delivered;
        let sndcnt = if inflight > ssthresh {
            let share = u64::from(self.prr_delivered) * u64::from(ssthresh);
            let share = share.div_ceil(self.recover_fs.into()) as u32;
            share.saturating_sub(self.prr_out)
        } else {
            // Back towards ssthresh by what arrives (PRR-CRB), or where the path is known to take it as slow start would
            // (PRR-SSRB).
            let owed = self.prr_delivered.saturating_sub(self.prr_out);
            (owed.max(delivered) + u32::from(safe)).min(ssthresh - inflight)
        };
        // The first retransmission is sent in any case.
        let least = u32::from(self.prr_out == 0);
        Some(inflight + sndcnt.max(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent for each of `acks` that deliver a segment, of `out` segments of which the first is lost.
    fn sent_for(acks: u32, out: u32, ssthresh: u32) -> Vec<u32> {
        let mut prr = ProportionalRate::new(out);
        let mut inflight = out - 3; // two SACKed before, one lost
        (0..acks)
            .map(|_| {
                inflight -= 1;
                let cwnd = prr.acknowledged(1, inflight, ssthresh, false).unwrap();
                let sent = cwnd.saturating_sub(inflight);
                prr.sent(sent);
                inflight += sent;
                sent
            })
            .collect()
    }

    #[test]
    fn halving_sends_a_segment_for_every_second_that_arrives() {
        assert_eq!(sent_for(10, 20, 10), [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
        // from the eighth on, ssthresh is reached
        assert_eq!(sent_for(10, 20, 14), [1, 1, 1, 0, 1, 1, 0, 0, 1, 1]);
    }

    #[test]
    fn at_ssthresh_one_is_sent_for_one_that_arrives() {
        assert_eq!(sent_for(6, 10, 7), [1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn far_below_ssthresh_an_ack_that_tells_of_progress_lets_one_more_out() {
        let mut prr = ProportionalRate::new(20);
        assert_eq!(prr.acknowledged(1, 4, 10, false), Some(5));
        prr.sent(1);
        assert_eq!(prr.acknowledged(1, 4, 10, true), Some(6));
        prr.sent(2);
        assert_eq!(
            prr.acknowledged(4, 9, 10, true),
            Some(10),
            "never beyond it"
        );
        assert_eq!(prr.acknowledged(0, 9, 10, true), None);
    }
}
