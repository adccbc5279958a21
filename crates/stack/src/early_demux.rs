//! Early demux: a segment of an established connection goes to it without a detour (Linux's `tcp_v4_early_demux`).
//!
//! That its flow is known says what routes and rules would: both its addresses passed them when the connection began. Whatever is not
//! ordinary (other headers, another kind of flow, a damaged segment) takes the long way, which counts and answers it.

use crate::Shard;
use crate::demux::is_checksum_right;
use crate::flow_table::HashedKey;
use crate::handle::{Handle, Tag};
use crate::ipv4::count_ecn;
use crate::receive::{Fate, arrival_time};
use crate::receive_offload::BurstOffload;
use periplus_journey::Instant;
use periplus_ring::{Arrival, BURST, RxChecksum};
use periplus_tcp::{Disposition, Ends, Payload, Segment};
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
        let touched = established.fold(0, |touched, handle| {
            touched ^ self.flows.touch(handle.index())
        });
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
        let four_tuple = headers.four_tuple();
        let handle = match self.known(found, four_tuple) {
            Some(handle) => handle,
            None => {
                let flow = self.flow_table.hashed(Ends::V4(four_tuple));
                let handle = self.flow_table.find(&flow)?;
                if handle.tag() != Tag::Established {
                    let fate = self.early_segment(now, &flow, handle, arrival)?;
                    return Some((fate, 0));
                }
                self.last_flow = Some((four_tuple, handle));
                handle
            }
        };
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

    /// The established connection with these ends, if it was `found` ahead or is the one before, which it often is.
    #[inline]
    fn known(&self, found: Option<Handle>, four_tuple: [u8; 12]) -> Option<Handle> {
        let last = self.last_flow.filter(|(last, _)| *last == four_tuple);
        let known = found.or(last.map(|(_, handle)| handle));
        known.filter(|known| known.tag() == Tag::Established)
    }

    /// Takes a segment with ordinary headers that is for a compact record, as the one that completes a handshake is.
    #[inline(never)]
    fn early_segment(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        handle: Handle,
        arrival: &mut Arrival,
    ) -> Option<Fate> {
        let (headers, options) = OrdinaryHeaders::view(&arrival.frame)?;
        if arrival.checksum == RxChecksum::Unverified
            && !is_checksum_right(headers.addresses(), headers.segment(), arrival)
        {
            return None;
        }
        let counters = &mut self.environment.counters;
        counters.ip_in_receives += 1;
        count_ecn(counters, headers.ecn(), 1);
        counters.tcp_in_segs += 1;
        let header = headers.tcp();
        let (start, length) = (headers.payload_start(), headers.payload_length());
        let mut segment = Segment {
            seq: header.sequence(),
            ack: header.acknowledgment(),
            wnd: header.window(),
            flags: header.flags(),
            options: TcpOptions::parse(options),
            ecn: headers.ecn(),
            payload: Payload::default(),
            time: arrival_time(now, self.ring_seen_empty, arrival),
        };
        arrival.frame.advance(start);
        let frame = std::mem::take(&mut arrival.frame);
        segment.payload = Payload::new(frame, std::mem::take(&mut arrival.rest));
        segment.payload.truncate(length); // Ethernet's padding
        Some(self.segment_for(now, flow, handle, segment))
    }
}
