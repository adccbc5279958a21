//! Generic receive offload: what of a burst continues the segment before it goes to the connection together with that
//! (Linux's `napi_gro_receive`).
//!
//! Headers are compared with the first one's as they lie, and each segment's checksum is looked at before it joins. What differs in more
//! than its place, its length and PSH ends the row, and so do a damaged segment and one of another flow: it is the next of the burst,
//! and goes its own way. The connection [asks](ReceiveOffload) for one after the other, for as long as header prediction holds.

use crate::receive::arrival_time;
use periplus_journey::Instant;
use periplus_ring::{Arrival, RxChecksum};
use periplus_tcp::{Continued, ReceiveOffload};
use periplus_wire::Continuation;
use periplus_wire::ordinary::OrdinaryHeaders;

/// The rest of a burst, behind a segment.
pub(crate) struct BurstOffload<'a> {
    continuation: Continuation,
    arrivals: &'a mut [Arrival],
    /// How many of them the connection has taken.
    pub(crate) taken: usize,
    now: Instant,
    ring_seen_empty: Instant,
}

impl<'a> BurstOffload<'a> {
    /// What may continue the segment with these headers among the `arrivals` behind it.
    #[inline]
    pub(crate) fn new(
        (headers, options): (&OrdinaryHeaders, &[u8]),
        arrivals: &'a mut [Arrival],
        now: Instant,
        ring_seen_empty: Instant,
    ) -> Self {
        Self {
            continuation: Continuation::of(headers, options),
            arrivals,
            taken: 0,
            now,
            ring_seen_empty,
        }
    }
}

impl ReceiveOffload for BurstOffload<'_> {
    #[inline]
    fn is_empty(&self) -> bool {
        self.arrivals.is_empty()
    }

    #[inline]
    fn next(&mut self, window: u32) -> Option<Continued> {
        let arrival = self.arrivals.get_mut(self.taken)?;
        if arrival.segments != 1 {
            return None; // put together already
        }
        let found = self.continuation.find(&arrival.frame, window as usize)?;
        if arrival.checksum == RxChecksum::Unverified
            && !self.continuation.is_checksum_right(&arrival.frame, &found)
        {
            return None;
        }
        self.continuation.advance(&found);
        self.taken += 1;
        let time = arrival_time(self.now, self.ring_seen_empty, arrival);
        let flags = found.flags;
        let mut text = std::mem::take(&mut arrival.frame);
        text.cut_to(found.text); // Ethernet's padding goes as well
        Some(Continued { text, flags, time })
    }
}
