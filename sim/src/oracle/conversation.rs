//! Everything between two ends: one incarnation of a connection after another.

use super::agreed::Said;
use super::facts::Facts;
use super::incarnation::Incarnation;
use super::segment::Segment;
use super::sequence::place;
use super::user::User;
use super::watching::{Call, Connection};
use periplus_journey::Instant;
use std::collections::VecDeque;

/// A SYN of the peer's.
#[derive(Clone, Debug)]
pub(super) struct PeerSyn {
    sequence: u32,
    window: u16,
    said: Said,
    text: Vec<u8>,
}

/// So many of the peer's SYNs are remembered.
const SYNS: usize = 32;

/// So many incarnations are remembered.
const INCARNATIONS: usize = 16;

/// All that passed between two ends.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) connection: Connection,
    pub(super) last_seen: Instant,
    syns: VecDeque<PeerSyn>,
    pub(super) incarnations: Vec<Incarnation>,
    /// The incarnation that the user's handle stands for.
    handle: Option<u32>,
}

impl Conversation {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            last_seen: Instant::ZERO,
            syns: VecDeque::new(),
            incarnations: Vec::new(),
            handle: None,
        }
    }

    /// A segment has come to the host.
    pub(super) fn received(&mut self, segment: &Segment<'_>, now: Instant) {
        self.last_seen = now;
        if segment.flags.syn && !segment.flags.ack && !segment.flags.rst {
            self.syns.push_back(PeerSyn {
                sequence: segment.sequence,
                window: segment.window,
                said: Said::by(segment),
                text: segment.payload.to_vec(),
            });
            if self.syns.len() > SYNS {
                self.syns.pop_front();
            }
        }
        for incarnation in &mut self.incarnations {
            incarnation.received(segment, now);
        }
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
        let found = if segment.flags.syn {
            self.opened(segment, now, calls, wrong)
        } else {
            self.of_segment(segment)
        };
        match found {
            Some(at) => self.incarnations[at].sent(segment, now, wrong),
            None if segment.flags.syn || segment.flags.rst => {}
            None => {
                wrong.push("RFC 9293 3.3.2: a segment of a connection that was never opened".into())
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
            facts.sending.initial == segment.sequence
                && (!segment.flags.ack || peer == Some(segment.acknowledgment.wrapping_sub(1)))
        };
        if let Some(at) = self.incarnations.iter().rposition(same) {
            if segment.flags.ack {
                self.repeated_syn(at, segment);
            }
            return Some(at);
        }
        let mut facts = Facts::opened(segment, now);
        facts.user = User {
            known: calls,
            ..User::default()
        };
        if segment.flags.ack {
            let answered = segment.acknowledgment.wrapping_sub(1);
            let Some(syn) = self.syns.iter().rev().find(|syn| syn.sequence == answered) else {
                wrong.push("RFC 9293 3.10.7.2: a SYN/ACK that answers no SYN".into());
                return None;
            };
            facts.answer(syn.sequence, syn.window, syn.said);
            if let Some(receiving) = &mut facts.receiving {
                receiving.take(1, &syn.text, i64::from(u16::MAX));
            }
        }
        if self.incarnations.len() >= INCARNATIONS {
            self.incarnations.remove(0);
        }
        self.incarnations.push(Incarnation::new(facts));
        Some(self.incarnations.len() - 1)
    }

    /// A SYN/ACK is repeated: a SYN that was repeated may have said something else.
    fn repeated_syn(&mut self, at: usize, segment: &Segment<'_>) {
        let answered = segment.acknowledgment.wrapping_sub(1);
        for syn in self.syns.iter().filter(|syn| syn.sequence == answered) {
            self.incarnations[at].facts.agreed.peer(syn.said);
        }
    }

    /// The incarnation that a segment without SYN belongs to: the newest whose numbers are near.
    fn of_segment(&self, segment: &Segment<'_>) -> Option<usize> {
        let near = |incarnation: &Incarnation, strict: bool| {
            let facts = &incarnation.facts;
            let at = facts.sending.place(segment.sequence);
            let own = at >= -1 && at <= facts.sending.next.max(facts.sending.edge) + (1 << 20);
            let peer = facts.receiving.as_ref().is_some_and(|receiving| {
                let at = place(
                    receiving.initial,
                    receiving.acknowledged,
                    segment.acknowledgment,
                );
                at >= 0 && at <= receiving.furthest().max(receiving.acknowledged) + (1 << 20)
            });
            own && (peer || !segment.flags.ack) && (!strict || facts.sending.synchronized())
        };
        (self.incarnations.iter())
            .rposition(|incarnation| near(incarnation, true))
            .or_else(|| {
                self.incarnations
                    .iter()
                    .rposition(|incarnation| near(incarnation, false))
            })
            .or(self.incarnations.len().checked_sub(1))
    }

    /// The user made a call.
    pub(super) fn call(&mut self, call: &Call<'_>, now: Instant, wrong: &mut Vec<String>) {
        use super::rules::stream;
        if let Call::Accept(_) = call {
            self.accepted(now, wrong);
            return;
        }
        let handle = self.handle;
        let Some(incarnation) = self
            .incarnations
            .iter_mut()
            .rev()
            .find(|it| handle.is_none_or(|initial| it.facts.sending.initial == initial))
        else {
            return;
        };
        let facts = &mut incarnation.facts;
        match call {
            Call::Connect(_) => facts.user.known = facts.sending.next <= 1,
            Call::Write(_, bytes) => {
                if facts.user.shut.is_some() {
                    wrong.push(
                        "RFC 9293 3.10.4: text is taken over after the sending half was closed"
                            .into(),
                    );
                }
                facts.user.written.extend_from_slice(bytes);
            }
            Call::Read(_, bytes) => stream::read(facts, bytes, wrong),
            Call::ReadEnd(_) => stream::read_end(facts, wrong),
            Call::Failed(_) => {
                facts.user.failed.get_or_insert(now);
            }
            Call::ShutDown(_) => {
                facts.user.shut.get_or_insert(now);
            }
            Call::Close(_) => {
                facts.user.shut.get_or_insert(now);
                facts.user.closed.get_or_insert(now);
            }
            Call::Abort(_) => {
                facts.user.aborted.get_or_insert(now);
            }
            Call::Accept(_) | Call::Listen(..) => {}
        }
    }

    /// RFC 9293 3.10.7.4, SYN-RECEIVED: only an acknowledgment of the SYN establishes a connection. A SYN cookie is no
    /// exception (RFC 4987 3.6): it is the initial sequence number.
    fn accepted(&mut self, now: Instant, wrong: &mut Vec<String>) {
        let established = self
            .incarnations
            .iter_mut()
            .rev()
            .find(|it| it.facts.sending.synchronized() && it.facts.user.accepted.is_none());
        match established {
            Some(incarnation) => {
                self.handle = Some(incarnation.facts.sending.initial);
                incarnation.facts.user.accepted = Some(now);
                incarnation.facts.shown_established = true;
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
