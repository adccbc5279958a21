//! The tags of runs that are out, and the counters over them: Linux's `tcp_sacktag_one`, `tcp_mark_skb_lost` and what splits and
//! joins its buffers.

use super::{Buffer, SendBuffers, Tags};
use crate::loss::AckReport;
use periplus_journey::Instant;
use std::collections::VecDeque;

/// What was sent again, in the order in which it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repetition {
    pub(super) at: Instant,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// Where to look, so that nobody has to look everywhere. Stream offsets.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The end of what is SACKed; 0 if nothing is.
    pub(super) highest_sacked: u64,
    /// All that counts as lost before it was sent again.
    pub(super) repaired_to: u64,
    /// Nothing before it is out that was sent but once, and of which nothing is known.
    pub(super) judged_to: u64,
    /// What was sent again. An entry is outdated where its run was SACKed or acknowledged, or sent once more.
    pub(super) repetitions: VecDeque<Repetition>,
}

/// Runs that blocks may split what is out into. A peer that takes segments of a few bytes and SACKs every other one would have us keep a
/// hundred thousand runs, and move half of them for each block (CVE-2019-11478). Paths that lose at random need a few hundred.
const MOST_RUNS: usize = 8192;

impl SendBuffers {
    pub(super) fn marks(&mut self) -> &mut Marks {
        self.marks.get_or_insert_default()
    }

    /// The end of what is SACKed; 0 if nothing is.
    pub(crate) fn highest_sacked(&self) -> u64 {
        self.marks.as_ref().map_or(0, |marks| marks.highest_sacked)
    }

    /// Whether the peer has SACKed what comes next after what it acknowledges: it has thrown it away (RFC 2018 8).
    pub(crate) fn is_first_sacked(&self) -> bool {
        let first = self.first.as_ref();
        first.is_some_and(|first| first.tags.has(Tags::SACKED))
    }

    /// `segments` of a run are no longer out.
    pub(super) fn count_off(&mut self, run: &Buffer, segments: u16) {
        let segments = u32::from(segments);
        self.packets_out -= segments;
        if !run.tags.is_clean() {
            self.count_tags_off(run.tags, segments);
        }
    }

    fn count_tags_off(&mut self, tags: Tags, segments: u32) {
        if tags.has(Tags::SACKED) {
            self.sacked_out -= segments;
        }
        if tags.has(Tags::LOST) {
            self.lost_out -= segments;
        }
        if tags.has(Tags::RETRANSMITTED) {
            self.retrans_out -= segments;
            if tags.has(Tags::LOST) {
                self.repaired_out -= segments;
            }
        }
    }

    fn count_tags_on(&mut self, tags: Tags, segments: u32) {
        if tags.has(Tags::SACKED) {
            self.sacked_out += segments;
        }
        if tags.has(Tags::LOST) {
            self.lost_out += segments;
        }
        if tags.has(Tags::RETRANSMITTED) {
            self.retrans_out += segments;
            if tags.has(Tags::LOST) {
                self.repaired_out += segments;
            }
        }
    }

    /// The run at `place` gets these tags.
    pub(super) fn retag(&mut self, place: usize, tags: Tags) {
        let Some(run) = self.at_mut(place) else {
            return;
        };
        let (before, segments) = (run.tags, u32::from(run.segments));
        run.tags = tags;
        self.count_tags_off(before, segments);
        self.count_tags_on(tags, segments);
    }

    /// The run at `place` counts as so many segments from now on.
    pub(super) fn recount(&mut self, place: usize, segments: u16) {
        let Some(run) = self.at_mut(place) else {
            return;
        };
        let (before, tags) = (run.segments, run.tags);
        run.segments = segments;
        self.packets_out = self.packets_out + u32::from(segments) - u32::from(before);
        self.count_tags_off(tags, before.into());
        self.count_tags_on(tags, segments.into());
    }

    /// The run at `place` is one of segments of `size` bytes from now on.
    pub(super) fn resize(&mut self, place: usize, size: u32) {
        let text = self.text_end(place) - self.start_of(place);
        self.recount(place, text.div_ceil(size.max(1).into()).max(1) as u16);
        if let Some(run) = self.at_mut(place) {
            run.size = size.min(u32::from(u16::MAX)) as u16;
        }
    }

    /// From `offset` on the run is sent in segments of `size` bytes. That was another one when it was let out, if options have come or
    /// gone meanwhile: blocks of the peer's would not be for whole segments of it.
    pub(crate) fn cut_into(&mut self, offset: u64, size: u32) {
        let place = self.place(offset);
        let Some(run) = self.at(place) else { return };
        if u32::from(run.size) == size || offset >= self.text_end(place) {
            return;
        }
        if self.start_of(place) < offset {
            self.split(place, offset);
            return self.cut_into(offset, size);
        }
        self.resize(place, size);
    }

    /// Splits the run at `place` at the stream offset `cut`, which lies within its text. A cut within a segment makes two of it.
    pub(super) fn split(&mut self, place: usize, cut: u64) {
        let (start, text_end) = (self.start_of(place), self.text_end(place));
        let Some(&whole) = self.at(place) else {
            return;
        };
        let size = u64::from(whole.size.max(1));
        let before = (cut - start).div_ceil(size) as u16;
        let after = text_end.saturating_sub(cut).div_ceil(size).max(1) as u16;
        self.recount(place, before + after);
        if let Some(run) = self.at_mut(place) {
            (run.end, run.segments, run.push) = (cut, before, false);
        }
        let rest = Buffer {
            segments: after,
            ..whole
        };
        self.insert(place + 1, rest);
    }

    /// `[start, end)` is SACKed, of what was sent. A tag is for whole segments, as on Linux: what a block covers of another has to
    /// be told again. Only runs that no block told of before are looked at, one by one: those that were are one run. Returns false where
    /// something would have to be split, and too much is already.
    pub(crate) fn sack(&mut self, start: u64, end: u64, report: &mut AckReport) -> bool {
        let mut place = self.place(start);
        let mut from = self.start_of(place);
        while from < end {
            let Some(run) = self.at(place).filter(|run| run.segments > 0) else {
                return true;
            };
            if !run.tags.has(Tags::SACKED) {
                let (run_end, size) = (run.end, u64::from(run.size.max(1)));
                let others = u64::from(run.segments) - 1;
                if from < start {
                    let before = (start - from).div_ceil(size);
                    if from + before * size >= end {
                        return true;
                    }
                    if before <= others {
                        if self.len() >= MOST_RUNS {
                            return false;
                        }
                        self.split(place, from + before * size);
                    }
                    (place, from) = (place + 1, self.start_of(place + 1));
                    continue;
                }
                if end < run_end {
                    let covered = ((end - from) / size).min(others);
                    if covered == 0 {
                        return true;
                    }
                    if self.len() >= MOST_RUNS {
                        return false;
                    }
                    self.split(place, from + covered * size);
                }
                place = self.tag_sacked(place, report);
            }
            (place, from) = (place + 1, self.start_of(place + 1));
        }
        true
    }

    /// The run at `place` arrived. Returns its place, for it is joined with its neighbours if they did, too.
    fn tag_sacked(&mut self, place: usize, report: &mut AckReport) -> usize {
        let start = self.start_of(place);
        let Some(&run) = self.at(place) else {
            return place;
        };
        report.sacked(&run, start, self.highest_sacked());
        let ever = run.tags.has(Tags::EVER_RETRANSMITTED);
        let ever = if ever {
            Tags::EVER_RETRANSMITTED
        } else {
            Tags::default()
        };
        // Linux keeps the copy of what was not lost in its count until it is reported or acknowledged. Here it is no longer
        // waited for.
        self.retag(place, ever.with(Tags::SACKED));
        let marks = self.marks();
        marks.highest_sacked = marks.highest_sacked.max(run.end);
        self.join_sacked(place + 1);
        if place > 0 && self.join_sacked(place) {
            place - 1
        } else {
            place
        }
    }

    /// Joins the run at `place` with the one before it if both are SACKed. It takes as long to go through them however many segments
    /// arrived; should the peer throw them away, they are sent again in segments of the size of then.
    fn join_sacked(&mut self, place: usize) -> bool {
        let (Some(before), Some(run)) = (self.at(place.wrapping_sub(1)), self.at(place)) else {
            return false;
        };
        let both = before.tags.has(Tags::SACKED) && run.tags.has(Tags::SACKED);
        let Some(segments) = before.segments.checked_add(run.segments).filter(|_| both) else {
            return false;
        };
        let joined = Buffer {
            segments,
            at: before.at.max(run.at),
            size: before.size.max(run.size), // so that they are not more when they are counted by it
            tags: before.tags.with(run.tags),
            ..*run
        };
        if let Some(before) = self.at_mut(place - 1) {
            *before = joined;
        }
        self.remove(place);
        true
    }

    /// Whether something of `[start, end)` was ever sent again.
    pub(crate) fn was_sent_again(&self, start: u64, end: u64) -> bool {
        let run = self.at(self.place(start));
        run.is_some_and(|run| run.tags.has(Tags::EVER_RETRANSMITTED) && start < end)
    }
}

#[cfg(test)]
mod tests;
