//! Everything between two ends: one incarnation of a connection after another.

use super::agreed::Said;
use super::arrivals::Arrivals;
use super::facts::{End, Facts, Opening};
use super::incarnation::Incarnation;
use super::late::Late;
use super::receiving::Receiving;
use super::rules::{resets, stream};
use super::segment::Segment;
use super::user::User;
use super::watching::Call;
use periplus_journey::Instant;
use std::collections::VecDeque;

/// A SYN of the peer's.
#[derive(Clone, Debug)]
pub(super) struct PeerSyn {
    at: Instant,
    sequence: u32,
    window: u16,
    said: Said,
    timestamp: Option<u32>,
    text: Vec<u8>,
}

/// So many of the peer's SYNs are remembered.
const SYNS: usize = 32;

/// So many incarnations are remembered.
const INCARNATIONS: usize = 16;

/// So many late segments are kept.
const LATE: usize = 64;

/// Numbers that are further apart are those of another incarnation.
const NEAR: i64 = 1 << 20;

/// All that passed between two ends.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) last_seen: Instant,
    syns: VecDeque<PeerSyn>,
    /// How many of them were not answered yet.
    unanswered: u32,
    arrivals: Arrivals,
    pub(super) incarnations: Vec<Incarnation>,
    /// The incarnation that the user's handle stands for.
    handle: Option<u32>,
    /// What came after the newest incarnation was given up or over.
    late: Vec<Late>,
    /// What the user did after it asked for a connection, and before the first SYN left.
    early: Option<(User, Instant)>,
}

impl Conversation {
    pub(super) fn new() -> Self {
        Self {
            last_seen: Instant::ZERO,
            syns: VecDeque::new(),
            unanswered: 0,
            arrivals: Arrivals::default(),
            incarnations: Vec::new(),
            handle: None,
            early: None,
            late: Vec::new(),
        }
    }

    /// A segment has come to the host.
    pub(super) fn received(&mut self, segment: &Segment<'_>, now: Instant) {
        self.last_seen = now;
        if segment.flags.syn && !segment.flags.ack && !segment.flags.rst {
            self.unanswered += 1;
            self.syns.push_back(PeerSyn {
                at: now,
                sequence: segment.sequence,
                window: segment.window,
                said: Said::by(segment),
                timestamp: segment.options.timestamps.map(|(value, _)| value),
                text: segment.payload.to_vec(),
            });
            if self.syns.len() > SYNS {
                self.syns.pop_front();
            }
        }
        self.arrivals.add(segment);
        let over = |it: &Incarnation| it.facts.may_be_over();
        let flags = segment.flags;
        if self.incarnations.last().is_some_and(over) && flags.ack && !flags.syn && !flags.rst {
            self.late.push(Late::of(segment));
            if self.late.len() > LATE {
                self.late.remove(0);
            }
        }
        for incarnation in &mut self.incarnations {
            incarnation.received(segment, now);
        }
    }

    /// An ICMP message tells of an error with a packet of the host's.
    pub(super) fn undeliverable(&mut self, too_long: bool, now: Instant) {
        for incarnation in &mut self.incarnations {
            incarnation.facts.unreachable = Some(now);
            if too_long {
                incarnation.facts.too_long = Some(now);
            }
        }
    }

    /// With SYN cookies (RFC 4987 3.6) the acknowledgment of a SYN/ACK opens a connection again, if the first one is gone.
    fn reopen(&mut self, now: Instant) -> bool {
        let acknowledges = |facts: &Facts, late: &Late| {
            let peer = facts.receiving.as_ref().map(|receiving| receiving.initial);
            facts.opening == Opening::Passive
                && late.segment.acknowledgment == facts.sending.initial.wrapping_add(1)
                && peer == Some(late.segment.sequence.wrapping_sub(1))
        };
        let late = std::mem::take(&mut self.late);
        for (at, first) in late.iter().enumerate() {
            let same = |it: &&Incarnation| acknowledges(&it.facts, first);
            let Some(last) = self.incarnations.iter().rev().find(same) else {
                continue;
            };
            let facts = last.facts.reopened(now);
            let reopened = self.add(facts);
            for late in &late[at..] {
                self.incarnations[reopened].received(&late.segment(), now);
            }
            return true;
        }
        false
    }

    fn add(&mut self, facts: Facts) -> usize {
        if self.incarnations.len() >= INCARNATIONS {
            self.incarnations.remove(0);
        }
        self.incarnations.push(Incarnation::new(facts));
        self.incarnations.len() - 1
    }

    /// A segment leaves the host.
    pub(super) fn sent(
        &mut self,
        segment: &Segment<'_>,
        now: Instant,
        calls: bool,
        wrong: &mut Vec<String>,
    ) {
        self.last_seen = now;
        if segment.flags.rst {
            self.reset(segment, now, wrong);
            return;
        }
        let mut found = if segment.flags.syn {
            self.opened(segment, now, calls, wrong)
        } else {
            self.of_segment(segment)
        };
        let gone = |it: &Incarnation| {
            let facts = &it.facts;
            facts.end.is_some() || (facts.may_be_over() && !facts.continues(segment))
        };
        if found.is_some_and(|at| gone(&self.incarnations[at])) && self.reopen(now) {
            found = self.of_segment(segment);
        }
        if let Some(at) = found
            && segment.flags.syn
            && segment.flags.ack
            && self.unanswered > 0
        {
            self.unanswered -= 1;
            self.incarnations[at].answers();
        }
        match found {
            Some(at) => self.incarnations[at].sent(segment, now, wrong),
            None if segment.flags.syn => {}
            None => {
                wrong.push("RFC 9293 3.3.2: a segment of a connection that was never opened".into())
            }
        }
    }

    /// A RST leaves the host.
    fn reset(&mut self, segment: &Segment<'_>, now: Instant, wrong: &mut Vec<String>) {
        let given_up = |it: &Incarnation| {
            let facts = &it.facts;
            let place = facts.sending.place(segment.sequence);
            facts.user.gone() && facts.end.is_none() && (0..=facts.sending.next).contains(&place)
        };
        let of = (self.incarnations.iter().position(given_up)).or_else(|| self.of_segment(segment));
        let facts = of.map(|at| &self.incarnations[at].facts);
        resets::sent(&self.arrivals, facts, segment, wrong);
        if let Some(at) = of {
            let facts = &mut self.incarnations[at].facts;
            // A listener that keeps nothing says it of a connection that may be opened yet.
            if facts.end.is_none() && (facts.shown_established || facts.user.gone()) {
                facts.end = Some((End::ResetByHost, now));
            }
        }
    }

    /// The incarnation that a SYN or SYN/ACK belongs to, a new one if need be.
    fn opened(
        &mut self,
        segment: &Segment<'_>,
        now: Instant,
        calls: bool,
        wrong: &mut Vec<String>,
    ) -> Option<usize> {
        let same = |incarnation: &Incarnation| {
            let facts = &incarnation.facts;
            let peer = facts.receiving.as_ref().map(|receiving| receiving.initial);
            // With SYN cookies (RFC 4987 3.6) the same numbers come again, for a connection that is another one.
            let over = facts.shown_established && facts.may_be_over();
            facts.sending.initial == segment.sequence
                && !(over && segment.flags.ack)
                && (!segment.flags.ack || peer == Some(segment.acknowledgment.wrapping_sub(1)))
        };
        if let Some(at) = self.incarnations.iter().rposition(same) {
            if segment.flags.ack {
                self.answered_syns(at, segment);
            }
            return Some(at);
        }
        let mut facts = Facts::opened(segment, now);
        facts.user.known = calls;
        if !segment.flags.ack
            && let Some((early, asked)) = self.early.take()
        {
            facts.user = early;
            facts.asked = asked;
            self.handle = Some(segment.sequence);
        }
        if segment.flags.ack {
            let answered = segment.acknowledgment.wrapping_sub(1);
            let Some(syn) = self.syns.iter().rev().find(|syn| syn.sequence == answered) else {
                wrong.push("RFC 9293 3.10.7.2: a SYN/ACK that answers no SYN".into());
                return None;
            };
            let first = self.syns.iter().find(|syn| syn.sequence == answered);
            facts.asked = first.map_or(now, |syn| syn.at);
            facts.answer(syn.sequence, syn.window, syn.said);
            if let Some(receiving) = &mut facts.receiving {
                receiving.take(1, &syn.text, i64::from(u16::MAX));
            }
        }
        let at = self.add(facts);
        self.answered_syns(at, segment);
        Some(at)
    }

    /// A SYN/ACK leaves the host: the SYN that it answers may have come more than once, and have said something else.
    fn answered_syns(&mut self, at: usize, segment: &Segment<'_>) {
        let answered = segment.acknowledgment.wrapping_sub(1);
        let incarnation = &mut self.incarnations[at];
        for syn in self.syns.iter().filter(|syn| syn.sequence == answered) {
            incarnation.facts.agreed.peer(syn.said);
            if let Some(value) = syn.timestamp {
                incarnation.syn_timestamp(value);
            }
        }
    }

    /// The incarnation that a segment without SYN belongs to: the newest that it continues, or else the newest whose numbers
    /// are near.
    fn of_segment(&self, segment: &Segment<'_>) -> Option<usize> {
        let newest = |test: &dyn Fn(&Facts) -> bool| {
            self.incarnations.iter().rposition(|it| test(&it.facts))
        };
        let near = |facts: &Facts| {
            let at = facts.sending.place(segment.sequence);
            let acknowledges = facts.receiving.as_ref().is_some_and(|receiving| {
                let place = receiving.acknowledged_place(segment.acknowledgment);
                place >= 0 && place <= receiving.furthest().max(receiving.acknowledged) + NEAR
            });
            at >= -1
                && at <= facts.sending.next.max(facts.sending.edge) + NEAR
                && (acknowledges || !segment.flags.ack)
        };
        newest(&|facts| facts.continues(segment) && facts.sending.synchronized())
            .or_else(|| newest(&|facts| facts.continues(segment)))
            .or_else(|| newest(&|facts| near(facts) && facts.sending.synchronized()))
            .or_else(|| newest(&near))
            .or(self.incarnations.len().checked_sub(1))
    }

    /// The user made a call.
    pub(super) fn call(&mut self, call: &Call<'_>, now: Instant, wrong: &mut Vec<String>) {
        if let Call::Accept(_) = call {
            self.accepted(now, wrong);
            return;
        }
        if let Call::Connect(_) = call {
            self.connect(now);
            return;
        }
        let handle = self.handle;
        let of_handle = (self.incarnations.iter_mut().rev()).find(|it| {
            let given = it.facts.opening == Opening::Active || it.facts.user.accepted.is_some();
            handle.is_none_or(|initial| given && it.facts.sending.initial == initial)
        });
        match (&mut self.early, of_handle) {
            (Some((early, _)), _) => early.take(call, now, wrong),
            (None, Some(incarnation)) if incarnation.facts.user.known => {
                let facts = &mut incarnation.facts;
                match call {
                    Call::Read(_, bytes) => stream::read(facts, bytes, wrong),
                    Call::ReadEnd(_) => stream::read_end(facts, wrong),
                    Call::Failed(_) => resets::failed(facts, wrong),
                    _ => {}
                }
                let open = facts.user.shut.is_none();
                facts.user.take(call, now, wrong);
                if open && facts.user.shut.is_some() {
                    facts.closed_second =
                        (facts.receiving.as_ref()).is_some_and(Receiving::fin_acknowledged);
                }
            }
            (None, _) => {}
        }
    }

    /// A connection is asked for. Its SYN may have left already.
    fn connect(&mut self, now: Instant) {
        match self.incarnations.last_mut() {
            Some(last) if last.facts.opening == Opening::Active && last.facts.sending.next <= 1 => {
                last.facts.user.known = true;
                self.handle = Some(last.facts.sending.initial);
            }
            _ => {
                let user = User {
                    known: true,
                    ..User::default()
                };
                self.early = Some((user, now));
            }
        }
    }

    /// RFC 9293 3.10.7.4, SYN-RECEIVED: only an acknowledgment of the SYN establishes a connection. A SYN cookie is no
    /// exception (RFC 4987 3.6): it is the initial sequence number.
    fn accepted(&mut self, now: Instant, wrong: &mut Vec<String>) {
        let waits =
            |it: &Incarnation| it.facts.sending.synchronized() && it.facts.user.accepted.is_none();
        if !self.incarnations.iter().any(waits) {
            self.reopen(now);
        }
        // Two handles for the same two ends: which of them a call is for cannot be told.
        let held = |it: &Incarnation| it.facts.user.accepted.is_some() && !it.facts.user.gone();
        let ambiguous = self.incarnations.iter().any(held);
        let established = self.incarnations.iter_mut().rev().find(|it| waits(it));
        match established {
            Some(incarnation) => {
                self.handle = Some(incarnation.facts.sending.initial);
                incarnation.facts.user.accepted = Some(now);
                incarnation.facts.shown_established = true;
                if ambiguous {
                    for incarnation in &mut self.incarnations {
                        incarnation.facts.user.known = false;
                    }
                }
            }
            None => wrong.push(
                "RFC 9293 3.10.7.4: a connection is accepted, and no SYN/ACK of the host's was acknowledged".into(),
            ),
        }
    }

    /// Whether there is a connection that has not ended.
    pub(super) fn is_alive(&self) -> bool {
        let alive = |it: &Incarnation| it.facts.shown_established && it.facts.end.is_none();
        self.incarnations.iter().any(alive)
    }

    /// Time has passed.
    pub(super) fn look(&mut self, now: Instant, wrong: &mut Vec<String>) {
        for incarnation in &mut self.incarnations {
            incarnation.look(now, wrong);
        }
    }
}
