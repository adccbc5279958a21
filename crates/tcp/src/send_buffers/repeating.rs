//! What is sent again, segment by segment (Linux's `tcp_retransmit_skb`).

use super::marking::Repetition;
use super::{SendBuffers, Tags};
use periplus_journey::Instant;

/// A segment to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Again {
    /// The stream offset of its first byte.
    pub(crate) start: u64,
    /// Its bytes.
    pub(crate) length: u32,
    /// It has PSH.
    pub(crate) push: bool,
    /// It has the FIN.
    pub(crate) fin: bool,
}

impl SendBuffers {
    /// The stream offset of the first run that counts as lost, and of which no copy is out.
    pub(crate) fn next_lost(&self) -> Option<u64> {
        let marks = self.marks.as_ref().filter(|_| self.is_repair_needed())?;
        let mut place = self.place(marks.repaired_to.max(self.start));
        loop {
            let run = self.at(place)?;
            if run.tags.has(Tags::LOST) && !run.tags.has(Tags::RETRANSMITTED) {
                return Some(self.start_of(place));
            }
            place += 1;
        }
    }

    /// Where the last segment begins that went out before `sent`.
    pub(crate) fn last_segment(&self, sent: u64) -> Option<u64> {
        let place = self.place(sent.checked_sub(1)?);
        let run = self.at(place).filter(|run| run.segments > 0)?;
        let start = self.start_of(place);
        let text = self.text_end(place).min(sent) - start;
        let before = text.saturating_sub(1) / u64::from(run.size.max(1));
        Some(start + before * u64::from(run.size))
    }

    /// The segment at `start` to be sent again, with at most `most` bytes: it ends where it ended before, but that smaller ones are
    /// joined while they fit (as on Linux). Nothing at or after `sent` has gone out.
    pub(crate) fn segment_again(&mut self, start: u64, most: u32, sent: u64) -> Option<Again> {
        let place = self.place(start);
        if self.start_of(place) < start {
            self.split(place, start);
            return self.segment_again(start, most, sent);
        }
        let text_end = self.text_end(place);
        let run = *self.at(place)?;
        let text = (text_end - start).min(sent.saturating_sub(start)) as u32;
        let size = most.min(u32::from(run.size));
        let length = text.min(size);
        if start + u64::from(length) == text_end && length < most {
            self.join_small(place, most, sent);
        }
        let (run, text_end) = (*self.at(place)?, self.text_end(place));
        let length = ((text_end - start) as u32).min(if run.segments > 1 { size } else { most });
        let length = length.min((sent - start) as u32);
        let whole = start + u64::from(length) == text_end;
        Some(Again {
            start,
            length,
            // Not where a super-frame ended: its flag was to hasten the merging of its segments, of which this is one.
            push: whole && run.push && length > 0,
            fin: whole && run.end > text_end && run.end <= sent,
        })
    }

    /// Joins the run at `place`, a segment, with those after it that fit into `most` bytes with it.
    fn join_small(&mut self, place: usize, most: u32, sent: u64) {
        let start = self.start_of(place);
        if self.at(place).is_none_or(|run| run.segments != 1) {
            return;
        }
        while let Some(&next) = self.at(place + 1) {
            let fits = self.text_end(place + 1) - start <= u64::from(most);
            let joins = next.segments == 1 && !next.tags.has(Tags::SACKED) && next.end <= sent;
            if !fits || !joins {
                return;
            }
            self.count_off(&next, 1);
            self.remove(place + 1);
            if let Some(run) = self.at_mut(place) {
                run.end = next.end;
                run.push |= next.push;
                run.size = run.size.max(most.min(u32::from(u16::MAX)) as u16);
                if next.tags.has(Tags::EVER_RETRANSMITTED) {
                    run.tags = run.tags.with(Tags::EVER_RETRANSMITTED);
                }
            }
        }
    }

    /// `again` was sent at `now`: because it counts as lost, or as a probe, which is not in the network as far as congestion
    /// control goes.
    pub(crate) fn sent_again(&mut self, again: Again, is_probe: bool, now: Instant) {
        let Again {
            start, length, fin, ..
        } = again;
        let end = start + u64::from(length) + u64::from(fin);
        let place = self.place(start);
        let Some(&run) = self.at(place) else { return };
        let mut tags = run.tags.with(Tags::EVER_RETRANSMITTED);
        if !is_probe {
            tags = tags.with(Tags::RETRANSMITTED);
        }
        self.note_repetition(start, end, now);
        if !is_probe {
            self.marks().repaired_to = start;
        }
        if self.extend_before(place, end, tags, now) {
            return;
        }
        if end < run.end {
            self.split(place, end);
        }
        self.retag(place, tags);
        if let Some(run) = self.at_mut(place) {
            run.at = now;
        }
    }

    fn note_repetition(&mut self, start: u64, end: u64, now: Instant) {
        let una = self.start;
        let marks = self.marks();
        // Without SACK nobody else looks at them.
        while marks
            .repetitions
            .front()
            .is_some_and(|copy| copy.end <= una)
        {
            marks.repetitions.pop_front();
        }
        match marks.repetitions.back_mut() {
            Some(last) if last.at == now && last.end == start => last.end = end,
            _ => marks.repetitions.push_back(Repetition {
                at: now,
                start,
                end,
            }),
        }
    }

    /// The first segment of the run at `place`, which ends at `end`, goes to the run before it if that was sent just now as well:
    /// so a burst of copies stays a run.
    fn extend_before(&mut self, place: usize, end: u64, tags: Tags, now: Instant) -> bool {
        let Some(before) = place.checked_sub(1) else {
            return false;
        };
        let (start, length) = (self.start_of(before), self.start_of(place));
        let (Some(&joined), Some(&run)) = (self.at(before), self.at(place)) else {
            return false;
        };
        let same = joined.tags == tags && joined.at == now && joined.size == run.size;
        let is_full = (length - start) % u64::from(run.size.max(1)) == 0;
        let is_one = end == run.end && run.segments == 1
            || end < run.end && end - length == u64::from(run.size);
        if !(same && is_full && is_one) || joined.push || joined.segments == u16::MAX {
            return false;
        }
        if end == run.end {
            self.count_off(&run, 1);
            self.remove(place);
        } else {
            self.recount(place, run.segments - 1);
        }
        if let Some(joined) = self.at_mut(before) {
            joined.end = end;
            joined.push = run.push && end == run.end;
        }
        self.recount(before, joined.segments + 1);
        true
    }
}
