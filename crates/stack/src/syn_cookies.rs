//! The passive path without a record: a SYN is answered by a cookie, and an ACK brings it back.

use crate::Shard;
use crate::flow_table::HashedKey;
use crate::handle::{Handle, Tag};
use crate::outbox::Message;
use crate::passive_open::pack;
use crate::receive::Fate;
use crate::slab::Index;
use periplus_journey::{DropReason, Instant};
use periplus_tcp::listen::{AckVerdict, Syn};
use periplus_tcp::{HalfOpen, InitialSequence, Segment};
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use std::net::Ipv4Addr;

impl Shard {
    /// A SYN that the listener wants no record of.
    pub(crate) fn answer_by_cookie(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        listener: Index,
        syn: Syn<'_>,
    ) -> Fate {
        let Some(ends) = flow.ends.ipv4() else {
            return Fate::Dropped(DropReason::UnhandledProto);
        };
        let offset = timestamp_offset(&self.environment.initial_sequence, flow, syn.options);
        let offer = self.offer_at(listener);
        let context = self.environment.context(now);
        let header = self.syn_cookies.syn_ack(syn, ends, offer, offset, &context);
        self.outbox.push(Message::Segment {
            ends: flow.ends,
            header,
        });
        Fate::Consumed
    }

    /// The record that a segment without a connection brings back to its listener by a cookie, `None` if it brings none. As on
    /// Linux it may carry data or a FIN, but neither RST nor SYN.
    pub(crate) fn cookie_in(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        listener: Index,
        segment: &Segment,
    ) -> Option<HalfOpen<Ipv4Addr>> {
        let environment = &mut self.environment;
        let listening = &mut self.listeners.get_mut(listener)?.listener;
        let may_bring = segment.has(TcpFlags::ACK)
            && !segment.flags.intersects(TcpFlags::RST | TcpFlags::SYN)
            && listening.expects_cookies(now, &environment.sysctls);
        if !may_bring {
            return None;
        }
        let ends = flow.ends.ipv4()?;
        let offset = timestamp_offset(&environment.initial_sequence, flow, &segment.options);
        let offer = environment.offer_of(&listening.options);
        let context = environment.context(now);
        let cookies = &mut self.syn_cookies;
        let mut record = cookies.half_open(segment, ends, offer, offset, &context);
        match &mut record {
            Some(record) => record.listener = pack(listener),
            None => listening.cookie_fails(&mut environment.counters),
        }
        record
    }

    /// The ACK with a cookie: its record becomes a connection in the accept queue at once.
    pub(crate) fn cookie_arrives(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        listener: Index,
        record: HalfOpen<Ipv4Addr>,
        ack: Segment,
    ) -> Fate {
        let Some(bound) = self.listeners.get_mut(listener) else {
            return Fate::Dropped(DropReason::NoSocket);
        };
        if !self.sources.admits_connection(flow.ends.remote_address()) {
            bound.listener.drop_one(&mut self.environment.counters);
            return Fate::Dropped(DropReason::SourceLimit);
        }
        let verdict = bound
            .listener
            .cookie_arrives(&mut self.environment.counters);
        if verdict != AckVerdict::Establish {
            return Fate::Dropped(DropReason::TcpListenOverflow);
        }
        let offset = timestamp_offset(&self.environment.initial_sequence, flow, &ack.options);
        let Some(connection) = self.establish(now, flow, listener, &record, offset, &ack) else {
            return Fate::Dropped(DropReason::SocketLimit);
        };
        let handle = Handle::new(Tag::Established, connection);
        self.flow_table.enter(flow, handle);
        self.segment_for_connection(now, flow.key(), connection, ack)
    }
}

/// The offset of our timestamps, where a segment of the flow with these options has any: it costs a hash.
fn timestamp_offset(sequence: &InitialSequence, flow: &HashedKey, options: &TcpOptions) -> u32 {
    match options.timestamps {
        Some(_) => sequence.of(&flow.ends).timestamp_offset(),
        None => 0,
    }
}
