//! What a segment that came to the host tells it, at the most: what a host may take from it.

use super::agreed::{Agreement, Said};
use super::facts::{End, Facts, Opening};
use super::receiving::Receiving;
use super::rules::timestamps::older;
use super::scoreboard::Delivered;
use super::segment::Segment;
use super::sequence::place;
use periplus_journey::Instant;
use std::ops::Range;

/// How a RST was to be taken (RFC 5961 3.2, RFC 9293 3.10.7.3 and 3.10.7.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reset {
    /// There was none, or it is outside the window.
    #[default]
    No,
    /// It may be exact, depending on what the host has processed.
    Perhaps,
    /// It is at RCV.NXT, whatever the host has processed.
    Exact,
}

/// What is new.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    /// Where the segment is.
    pub(super) range: Range<i64>,
    /// Whether its sequence numbers are acceptable (RFC 9293 3.10.7.4, first check).
    pub(super) acceptable: bool,
    /// Whether the host cannot but find it acceptable.
    pub(super) certain: bool,
    /// What the acknowledgment number told of.
    pub(super) acknowledged: Delivered,
    /// What the SACK blocks told of.
    pub(super) sacked: Delivered,
    /// What a D-SACK block told of (RFC 2883).
    pub(super) duplicate: Option<Range<i64>>,
    /// An ACK that tells of nothing while something is in flight (RFC 5681 2).
    pub(super) duplicate_acknowledgment: bool,
    /// The acknowledgment number's place, if it is one that the host may take.
    pub(super) acknowledgment: Option<i64>,
    /// The text that was stored.
    pub(super) text: Range<i64>,
    /// What of it was not there before.
    pub(super) fresh: i64,
    /// Where the text in order ended before.
    pub(super) in_order_before: i64,
    /// Whether it is a RST to be believed.
    pub(super) reset: Reset,
}

impl News {
    /// Takes in what `segment` says.
    pub(super) fn of(facts: &mut Facts, segment: &Segment<'_>, now: Instant) -> Self {
        let mut news = Self::default();
        if facts.receiving.is_none() || (segment.flags.syn && !facts.shown_established) {
            news.opening(facts, segment, now);
        }
        if !segment.flags.syn || facts.shown_established {
            news.synchronized(facts, segment, now);
        }
        // In SYN-RECEIVED a listener may keep nothing that a RST could end (RFC 4987 3.6).
        let kept = facts.shown_established || facts.opening == Opening::Active;
        if news.reset == Reset::Exact && kept && facts.end.is_none() {
            facts.end = Some((End::ResetByPeer, now));
        }
        if news.reset != Reset::No {
            facts.reset_possible = Some(now);
        }
        facts.note_end(now);
        news
    }

    /// In SYN-SENT, and for the SYN of a simultaneous open (RFC 9293 3.10.7.3).
    fn opening(&mut self, facts: &mut Facts, segment: &Segment<'_>, now: Instant) {
        let acknowledgment = facts.sending.acknowledged_place(segment.acknowledgment);
        let acknowledges =
            segment.flags.ack && acknowledgment > 0 && acknowledgment <= facts.sending.next;
        if segment.flags.rst {
            if facts.receiving.is_none() && acknowledges {
                self.reset = Reset::Exact;
            }
            return;
        }
        if !segment.flags.syn || (segment.flags.ack && !acknowledges) {
            return;
        }
        let said = Said::by(segment);
        match &facts.receiving {
            Some(receiving) if receiving.initial != segment.sequence => {
                if facts.opening == Opening::Active {
                    let receiving = facts.answered(segment);
                    facts.another_answer(receiving, said, acknowledgment);
                }
            }
            Some(_) => facts.agreed.peer(said),
            None => {
                facts.agreed.peer(said);
                facts.receiving = Some(facts.answered(segment));
                facts.sending.edge = facts.sending.edge.max(1 + i64::from(segment.window));
            }
        }
        if acknowledges {
            self.acknowledge(facts, segment, acknowledgment, now);
        }
    }

    /// In all other states.
    fn synchronized(&mut self, facts: &mut Facts, segment: &Segment<'_>, now: Instant) {
        let Some(receiving) = &facts.receiving else {
            return;
        };
        let start = receiving.place(segment.sequence);
        self.range = start..start + segment.length();
        self.in_order_before = receiving.in_order();
        let furthest = receiving.furthest();
        // What the host has acknowledged it has certainly processed; anything that is older than that is not acceptable.
        self.acceptable = self.range.end >= receiving.acknowledged && start <= receiving.edge;
        if segment.flags.rst {
            self.reset = reset(receiving, start);
            return;
        }
        if !self.acceptable || segment.flags.syn || !segment.flags.ack {
            return;
        }
        let acknowledgment = facts.sending.acknowledged_place(segment.acknowledgment);
        // RFC 5961 5.2: what acknowledges too much, or too little, is not taken at all.
        if acknowledgment > facts.sending.next
            || acknowledgment < facts.sending.una - facts.sending.largest_window.max(1 << 16)
        {
            return;
        }
        // What is certainly acceptable lies above all that may have come, and is not late. Only then is it certain that the host
        // takes the acknowledgment.
        let strict = self.range.end > furthest || (segment.length() == 0 && start >= furthest);
        let late = is_old(facts, segment)
            || (segment.options.timestamps.is_none() && facts.timestamps() == Agreement::Surely);
        let una = facts.sending.una;
        self.certain = strict && !late;
        self.acknowledge(facts, segment, acknowledgment, now);
        if self.certain && acknowledgment >= facts.sending.una {
            // What was sent again meanwhile, and arrived, is not known.
            if facts.repairs.doubtful {
                facts.repairs.written_off = facts.sending.board.order();
            }
            facts.repairs.doubtful = false;
        } else if facts.sending.una > una {
            facts.repairs.doubtful = true;
        }
        // Text is taken once the handshake is over, and if its timestamp is not an old one (RFC 7323 5.3, R1).
        if facts.sending.una > 0 && !is_old(facts, segment) {
            self.take_text(facts, segment, start);
        }
    }

    fn take_text(&mut self, facts: &mut Facts, segment: &Segment<'_>, start: i64) {
        let Some(receiving) = &mut facts.receiving else {
            return;
        };
        let end = start + segment.data_length();
        self.fresh = receiving
            .held
            .missing(start.max(1)..end.min(receiving.edge).max(1));
        let edge = receiving.edge;
        self.text = receiving.take(start, segment.payload, edge);
        // A FIN has room beyond a full window: there is no byte to keep.
        if segment.flags.fin && end <= edge && receiving.fins.len() < 64 {
            receiving.fins.insert(end);
        }
    }

    fn acknowledge(&mut self, facts: &mut Facts, segment: &Segment<'_>, place: i64, now: Instant) {
        let shift = if segment.flags.syn {
            0
        } else {
            facts.agreed.peer_scale()
        };
        let selective = facts.agreed.own_said(|said| said.sack_permitted);
        let sending = &mut facts.sending;
        let window = i64::from(segment.window) << shift;
        let sequence = self.range.start;
        self.acknowledgment = Some(place);
        self.duplicate_acknowledgment =
            place == sending.una && segment.length() == 0 && sending.next > sending.una;
        if place > sending.una {
            sending.una = place;
            facts.repeated = 0;
            self.acknowledged = sending.board.acknowledge(place);
        }
        sending.offered(sequence, place, window);
        if selective && !segment.flags.syn {
            self.take_blocks(facts, segment, place, now);
        }
    }

    fn take_blocks(
        &mut self,
        facts: &mut Facts,
        segment: &Segment<'_>,
        acknowledged: i64,
        now: Instant,
    ) {
        let sending = &mut facts.sending;
        let blocks: Vec<Range<i64>> = segment
            .options
            .sack
            .iter()
            .map(|&(left, right)| {
                let left = place(sending.initial, acknowledged, left);
                left..place(sending.initial, left, right)
            })
            .collect();
        if let Some(first) = blocks.first() {
            let inside = blocks
                .get(1)
                .is_some_and(|second| second.start <= first.start && first.end <= second.end);
            // RFC 2883 4: below the acknowledgment, or inside the second block.
            if !first.is_empty() && (first.start < acknowledged || inside) {
                self.duplicate = Some(first.clone());
            }
        }
        for block in blocks {
            let block = block.start.max(sending.una)..block.end.min(sending.next);
            if !block.is_empty() {
                let certainly = self.certain.then_some(now);
                let delivered = sending.board.sack(block, certainly);
                self.sacked = self.sacked.and(delivered);
            }
        }
    }
}

/// Whether the segment's timestamp is certainly older than TS.Recent. Linux forgives a tick.
fn is_old(facts: &Facts, segment: &Segment<'_>) -> bool {
    match (segment.options.timestamps, facts.echoed) {
        (Some((value, _)), Some(echoed)) if facts.timestamps() == Agreement::Surely => {
            older(value.wrapping_add(1), echoed)
        }
        _ => false,
    }
}

/// RFC 9293 3.10.7.4: exactly RCV.NXT. Where RCV.NXT is the oracle knows only between what the host has acknowledged and
/// what has come in order. Also permitted is the end of a SACK block, and one before RCV.NXT once the FIN is here.
fn reset(receiving: &Receiving, at: i64) -> Reset {
    let lowest = receiving.acknowledged;
    let highest = receiving.furthest();
    let after_fin = receiving.fins.contains(&at);
    if at == lowest && lowest == highest {
        Reset::Exact
    } else if (lowest..=highest).contains(&at)
        || after_fin
        || (at > highest
            && at <= receiving.edge
            && receiving.held.end_from(at - 1) == at
            && receiving.held.holds(at - 1..at))
    {
        Reset::Perhaps
    } else {
        Reset::No
    }
}
