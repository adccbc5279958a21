//! Early demux: a segment of an established connection goes to it without a detour (Linux's `tcp_v4_early_demux`).
//!
//! That its flow is known says what routes and rules would: both its addresses passed them when the connection began. Whatever is not
//! ordinary (other headers, another kind of flow, a damaged segment) takes the long way, which counts and answers it.

use crate::Shard;
use crate::demux::is_checksum_right;
use crate::handle::{Handle, Tag};
use crate::ipv4::count_ecn;
use crate::receive::{Fate, arrival_time};
use crate::receive_offload::BurstOffload;
use periplus_journey::Instant;
use periplus_ring::{Arrival, BURST, RxChecksum};
use periplus_tcp::{Disposition, Payload, Segment};
use periplus_wire::ordinary::OrdinaryHeaders;
use periplus_wire::tcp::{TcpFlags, TcpOptions};

// A bit for each.
const _: () = assert!(BURST <= u64::BITS as usize);

impl Shard {
    /// Looks the flows of a burst up together, and at what is kept of them. Each look is a wait for memory where there are many
    /// connections, and depends on nothing but its own frame: so the processor waits for all of them at once. Of
    /// neighbours of the same flow one is looked up: returns a bit for each that has the flow of the one before it.
    pub(crate) fn look_ahead(&mut self, arrivals: &[Arrival]) -> u64 {
        let mut tuples = [None; BURST];
        let (mut before, mut flows, mut same_flow) = (None, 0, 0);
        for (number, arrival) in arrivals.iter().enumerate().take(BURST) {
            let ends = OrdinaryHeaders::ends_ahead(&arrival.frame);
            if ends == before {
                same_flow |= 1 << number;
            } else {
                before = ends;
                tuples[flows] = OrdinaryHeaders::four_tuple_ahead(&arrival.frame);
                flows += 1;
            }
        }
        self.flow_table
            .get_many_ipv4(&tuples[..flows], &mut self.ahead);
        let established = self
            .ahead
            .iter()
            .flatten()
            .filter(|handle| handle.tag() == Tag::Established);
        let touched = established
            .filter_map(|handle| self.flows.get(handle.index()))
            .fold(0, |touched, flow| touched ^ flow.touch());
        std::hint::black_box(touched);
        same_flow
    }

    /// Takes a segment of an established connection, which a look [ahead](Self::look_ahead) may have `found`, and of those `behind` it as
    /// many as continue it: returns how many. Any other arrival is left.
    #[inline]
    pub(crate) fn early_demux(
        &mut self,
        now: Instant,
        found: Option<Handle>,
        arrival: &mut Arrival,
        behind: &mut [Arrival],
    ) -> Option<(Fate, usize)> {
        let length = arrival.length();
        let ordinary = OrdinaryHeaders::parse(&arrival.frame, length, self.options.ethernet)?;
        let (headers, options) = ordinary;
        if headers.tcp().flags().contains(TcpFlags::SYN) {
            let fate = self.early_syn(now, ordinary, arrival)?;
            return Some((fate, 0));
        }
        let handle = self.established(found, headers.four_tuple())?;
        let (addresses, segment) = (headers.addresses(), headers.segment());
        if arrival.checksum == RxChecksum::Unverified
            && !is_checksum_right(addresses, segment, arrival)
        {
            return None;
        }
        let index = handle.index();
        let ring_seen_empty = self.ring_seen_empty;
        let time = arrival_time(now, ring_seen_empty, arrival);
        // What was known may be over since, and another have begun.
        let Some(flow) = self.flows.get_mut(index).filter(|flow| flow.is_listed) else {
            self.last_flow = None;
            return None;
        };
        let mut offload =
            (!behind.is_empty()).then(|| BurstOffload::new(ordinary, behind, now, ring_seen_empty));
        let header = headers.tcp();
        let (seq, ack) = (header.sequence(), header.acknowledgment());
        let (wnd, flags) = (header.window(), header.flags());
        let (options, ecn) = (TcpOptions::parse(options), headers.ecn());
        let (start, length) = (headers.payload_start(), headers.payload_length());
        arrival.frame.advance(start);
        let frame = std::mem::take(&mut arrival.frame);
        let mut payload = Payload::new(frame, std::mem::take(&mut arrival.rest));
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
        let context = &mut self.environment.context(now);
        let disposition = flow
            .connection
            .segments_arrive(context, segment, &mut offload);
        let continued = offload.map_or(0, |offload| offload.taken);
        let packets = 1 + continued as u64;
        let counters = &mut self.environment.counters;
        counters.ip_in_receives += packets;
        count_ecn(counters, ecn, packets);
        counters.tcp_in_segs += packets;
        counters.tcp_rcv_coalesce += continued as u64;
        if let Disposition::AnsweredByReset(answer) = disposition {
            let key = flow.key;
            self.settle(index);
            return Some((self.send_reset(key, answer), continued));
        }
        self.settle(index);
        let fate = match disposition {
            Disposition::Delivered => Fate::Delivered,
            Disposition::Dropped(reason) => Fate::Dropped(reason),
            _ => Fate::Consumed,
        };
        Some((fate, continued))
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
