//! What is known of one incarnation of a connection: the oracle's transmission control block.

use super::agreed::{Agreed, Agreement, Said};
use super::news::News;
use super::receiving::Receiving;
use super::repair::{Repair, Repairs};
use super::segment::Segment;
use super::sending::Sending;
use super::user::User;
use periplus_journey::Instant;
use std::ops::Range;

/// Who began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// The host sent a SYN.
    Active,
    /// The host answered a SYN.
    Passive,
}

/// What ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The host sent a RST.
    ResetByHost,
    /// A RST came that had to be believed.
    ResetByPeer,
    /// Both FINs are acknowledged.
    Finished,
}

/// What is known.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) opening: Opening,
    /// When its SYN was asked for: by the user, or by the SYN that is answered.
    pub(super) asked: Instant,
    pub(super) agreed: Agreed,
    pub(super) sending: Sending,
    /// Why it sends what it has sent before.
    pub(super) repairs: Repairs,
    /// None in SYN-SENT, until an answer comes.
    pub(super) receiving: Option<Receiving>,
    /// Other answers to the SYN; which one the host takes is seen by what it acknowledges.
    pub(super) other_answers: Vec<(Receiving, Said, i64)>,
    pub(super) user: User,
    /// The window that the host's SYN offered.
    pub(super) syn_window: i64,
    /// The timestamp that the host echoed last: TS.Recent is not older.
    pub(super) echoed: Option<u32>,
    /// Whether the host has shown that it left SYN-RECEIVED or SYN-SENT.
    pub(super) shown_established: bool,
    /// Whether a RST came that may have been believed.
    pub(super) reset_possible: Option<Instant>,
    /// How it ended, and when.
    pub(super) end: Option<(End, Instant)>,
    /// When ICMP last told of an error that concerns it.
    pub(super) unreachable: Option<Instant>,
    /// When it last said that a packet was too long.
    pub(super) too_long: Option<Instant>,
    /// How often the host has repeated itself, or has probed, since the peer last acknowledged anything new.
    pub(super) repeated: u32,
    /// Whether the user closed after the host had acknowledged the peer's FIN: that leads to LAST-ACK.
    pub(super) closed_second: bool,
    /// Since when the host cannot but know that its FIN was acknowledged.
    pub(super) knows_fin_acknowledged: Option<Instant>,
}

/// Other answers to one SYN are not remembered.
const ANSWERS: usize = 8;

impl Facts {
    /// The host sends its first SYN or SYN/ACK.
    pub(super) fn opened(segment: &Segment<'_>, now: Instant) -> Self {
        Self {
            opening: if segment.flags.ack {
                Opening::Passive
            } else {
                Opening::Active
            },
            asked: now,
            agreed: Agreed::default(),
            sending: Sending::new(segment.sequence),
            repairs: Repairs::default(),
            receiving: None,
            other_answers: Vec::new(),
            user: User::default(),
            syn_window: i64::from(segment.window),
            echoed: None,
            shown_established: false,
            reset_possible: None,
            end: None,
            unreachable: None,
            too_long: None,
            repeated: 0,
            closed_second: false,
            knows_fin_acknowledged: None,
        }
    }

    /// A listener that keeps nothing (RFC 4987 3.6) takes the acknowledgment of its SYN/ACK again, after the connection that it
    /// opened first is gone.
    pub(super) fn reopened(&self, now: Instant) -> Self {
        let mut sending = Sending::new(self.sending.initial);
        sending.next = 1;
        let receiving = self.receiving.as_ref().map(|it| {
            let mut receiving = Receiving::new(it.initial);
            receiving.acknowledged = 1;
            receiving.edge = 1 + self.syn_window;
            receiving
        });
        Self {
            opening: Opening::Passive,
            asked: now,
            agreed: self.agreed.clone(),
            sending,
            repairs: Repairs::default(),
            receiving,
            other_answers: Vec::new(),
            user: User {
                known: self.user.known,
                ..User::default()
            },
            syn_window: self.syn_window,
            echoed: None,
            shown_established: false,
            reset_possible: None,
            end: None,
            unreachable: None,
            too_long: None,
            repeated: 0,
            closed_second: false,
            knows_fin_acknowledged: None,
        }
    }

    /// The peer's half, begun by its SYN.
    pub(super) fn answered(&self, segment: &Segment<'_>) -> Receiving {
        let mut receiving = Receiving::new(segment.sequence);
        receiving.edge = 1 + self.syn_window;
        receiving
    }

    /// The host answers a SYN that came to a listener.
    pub(super) fn answer(&mut self, sequence: u32, window: u16, said: Said) {
        self.agreed.peer(said);
        self.receiving = Some(Receiving::new(sequence));
        self.sending.edge = 1 + i64::from(window);
    }

    /// Whether a segment of the host has the numbers that may come next on this connection, or came already.
    pub(super) fn continues(&self, segment: &Segment<'_>) -> bool {
        let at = self.sending.place(segment.sequence);
        let acknowledges = self.receiving.as_ref().is_some_and(|receiving| {
            let place = receiving.acknowledged_place(segment.acknowledgment);
            place >= receiving.acknowledged && receiving.may_acknowledge(place)
        });
        (0..=self.sending.next).contains(&at) && (acknowledges || !segment.flags.ack)
    }

    /// The places of a segment that the host sends.
    pub(super) fn sent_range(&self, segment: &Segment<'_>) -> Range<i64> {
        let start = self.sending.place(segment.sequence);
        start..start + segment.length()
    }

    /// The place that a segment of the host acknowledges, if it does.
    pub(super) fn sent_acknowledgment(&self, segment: &Segment<'_>) -> Option<i64> {
        let receiving = self.receiving.as_ref()?;
        segment
            .flags
            .ack
            .then(|| receiving.acknowledged_place(segment.acknowledgment))
    }

    /// The right edge that a segment of the host offers.
    pub(super) fn sent_edge(&self, segment: &Segment<'_>) -> Option<i64> {
        let acknowledged = self.sent_acknowledgment(segment)?;
        let shift = if segment.flags.syn {
            0
        } else {
            self.agreed.own_scale()
        };
        Some(acknowledged + (i64::from(segment.window) << shift))
    }

    /// The segment has left the host.
    pub(super) fn sent(&mut self, segment: &Segment<'_>, repair: Repair, now: Instant) {
        if segment.flags.syn {
            self.agreed.own(Said::by(segment));
        }
        let range = self.sent_range(segment);
        let edge = self.sent_edge(segment);
        if let Some(acknowledged) = self.sent_acknowledgment(segment)
            && let Some(receiving) = &mut self.receiving
        {
            receiving.acknowledged = receiving.acknowledged.max(acknowledged);
            receiving.edge = receiving.edge.max(edge.unwrap_or(0));
        }
        if segment.flags.fin && self.sending.fin.is_none() {
            self.sending.fin = Some(range.end - 1);
        }
        if range.start < self.sending.next {
            self.repeated += 1;
        }
        self.shown_established |= self.shows_established(segment);
        if let Some((_, echo)) = segment.options.timestamps
            && segment.flags.ack
        {
            self.echoed = Some(echo);
        }
        self.repairs.sent(repair, self.sending.board.order(), now);
        let next = self.sending.next;
        let known = range.start.max(self.sending.una);
        if known < range.end {
            self.sending.board.transmit(known..range.end, next, now);
        }
        self.sending.next = next.max(range.end);
        self.note_end(now);
    }

    /// Whether no host sends this in SYN-SENT or SYN-RECEIVED.
    fn shows_established(&self, segment: &Segment<'_>) -> bool {
        let acknowledges_text = (self.receiving.as_ref()).is_some_and(|it| it.acknowledged > 1);
        let speaks = !segment.payload.is_empty() || segment.flags.fin;
        let answers = self.opening == Opening::Active && self.sending.synchronized();
        acknowledges_text || !segment.flags.syn && (answers || speaks)
    }

    /// Of several answers to the host's SYN, the one that it acknowledges is the one that it took.
    pub(super) fn choose_answer(&mut self, segment: &Segment<'_>) {
        if !segment.flags.ack || self.other_answers.is_empty() {
            return;
        }
        let fits = |receiving: &Receiving| {
            let place = receiving.acknowledged_place(segment.acknowledgment);
            place > 0 && receiving.may_acknowledge(place)
        };
        if !self.receiving.as_ref().is_some_and(fits)
            && let Some(at) = self.other_answers.iter().position(|answer| fits(&answer.0))
        {
            let (receiving, said, _) = self.other_answers.swap_remove(at);
            self.receiving = Some(receiving);
            self.agreed.peer_instead(said);
        }
        self.other_answers.clear();
    }

    /// Another answer to the SYN has come, before the host acknowledged one.
    pub(super) fn another_answer(&mut self, receiving: Receiving, said: Said, una: i64) {
        if self.other_answers.len() < ANSWERS {
            self.other_answers.push((receiving, said, una));
        }
    }

    /// Notes when both directions are closed.
    pub(super) fn note_end(&mut self, now: Instant) {
        let received = self
            .receiving
            .as_ref()
            .is_some_and(Receiving::fin_acknowledged);
        if self.end.is_none() && received && self.sending.fin_acknowledged() {
            self.end = Some((End::Finished, now));
        }
    }

    /// The segment has come to the host.
    pub(super) fn received(&mut self, segment: &Segment<'_>, now: Instant) -> News {
        let news = News::of(self, segment, now);
        let (selective, next) = (self.selective(), self.sending.next);
        self.repairs.received(&news, selective, next, now);
        news
    }

    /// Whether the host may have forgotten the connection.
    pub(super) fn may_be_over(&self) -> bool {
        self.end.is_some()
            || self.reset_possible.is_some()
            || self.user.gone()
            || self.user.failed.is_some()
    }

    /// The longest text that one of the host's segments may have. RFC 9293 3.7.1 (MUST-16): options count.
    pub(super) fn longest_text(&self, segment: &Segment<'_>) -> i64 {
        let options = i64::try_from(segment.options.length).unwrap_or(0);
        self.segment_size() - options
    }

    /// What the peer takes in one segment, options included. A size that has no room for the longest options is not to be kept to.
    pub(super) fn segment_size(&self) -> i64 {
        self.agreed.peer_maximum_segment_size().max(64)
    }

    /// Whether the peer may tell by SACK what it holds (RFC 2018 2).
    pub(super) fn selective(&self) -> bool {
        self.agreed.both_said(|said| said.sack_permitted) != Agreement::No
    }

    /// Whether timestamps were agreed on (RFC 7323 3.2).
    pub(super) fn timestamps(&self) -> Agreement {
        self.agreed.both_said(|said| said.timestamps)
    }
}
