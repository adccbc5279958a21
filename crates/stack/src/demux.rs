//! Demux: a decision, not a station. Whose segment is this? One look-up finds a flow of any kind; a SYN without one finds
//! a listener; what finds neither is refused.

use crate::Shard;
use crate::flow_table::{FlowKey, HashedKey};
use crate::handle::{Handle, Tag};
use crate::ipv4::Ipv4Packet;
use crate::options::ClosedPortPolicy;
use crate::outbox::Message;
use crate::receive::Fate;
use crate::slab::Index;
use periplus_journey::{DropReason, Instant};
use periplus_ring::{Arrival, RxChecksum};
use periplus_tcp::listen::Syn;
use periplus_tcp::{Disposition, Payload, Segment, SegmentHeader, TimeWaitDisposition};
use periplus_wire::checksum::Sum;
use periplus_wire::tcp::{TcpFlags, TcpHeader, TcpOptions};
use periplus_wire::{Ecn, ipv4};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;

impl Shard {
    pub(crate) fn tcp_arrives(
        &mut self,
        now: Instant,
        packet: Ipv4Packet,
        arrival: Arrival,
    ) -> Fate {
        self.environment.counters.tcp_in_segs += 1;
        let addresses = (packet.source, packet.destination);
        let segment = packet.payload_start..packet.payload_start + packet.payload_length;
        if arrival.checksum == RxChecksum::Unverified
            && !is_checksum_right(addresses, segment, &arrival)
        {
            self.environment.counters.tcp_in_errs += 1;
            return Fate::Dropped(DropReason::TcpCsum);
        }
        let first = &arrival.frame[packet.payload_start..];
        let first = &first[..first.len().min(packet.payload_length)];
        let Ok((header, options, _)) = TcpHeader::parse(first) else {
            self.environment.counters.tcp_in_errs += 1;
            return Fate::Dropped(DropReason::PktTooSmall);
        };
        let key = FlowKey {
            local: SocketAddr::new(packet.destination.into(), header.destination_port()),
            remote: SocketAddr::new(packet.source.into(), header.source_port()),
        };
        let flow = &self.flow_table.hashed(key.ends());
        let handle = self.flow_table.find(flow);
        if handle.is_none() {
            let flags = header.flags();
            let opens =
                flags.contains(TcpFlags::SYN) && !flags.intersects(TcpFlags::ACK | TcpFlags::RST);
            // RFC 9293 3.10.7.2, fourth: to a listener, what neither opens, acknowledges nor resets means nothing. Nor does a SYN
            // with FIN, which the third step leaves open: no client closes with its SYN, and who scans learns nothing (as on Linux).
            let means_something = flags.intersects(TcpFlags::SYN | TcpFlags::ACK | TcpFlags::RST)
                && !(opens && flags.contains(TcpFlags::FIN));
            let listener = self.listener_table.find(key.local);
            let segment = SegmentParts::new(header, options);
            return match listener {
                Some(_) if !means_something => Fate::Dropped(DropReason::TcpFlags),
                Some(listener) if opens => {
                    let segment = self.segment(now, segment, packet, arrival);
                    self.syn_arrives(now, flow, listener, Syn::from(&segment), None)
                }
                // The port is open; it is the connection that nobody knows, and its peer has to learn that, unless a cookie says
                // who it is.
                Some(listener) => {
                    if let Some(record) = self.cookie_in(now, flow, listener, &segment.segment) {
                        let ack = self.segment(now, segment, packet, arrival);
                        return self.cookie_arrives(now, flow, listener, record, ack);
                    }
                    let policy = ClosedPortPolicy::Rst;
                    self.no_socket(now, key, policy, &segment, packet, &arrival)
                }
                None => {
                    let policy = self.options.on_closed_port;
                    self.no_socket(now, key, policy, &segment, packet, &arrival)
                }
            };
        }
        let parts = SegmentParts::new(header, options);
        let segment = self.segment(now, parts, packet, arrival);
        match handle {
            Some(handle) => self.segment_for(now, flow, handle, segment),
            None => Fate::Dropped(DropReason::NoSocket),
        }
    }

    pub(crate) fn segment(
        &self,
        now: Instant,
        parts: SegmentParts,
        packet: Ipv4Packet,
        mut arrival: Arrival,
    ) -> Segment {
        let time = self.arrival_time(now, &arrival);
        arrival
            .frame
            .advance(packet.payload_start + parts.header_length);
        let mut payload = Payload::new(arrival.frame, arrival.rest);
        payload.truncate(packet.payload_length - parts.header_length); // Ethernet's padding
        Segment {
            payload,
            time,
            ecn: packet.ecn,
            ..parts.segment
        }
    }

    pub(crate) fn segment_for(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        handle: Handle,
        segment: Segment,
    ) -> Fate {
        let index = handle.index();
        match handle.tag() {
            Tag::Established => self.segment_for_connection(now, flow.key(), index, segment),
            Tag::HalfOpen => self.segment_for_half_open(now, flow, index, segment),
            Tag::TimeWait => self.segment_for_time_wait(now, flow, index, segment),
        }
    }

    pub(crate) fn segment_for_connection(
        &mut self,
        now: Instant,
        key: FlowKey,
        index: Index,
        segment: Segment,
    ) -> Fate {
        let Some(flow) = self.flows.get_mut(index) else {
            return Fate::Dropped(DropReason::NoSocket);
        };
        let disposition = flow
            .connection
            .segment_arrives(&mut self.environment.context(now), segment);
        self.settle(index);
        match disposition {
            Disposition::Delivered => Fate::Delivered,
            Disposition::Consumed => Fate::Consumed,
            Disposition::Dropped(reason) => Fate::Dropped(reason),
            Disposition::AnsweredByReset(answer) => self.send_reset(key, answer),
        }
    }

    fn segment_for_time_wait(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        index: Index,
        segment: Segment,
    ) -> Fate {
        let key = flow.key();
        let Some(entry) = self.time_wait.get_mut(index) else {
            return Fate::Dropped(DropReason::NoSocket);
        };
        let is_syn = segment.has(TcpFlags::SYN);
        let listener = self.listener_table.find(key.local).filter(|_| is_syn);
        let context = &mut self.environment.context(now);
        match entry
            .record
            .segment_arrives(&segment, listener.is_some(), context)
        {
            TimeWaitDisposition::Acknowledge(header, reason) => {
                let (deadline, timer) = (entry.record.ends_at, entry.timer);
                entry.timer =
                    self.timers
                        .arm(Some(timer), deadline, Handle::new(Tag::TimeWait, index));
                self.outbox.push(Message::Segment {
                    ends: flow.ends,
                    header,
                });
                Fate::Dropped(reason)
            }
            TimeWaitDisposition::Consume => Fate::Consumed,
            TimeWaitDisposition::Ignore(reason) => Fate::Dropped(reason),
            TimeWaitDisposition::Forget => {
                self.forget_time_wait(index);
                Fate::Consumed
            }
            TimeWaitDisposition::Reopen => match listener {
                Some(listener) => {
                    self.environment.counters.time_wait_recycled += 1;
                    let old = self.forget_time_wait(index);
                    self.syn_arrives(now, flow, listener, Syn::from(&segment), old)
                }
                None => Fate::Dropped(DropReason::NoSocket),
            },
        }
    }

    /// Sends a RST without a connection.
    pub(crate) fn send_reset(&mut self, key: FlowKey, header: SegmentHeader) -> Fate {
        self.environment.counters.tcp_out_rsts += 1;
        self.outbox.push(Message::Segment {
            ends: key.ends(),
            header,
        });
        Fate::Refused
    }
}

/// A segment's header, taken apart before its frame moves.
#[derive(Debug)]
pub(crate) struct SegmentParts {
    /// The segment without its payload.
    pub(crate) segment: Segment,
    header_length: usize,
}

impl SegmentParts {
    fn new(header: &TcpHeader, options: &[u8]) -> Self {
        let segment = Segment {
            seq: header.sequence(),
            ack: header.acknowledgment(),
            wnd: header.window(),
            flags: header.flags(),
            options: TcpOptions::parse(options),
            ecn: Ecn::NotEct,
            payload: Payload::default(),
            time: Default::default(),
        };
        Self {
            segment,
            header_length: header.header_length(),
        }
    }

    /// SEG.LEN, though the payload is not attached: it is not needed to refuse the segment.
    pub(crate) fn seg_len(&self, packet: Ipv4Packet) -> u32 {
        (packet.payload_length - self.header_length) as u32 + self.segment.len()
    }
}

/// The checksum over the pseudo-header and the whole chain (RFC 9293 3.1), of the `segment` that lies there in the arrival.
#[inline(always)]
pub(crate) fn is_checksum_right(
    (source, destination): (Ipv4Addr, Ipv4Addr),
    segment: Range<usize>,
    arrival: &Arrival,
) -> bool {
    let length = segment.len() as u32;
    let mut sum = Sum::pseudo_header(source.into(), destination.into(), ipv4::TCP, length);
    match arrival.frame.get(segment.clone()) {
        Some(whole) => sum.add(whole),
        None => arrival.pieces(segment).for_each(|piece| sum.add(piece)),
    }
    sum.finish() == 0
}
