//! Loss recovery with SACK (RFC 6675), for a connection whose peer has SACKed something.

use super::scoreboard::{DUP_THRESH, Scoreboard};
use super::{AckVerdict, FastRecovery};
use crate::congestion::CongestionWindow;
use periplus_wire::SeqNum;
use std::ops::Range;

/// RFC 6675's variables, while there is something on the scoreboard or to be repaired by it.
#[derive(Clone, Debug)]
pub(crate) struct SackRecovery {
    pub(super) scoreboard: Scoreboard,
    /// HighRxt: holes before this were sent again in this recovery.
    high_rxt: SeqNum,
    /// RescueRxt: once this is acknowledged, the newest hole may be sent again without a sign that it was lost.
    rescue_rxt: SeqNum,
    /// The first segment of the recovery ends here, which counts as lost whatever the scoreboard says.
    first_end: SeqNum,
    /// Everything before it that is not SACKed counts as lost. Moves right only, but for a time-out.
    lost_edge: SeqNum,
    newly_lost: bool,
}

/// What an ACK said, of a connection with SACK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SackedAck {
    /// SND.UNA, the ACK taken.
    pub una: SeqNum,
    /// SND.MAX.
    pub max: SeqNum,
    /// Bytes that it acknowledged.
    pub acked: u32,
    /// Bytes that it SACKed and none had before.
    pub sacked: u32,
    /// Of the bytes it acknowledged, those that had been SACKed.
    pub known: u32,
    /// Bytes of a full segment.
    pub smss: u32,
}

impl SackRecovery {
    pub(super) fn new(una: SeqNum) -> Self {
        Self {
            scoreboard: Scoreboard::default(),
            high_rxt: una,
            rescue_rxt: una,
            first_end: una,
            lost_edge: una,
            newly_lost: false,
        }
    }

    fn enter(&mut self, una: SeqNum, smss: u32) {
        self.high_rxt = una;
        let first_end = una + smss;
        self.first_end = self
            .scoreboard
            .next_sacked(una)
            .map_or(first_end, |sacked| sacked.min(first_end));
        // RFC 6675 leaves it undefined, which lets the newest segment be sent again while it is still on its way. Once something
        // that was sent again is acknowledged, its fate is known.
        self.rescue_rxt = una;
    }

    /// An ACK was taken: what counts as lost now. By IsLost (RFC 6675 4); or, where nothing was ever reordered and a loss is
    /// plain (`in_order`), everything sent before something that arrived: RFC 8985 6.2 with a reordering window of 0.
    fn note_lost(&mut self, una: SeqNum, smss: u32, in_order: bool) {
        let before = self.lost_edge.max(una);
        let edge = if in_order {
            self.scoreboard.highest()
        } else {
            self.scoreboard.lost_before(smss)
        };
        self.lost_edge = edge.unwrap_or(una).max(self.first_end).max(before);
        self.newly_lost = self.scoreboard.not_sacked(before, self.lost_edge) > 0;
    }

    /// Whether something that was sent again lies at `una` or after it, and is not SACKed.
    pub(super) fn has_copies_out(&self, una: SeqNum) -> bool {
        let rescued = self.rescue_rxt.after(una);
        rescued || self.scoreboard.not_sacked(una, self.high_rxt.max(una)) > 0
    }

    /// The timer expired, or nothing was lost after all: what was known of losses has become history.
    pub(super) fn timed_out(&mut self, una: SeqNum) {
        (self.high_rxt, self.first_end, self.lost_edge) = (una, una, una);
        self.newly_lost = false;
    }

    /// Of `[start, end)`, which was sent and arrives only now, the first byte that is not SACKed, never was sent again, and
    /// was sent before something that has arrived: it was not lost but late. And the end of what has arrived.
    fn late(&self, start: SeqNum, end: SeqNum) -> Option<(SeqNum, SeqNum)> {
        let fack = self.scoreboard.highest()?;
        let from = start.max(self.high_rxt);
        let low = self.scoreboard.sacked_until(from).unwrap_or(from);
        (low.before(end) && low.before(fack)).then_some((low, fack))
    }

    /// SetPipe (RFC 6675 4): bytes that are in the network, of those before `nxt`.
    fn pipe(&self, una: SeqNum, nxt: SeqNum) -> u32 {
        let scoreboard = &self.scoreboard;
        let lost = scoreboard.not_sacked(una, self.lost_edge.max(una).min(nxt));
        let sent_again = scoreboard.not_sacked(una, self.high_rxt.min(nxt));
        scoreboard.not_sacked(una, nxt) - lost + sent_again
    }

    /// NextSeg (RFC 6675 4), rule 1, or 3 where `lost` is false: the next hole, which nobody said was lost in rule 3.
    fn next_hole(&self, una: SeqNum, lost: bool) -> Option<Range<SeqNum>> {
        let hole = self.scoreboard.next_hole(self.high_rxt.max(una))?;
        (!lost || hole.start.before(self.lost_edge)).then_some(hole)
    }

    /// NextSeg, rule 4: a part of the newest hole, once a recovery.
    fn rescue(&self, una: SeqNum, max: SeqNum, length: u32) -> Option<Range<SeqNum>> {
        if !una.after(self.rescue_rxt) {
            return None;
        }
        let hole = self.scoreboard.last_hole(una, max);
        let start = hole.start.max(hole.end - length.min(hole.end - hole.start));
        // What was sent again already is not sent a third time.
        (start.at_or_after(self.high_rxt) && start.before(hole.end)).then_some(start..hole.end)
    }
}

/// What the bytes in flight are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outstanding {
    /// The peer has them; without SACK, as far as duplicate ACKs say.
    pub sacked: u32,
    /// Lost, of which some may have been sent again.
    pub lost: u32,
    /// Sent again.
    pub sent_again: u32,
}

/// Which of NextSeg's rules (RFC 6675 4) a hole is asked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoleRule {
    /// Rule 1: it counts as lost.
    Lost,
    /// Rules 3 and 4: there is nothing new to be sent instead.
    Eager,
}

impl FastRecovery {
    /// `[start, end)`, which lies between SND.UNA and SND.MAX, is SACKed. Returns how many bytes of it were not before, or
    /// `None` if the scoreboard is full.
    pub(crate) fn sacked(
        &mut self,
        una: SeqNum,
        start: SeqNum,
        end: SeqNum,
        smss: u32,
    ) -> Option<u32> {
        let sack = self
            .sack
            .get_or_insert_with(|| Box::new(SackRecovery::new(una)));
        let late = sack.late(start, end).filter(|_| !self.in_loss);
        let new = sack.scoreboard.add(start, end)?;
        if let Some((low, fack)) = late {
            self.reordering.arrived_late(low, fack, smss);
        }
        Some(new)
    }

    /// Everything between `before` and `una` is acknowledged. Returns how many bytes of it were SACKed.
    pub(crate) fn scoreboard_acknowledged(
        &mut self,
        before: SeqNum,
        una: SeqNum,
        smss: u32,
    ) -> u32 {
        let Some(sack) = &mut self.sack else { return 0 };
        let late = sack.late(before, una).filter(|_| !self.in_loss);
        if let Some((low, fack)) = late {
            self.reordering.arrived_late(low, fack, smss);
        }
        sack.scoreboard.acknowledged(una)
    }

    /// An ACK came on a connection with SACK, and the scoreboard has been told of it (RFC 6675 5).
    pub(crate) fn sacked_ack(
        &mut self,
        ack: SackedAck,
        congestion: &mut CongestionWindow,
    ) -> AckVerdict {
        let SackedAck { una, smss, .. } = ack;
        if ack.acked > 0 {
            self.duplicate_acks = 0;
            self.in_loss &= !una.after(self.recover);
            if !self.in_recovery {
                self.keep_recover_near(una);
                if !self.is_reduced(una, congestion) {
                    congestion.acknowledged(ack.acked - ack.known + ack.sacked);
                }
            } else if una.after(self.recover) {
                self.in_recovery = false;
                congestion.is_reduced();
                // What ended the recovery opens the window again, as on Linux.
                congestion.acknowledged(ack.acked - ack.known + ack.sacked);
            }
        } else if ack.sacked > 0 {
            self.duplicate_acks += 1;
        }
        let Some(sack) = &mut self.sack else {
            return AckVerdict::Fine;
        };
        let is_plain = self.in_recovery
            || self.duplicate_acks >= DUP_THRESH
            || sack.scoreboard.bytes() >= DUP_THRESH * smss;
        let in_order = is_plain && !self.reordering.is_seen();
        if self.in_recovery {
            sack.high_rxt = sack.high_rxt.max(una);
            sack.note_lost(una, smss, in_order);
            return AckVerdict::Fine;
        }
        (sack.high_rxt, sack.first_end) = (una, una);
        sack.note_lost(una, smss, in_order);
        if sack.scoreboard.is_empty() {
            self.sack = None;
            return AckVerdict::Fine;
        }
        let is_loss = self.duplicate_acks >= DUP_THRESH || una.before(sack.lost_edge);
        // RFC 6675 5.1: not again for losses of the window that the timer has given up.
        if !is_loss || !una.after(self.recover) {
            return AckVerdict::Fine;
        }
        sack.enter(una, smss);
        self.in_recovery = true;
        self.recover = ack.max - 1;
        if self.cwr_until.take().is_none() {
            self.rate = congestion.reduce();
        }
        AckVerdict::RetransmitFirst
    }

    /// Bytes of those before `nxt` that are in the network. Without SACK, less what duplicate ACKs tell of.
    pub(crate) fn pipe(&self, una: SeqNum, nxt: SeqNum, smss: u32) -> u32 {
        match &self.sack {
            // what the timer gave up lies behind `nxt`, and what lies before it was sent again
            Some(sack) if self.in_loss => sack.scoreboard.not_sacked(una, nxt),
            Some(sack) => sack.pipe(una, nxt),
            None => (nxt - una).saturating_sub(self.limited_transmit() * smss),
        }
    }

    /// Without SACK: segments that two duplicate ACKs at most tell to have left the network (RFC 3042).
    pub(crate) fn limited_transmit(&self) -> u32 {
        if self.sack.is_some() || self.in_recovery || self.in_loss {
            0
        } else {
            self.duplicate_acks.min(DUP_THRESH - 1)
        }
    }

    /// As [`outstanding`](Self::outstanding), where the scoreboard knows of it.
    pub(crate) fn outstanding_by_sack(
        &self,
        una: SeqNum,
        nxt: SeqNum,
        max: SeqNum,
        smss: u32,
    ) -> Option<Outstanding> {
        self.sack.as_ref()?;
        Some(self.outstanding(una, nxt, max, smss))
    }

    /// What of the holes is sent again next, at most `length` bytes, if the window of congestion has room for it.
    pub(crate) fn next_segment(
        &self,
        una: SeqNum,
        max: SeqNum,
        length: impl FnOnce() -> u32,
        rule: HoleRule,
    ) -> Option<Range<SeqNum>> {
        // This is asked with every frame, and nearly always in vain: what a segment holds is reckoned only if not.
        let sack = self.sack.as_ref().filter(|_| self.in_recovery)?;
        let length = length();
        let hole = sack.next_hole(una, rule == HoleRule::Lost);
        let hole = hole.map(|hole| hole.start..hole.end.min(hole.start + length));
        hole.or_else(|| match rule {
            HoleRule::Lost => None,
            HoleRule::Eager => sack.rescue(una, max, length),
        })
    }

    /// `hole` was sent again.
    pub(crate) fn sent_again(&mut self, hole: Range<SeqNum>) {
        let recover = self.recover;
        let Some(sack) = &mut self.sack else { return };
        let below = sack.scoreboard.highest();
        if below.is_some_and(|highest| hole.start.before(highest)) {
            sack.high_rxt = sack.high_rxt.max(hole.end);
        } else {
            sack.rescue_rxt = recover; // a rescue, which leaves HighRxt as it is
        }
    }

    /// Where the run of SACKed bytes ends in which `seq` lies.
    pub(crate) fn sacked_until(&self, seq: SeqNum) -> Option<SeqNum> {
        self.sack.as_ref()?.scoreboard.sacked_until(seq)
    }

    /// The first SACKed byte at `seq` or after it.
    pub(crate) fn next_sacked(&self, seq: SeqNum) -> Option<SeqNum> {
        self.sack.as_ref()?.scoreboard.next_sacked(seq)
    }

    /// Whether the last ACK told of a further loss.
    pub(super) fn has_newly_lost(&self) -> bool {
        self.sack.as_ref().is_some_and(|sack| sack.newly_lost)
    }

    /// The peer has SACKed what comes next after what it acknowledges: it has thrown it away (RFC 2018 8).
    pub(crate) fn has_reneged(&self, una: SeqNum) -> bool {
        self.sacked_until(una).is_some()
    }

    /// What it takes the bytes in flight for, of which those before `nxt` were sent since the last time-out.
    pub(crate) fn outstanding(
        &self,
        una: SeqNum,
        nxt: SeqNum,
        max: SeqNum,
        smss: u32,
    ) -> Outstanding {
        match &self.sack {
            Some(sack) => Outstanding {
                sacked: sack.scoreboard.bytes(),
                lost: if self.in_loss {
                    sack.scoreboard.not_sacked(una, max)
                } else {
                    sack.scoreboard.not_sacked(una, sack.lost_edge.max(una))
                },
                sent_again: if self.in_loss {
                    sack.scoreboard.not_sacked(una, nxt)
                } else {
                    sack.scoreboard.not_sacked(una, sack.high_rxt)
                },
            },
            None if self.in_loss => Outstanding {
                sacked: 0,
                lost: max - una,
                sent_again: nxt - una,
            },
            None => {
                let first = if self.in_recovery {
                    smss.min(max - una)
                } else {
                    0
                };
                Outstanding {
                    sacked: self
                        .duplicate_acks
                        .saturating_mul(smss)
                        .min(max - una - first),
                    lost: first,
                    sent_again: first,
                }
            }
        }
    }
}
