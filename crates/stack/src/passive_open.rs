//! The passive path: a SYN into the SYN queue, a handshake completed into the accept queue.

use crate::Shard;
use crate::flow_table::{FlowKey, HashedKey};
use crate::handle::{Handle, Tag};
use crate::outbox::Message;
use crate::receive::Fate;
use crate::shard::{HalfOpenEntry, ListenerId, Ready};
use crate::slab::Index;
use periplus_journey::{DropReason, Instant, Outcome, QueuesMet};
use periplus_tcp::listen::{AckVerdict, Syn, SynVerdict};
use periplus_tcp::{Connection, Ends, HalfOpen, HalfOpenDisposition, Offer, Segment, TimeWait};
use std::net::Ipv4Addr;

impl Shard {
    /// A SYN for a listener (RFC 9293 3.10.7.2). `old` is the record of the connection in TIME-WAIT that it replaces.
    pub(crate) fn syn_arrives(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        listener: Index,
        syn: Syn<'_>,
        old: Option<TimeWait<Ipv4Addr>>,
    ) -> Fate {
        let key = &flow.key();
        let Some(bound) = self.listeners.get_mut(listener) else {
            return Fate::Dropped(DropReason::NoSocket);
        };
        let environment = &mut self.environment;
        let source = key.remote.ip();
        // Where there is no more to give, the newest goes first: those that were let in keep what they have.
        let refused = if environment.memory_is_used_up() {
            Some(DropReason::ProtoMem)
        } else if !self.sources.admits_connection(source) {
            Some(DropReason::SourceLimit)
        } else {
            None
        };
        if let Some(reason) = refused {
            bound.listener.drop_one(&mut environment.counters);
            return self.syn_dropped(now, flow, listener, syn, reason);
        }
        let may_queue = !self.half_open.is_full() && self.sources.admits_half_open(source);
        let verdict = bound.listener.syn_arrives(
            old.is_some(),
            may_queue,
            now,
            &environment.sysctls,
            &mut environment.counters,
        );
        match verdict {
            SynVerdict::Queue => {}
            SynVerdict::Cookie => return self.answer_by_cookie(now, flow, listener, syn),
            SynVerdict::Drop(reason) => return self.syn_dropped(now, flow, listener, syn, reason),
        }
        let Some(ends) = flow.ends.ipv4() else {
            return Fate::Dropped(DropReason::UnhandledProto);
        };
        let secret = environment.initial_sequence.of(&flow.ends);
        let iss = secret.iss(now);
        let iss = old.map_or(iss, |old| old.iss(iss));
        let offer = environment.offer_of(&bound.listener.options);
        let context = environment.context(now);
        let number = pack(listener);
        let mut record = HalfOpen::new(syn, ends.0, ends.1, number, iss, offer, &context);
        bound.listener.syn_queue.enter();
        let length = bound.listener.syn_queue.len();
        record.syn_queue_length = u16::try_from(length).unwrap_or(u16::MAX);
        let header = record.syn_ack(offer, secret.timestamp_offset(), &context);
        let deadline = now + record.syn_ack_timeout();
        // The timer's handle needs the record's index, and the record the timer's.
        let timer = self.syn_ack_timers.arm(
            None,
            deadline,
            Handle::new(
                Tag::HalfOpen,
                Index {
                    slot: 0,
                    generation: 0,
                },
            ),
        );
        let Ok(index) = self.half_open.insert(HalfOpenEntry { record, timer }) else {
            self.syn_ack_timers.disarm(timer);
            bound.listener.syn_queue.leave(true);
            bound.listener.drop_one(&mut environment.counters);
            return self.syn_dropped(now, flow, listener, syn, DropReason::SocketLimit);
        };
        self.sources.half_open_entered(key.remote.ip());
        let handle = Handle::new(Tag::HalfOpen, index);
        self.syn_ack_timers.arm(Some(timer), deadline, handle);
        self.flow_table.enter(flow, handle);
        self.outbox.push(Message::Segment {
            ends: flow.ends,
            header,
        });
        Fate::Consumed
    }

    /// A SYN was dropped: when its first copy was is remembered.
    fn syn_dropped(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        listener: Index,
        syn: Syn<'_>,
        reason: DropReason,
    ) -> Fate {
        let fate = Fate::Dropped(reason);
        self.dropped_syns.note(flow.hash, syn.seq, syn.time.arrived);
        let listener = self.listeners.get_mut(listener);
        let queues = listener.map_or_else(QueuesMet::default, |bound| bound.listener.queues_met());
        self.record_arrival(now, flow.key(), None, syn.time, fate, queues);
        fate
    }

    /// What the SYN/ACKs of a listener say.
    pub(crate) fn offer_at(&self, listener: Index) -> Offer {
        let bound = self.listeners.get(listener);
        bound.map_or(self.environment.offer, |bound| {
            self.environment.offer_of(&bound.listener.options)
        })
    }

    /// The offset of our timestamps, where the half-open connection has any: it costs a hash.
    fn timestamp_offset(&self, record: &HalfOpen<Ipv4Addr>, ends: &Ends) -> u32 {
        if !record.has_timestamps() {
            return 0;
        }
        let secret = self.environment.initial_sequence.of(ends);
        secret.timestamp_offset()
    }

    /// A SYN/ACK goes out: its answer is waited for from now on, also if it is one that a repeated SYN asked for.
    pub(crate) fn repeat_syn_ack(&mut self, now: Instant, index: Index) {
        let Some(entry) = self.half_open.get(index) else {
            return;
        };
        let record = entry.record;
        let ends = Ends::new(record.local(), record.remote());
        let ts_offset = self.timestamp_offset(&record, &ends);
        let offer = self.offer_at(unpack(record.listener));
        let header = record.syn_ack(offer, ts_offset, &self.environment.context(now));
        self.environment.counters.tcp_syn_retrans += 1;
        self.environment.counters.tcp_retrans_segs += 1;
        self.outbox.push(Message::Segment { ends, header });
        self.await_ack(now, index);
    }

    /// The timer of a half-open connection starts anew.
    pub(crate) fn await_ack(&mut self, now: Instant, index: Index) {
        if let Some(entry) = self.half_open.get_mut(index) {
            let deadline = now + entry.record.syn_ack_timeout();
            let handle = Handle::new(Tag::HalfOpen, index);
            entry.timer = self.syn_ack_timers.arm(Some(entry.timer), deadline, handle);
        }
    }

    /// A segment for a half-open connection.
    pub(crate) fn segment_for_half_open(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        index: Index,
        segment: Segment,
    ) -> Fate {
        let key = flow.key();
        let Some(entry) = self.half_open.get(index) else {
            return Fate::Dropped(DropReason::NoSocket);
        };
        let ts_offset = self.timestamp_offset(&entry.record, &flow.ends);
        let (iss, listener) = (entry.record.iss, unpack(entry.record.listener));
        // Its SYN may have been answered by a cookie as well, before there was room for a record, and the client answers either
        // SYN/ACK. As on Linux, whose `tcp_check_req` hands such an ACK on to the listener.
        if segment.ack != iss + 1
            && let Some(record) = self.cookie_in(now, flow, listener, &segment)
        {
            self.withdraw_half_open(index);
            return self.cookie_arrives(now, flow, listener, record, segment);
        }
        let Some(entry) = self.half_open.get_mut(index) else {
            return Fate::Dropped(DropReason::NoSocket);
        };
        let context = &mut self.environment.context(now);
        match entry.record.segment_arrives(&segment, ts_offset, context) {
            HalfOpenDisposition::Complete => {
                self.handshake_completes(now, flow, index, ts_offset, segment)
            }
            HalfOpenDisposition::RepeatSynAck => {
                self.repeat_syn_ack(now, index);
                Fate::Consumed
            }
            HalfOpenDisposition::Acknowledge(reason) => {
                let record = entry.record;
                let offer = self.offer_at(unpack(record.listener));
                let context = self.environment.context(now);
                let header = record.acknowledgment(offer, ts_offset, &context);
                self.outbox.push(Message::Segment {
                    ends: flow.ends,
                    header,
                });
                Fate::Dropped(reason)
            }
            HalfOpenDisposition::Reset(header) => self.send_reset(key, header),
            HalfOpenDisposition::Remove => {
                self.environment.counters.tcp_attempt_fails += 1;
                self.forget_half_open(now, index, Outcome::Reset, "reset_by_peer");
                Fate::Consumed
            }
            HalfOpenDisposition::Drop(reason) => Fate::Dropped(reason),
        }
    }

    /// The ACK that completes the handshake: the record becomes a connection in the accept queue.
    fn handshake_completes(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        index: Index,
        ts_offset: u32,
        segment: Segment,
    ) -> Fate {
        let key = flow.key();
        let Some(entry) = self.half_open.get_mut(index) else {
            return Fate::Dropped(DropReason::NoSocket);
        };
        let listener = unpack(entry.record.listener);
        let Some(bound) = self.listeners.get_mut(listener) else {
            return Fate::Dropped(DropReason::NoSocket);
        };
        let environment = &mut self.environment;
        let deferring = bound.listener.deferring_timeouts();
        if entry.record.defers(&segment, deferring) {
            environment.counters.tcp_defer_accept_drop += 1;
            return Fate::Consumed;
        }
        match bound
            .listener
            .ack_arrives(&environment.sysctls, &mut environment.counters)
        {
            AckVerdict::Establish => {}
            AckVerdict::Drop => return Fate::Dropped(DropReason::TcpListenOverflow),
            AckVerdict::Reset => {
                environment.counters.embryonic_rsts += 1;
                let answer = periplus_tcp::reset::answer_to(&segment);
                self.forget_half_open(now, index, Outcome::Reset, "tcp_abort_on_overflow");
                return match answer {
                    Some(answer) => self.send_reset(key, answer),
                    None => Fate::Dropped(DropReason::TcpListenOverflow),
                };
            }
        }
        let (record, timer) = (entry.record, entry.timer);
        let Some(connection) = self.establish(now, flow, listener, &record, ts_offset, &segment)
        else {
            // The record stays: the peer's next ACK, or our next SYN/ACK's, tries again.
            return Fate::Dropped(DropReason::SocketLimit);
        };
        self.half_open.remove(index);
        self.sources.half_open_left(key.remote.ip());
        self.syn_ack_timers.disarm(timer);
        self.flow_table
            .change(flow, Handle::new(Tag::Established, connection));
        if let Some(bound) = self.listeners.get_mut(listener) {
            bound.listener.syn_queue.leave(record.is_young());
        }
        // The same segment may carry the request, or a FIN; a bare ACK is the handshake's.
        self.segment_for_connection(now, key, connection, segment)
    }

    /// The record of a handshake that `ack` completes becomes a connection in the accept queue, which `ack` then arrives at.
    /// `None` if the shard has no place for it.
    pub(crate) fn establish(
        &mut self,
        now: Instant,
        flow: &HashedKey,
        listener: Index,
        record: &HalfOpen<Ipv4Addr>,
        ts_offset: u32,
        ack: &Segment,
    ) -> Option<Index> {
        let key = flow.key();
        let bound = self.listeners.get_mut(listener)?;
        let environment = &mut self.environment;
        let offer = environment.offer_of(&bound.listener.options);
        let context = environment.context(now);
        let options = &bound.listener.options;
        let mut connection =
            Connection::from_half_open(record, offer, ts_offset, options, ack, &context);
        if let Some(first) = self.dropped_syns.find(flow.hash, record.irs) {
            connection.first_syn_dropped(first);
        }
        let in_syn_queue = !record.is_cookie();
        let limit = bound.listener.syn_queue.limit();
        connection.came_to(QueuesMet {
            syn_queue: in_syn_queue.then(|| record.syn_queue_met(limit)),
            accept_queue: Some(bound.listener.accept_queue.met_by_the_next()),
        });
        let Some(connection) = self.flows.insert(connection, key) else {
            bound.listener.drop_one(&mut self.environment.counters);
            return None;
        };
        self.sources.connection_entered(key.remote.ip());
        self.environment.counters.tcp_passive_opens += 1;
        bound.listener.accept_queue.push(connection);
        if std::mem::take(&mut bound.listener.wants_accept) {
            self.ready.push(Ready::Listener(ListenerId(listener)));
        }
        Some(connection)
    }

    /// A half-open record goes, and is recorded.
    pub(crate) fn forget_half_open(
        &mut self,
        now: Instant,
        index: Index,
        outcome: Outcome,
        reason: &'static str,
    ) {
        let Some((key, record)) = self.withdraw_half_open(index) else {
            return;
        };
        let mut queues = QueuesMet::default();
        if let Some(bound) = self.listeners.get(unpack(record.listener)) {
            queues.syn_queue = Some(record.syn_queue_met(bound.listener.syn_queue.limit()));
        }
        let flow = self.flow_table.hashed(key.ends());
        let first_dropped = self.dropped_syns.find(flow.hash, record.irs);
        let context = &mut self.environment.context(now);
        record.give_up(first_dropped, queues, outcome, reason, context);
    }

    /// A half-open record goes, and nothing is left of it.
    fn withdraw_half_open(&mut self, index: Index) -> Option<(FlowKey, HalfOpen<Ipv4Addr>)> {
        let HalfOpenEntry { record, timer } = self.half_open.remove(index)?;
        self.syn_ack_timers.disarm(timer);
        let key = FlowKey {
            local: record.local(),
            remote: record.remote(),
        };
        self.flow_table.remove(&key);
        self.sources.half_open_left(key.remote.ip());
        if let Some(bound) = self.listeners.get_mut(unpack(record.listener)) {
            bound.listener.syn_queue.leave(record.is_young());
        }
        Some((key, record))
    }
}

/// A listener's index as the number a record keeps: there are at most 2^16 of them.
pub(crate) fn pack(listener: Index) -> [u16; 3] {
    let Index { slot, generation } = listener;
    [slot as u16, generation as u16, (generation >> 16) as u16]
}

/// The listener of that number.
pub(crate) fn unpack([slot, low, high]: [u16; 3]) -> Index {
    Index {
        slot: slot.into(),
        generation: u32::from(high) << 16 | u32::from(low),
    }
}
