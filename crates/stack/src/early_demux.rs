//! Early demux: a segment of an established connection goes to it without a detour (Linux's `tcp_v4_early_demux`).
//!
//! That its flow is known says what routes and rules would: both its addresses passed them when the connection began. Whatever is not
//! ordinary (other headers, another kind of flow, a damaged segment) takes the long way, which counts and answers it.

use crate::Shard;
use crate::demux::is_checksum_right;
use crate::handle::{Handle, Tag};
use crate::ipv4::count_ecn;
use crate::receive::Fate;
use periplus_journey::Instant;
use periplus_ring::{Arrival, BURST, RxChecksum};
use periplus_tcp::{Disposition, Payload, Segment};
use periplus_wire::ordinary::OrdinaryHeaders;
use periplus_wire::tcp::{TcpFlags, TcpOptions};

impl Shard {
    /// Looks the flows of a burst up together, and at what is kept of them. Each look is a wait for memory where there are many
    /// connections, and depends on nothing but its own frame: so the processor waits for all of them at once.
    pub(crate) fn look_ahead(&mut self, arrivals: &[Arrival]) {
        let mut tuples = [None; BURST];
        for (tuple, arrival) in tuples.iter_mut().zip(arrivals) {
            *tuple = OrdinaryHeaders::four_tuple_ahead(&arrival.frame);
        }
        let tuples = &tuples[..arrivals.len().min(BURST)];
        self.flow_table.get_many_ipv4(tuples, &mut self.ahead);
        let established = self
            .ahead
            .iter()
            .flatten()
            .filter(|handle| handle.tag() == Tag::Established);
        let touched = established
            .filter_map(|handle| self.flows.get(handle.index()))
            .fold(0, |touched, flow| touched ^ flow.touch());
        std::hint::black_box(touched);
    }

    /// Takes a segment of an established connection, which a look [ahead](Self::look_ahead) may have `found`. Any other arrival is
    /// given back.
    #[inline]
    pub(crate) fn early_demux(
        &mut self,
        now: Instant,
        found: Option<Handle>,
        mut arrival: Arrival,
    ) -> Result<Fate, Arrival> {
        let length = arrival.length();
        let ordinary = OrdinaryHeaders::parse(&arrival.frame, length, self.options.ethernet);
        let Some((headers, options)) = ordinary else {
            return Err(arrival);
        };
        if headers.tcp().flags().contains(TcpFlags::SYN) {
            let fate = self.early_syn(now, (headers, options), &arrival);
            return fate.ok_or(arrival);
        }
        let Some(handle) = self.established(found, headers.four_tuple()) else {
            return Err(arrival);
        };
        let (addresses, segment) = (headers.addresses(), headers.segment());
        if arrival.checksum == RxChecksum::Unverified
            && !is_checksum_right(addresses, segment, &arrival)
        {
            return Err(arrival);
        }
        let index = handle.index();
        let time = self.arrival_time(now, &arrival);
        // What was known may be over since, and another have begun.
        let Some(flow) = self.flows.get_mut(index).filter(|flow| flow.is_listed) else {
            self.last_flow = None;
            return Err(arrival);
        };
        let counters = &mut self.environment.counters;
        counters.ip_in_receives += 1;
        count_ecn(counters, headers.ecn());
        counters.tcp_in_segs += 1;
        let header = headers.tcp();
        let (seq, ack) = (header.sequence(), header.acknowledgment());
        let (wnd, flags) = (header.window(), header.flags());
        let (options, ecn) = (TcpOptions::parse(options), headers.ecn());
        let (start, length) = (headers.payload_start(), headers.payload_length());
        arrival.frame.advance(start);
        let mut payload = Payload::new(arrival.frame, arrival.rest);
        payload.truncate(length); // Ethernet's padding
        let segment = Segment {
            seq,
            ack,
            wnd,
            flags,
            options,
            ecn,
            payload,
            time,
        };
        let disposition = flow
            .connection
            .segment_arrives(&mut self.environment.context(now), segment);
        if let Disposition::AnsweredByReset(answer) = disposition {
            let key = flow.key;
            self.settle(index);
            return Ok(self.send_reset(key, answer));
        }
        self.settle(index);
        Ok(match disposition {
            Disposition::Delivered => Fate::Delivered,
            Disposition::Dropped(reason) => Fate::Dropped(reason),
            _ => Fate::Consumed,
        })
    }

    /// The established connection with these ends: `found` ahead, the one before, which it often is, or what the table says.
    #[inline]
    fn established(&mut self, found: Option<Handle>, four_tuple: [u8; 12]) -> Option<Handle> {
        let last = self.last_flow.filter(|(last, _)| *last == four_tuple);
        let known = found.or(last.map(|(_, handle)| handle));
        if let Some(known) = known.filter(|known| known.tag() == Tag::Established) {
            return Some(known);
        }
        let handle = self.flow_table.get_ipv4(&four_tuple)?;
        if handle.tag() != Tag::Established {
            return None;
        }
        self.last_flow = Some((four_tuple, handle));
        Some(handle)
    }
}
