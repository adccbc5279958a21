//! What must hold of the send buffers at any time, reckoned without any of the bookkeeping.

use super::{Buffer, SendBuffers, Tags};

impl SendBuffers {
    fn all(&self) -> impl Iterator<Item = (u64, &Buffer)> {
        let all = self.first.iter().chain(&self.rest);
        all.scan(self.start, |start, buffer| {
            Some((std::mem::replace(start, buffer.end), buffer))
        })
    }

    fn count(&self, tags: Tags) -> u32 {
        let counted = self.all().filter(|(_, run)| run.tags.has(tags));
        counted.map(|(_, run)| u32::from(run.segments)).sum()
    }

    /// As if so much had been sent and acknowledged before.
    pub(crate) fn begin_at(&mut self, offset: u64) {
        (self.start, self.released) = (offset, offset);
        (self.small, self.pushed) = (offset, offset);
    }

    /// The counters are what going through all runs gives, and what is to be looked for is where it is looked for.
    #[track_caller]
    pub(crate) fn check(&self, has_sack: bool) {
        let out = self.all().map(|(_, run)| u32::from(run.segments)).sum();
        assert_eq!(self.packets_out, out, "{self:?}");
        assert_eq!(self.lost_out, self.count(Tags::LOST), "{self:?}");
        assert_eq!(
            self.retrans_out,
            self.count(Tags::RETRANSMITTED),
            "{self:?}"
        );
        let repaired = self
            .all()
            .filter(|(_, run)| run.tags.has(Tags::LOST) && run.tags.has(Tags::RETRANSMITTED));
        let repaired: u32 = repaired.map(|(_, run)| u32::from(run.segments)).sum();
        assert_eq!(self.repaired_out, repaired, "{self:?}");
        if has_sack {
            assert_eq!(self.sacked_out, self.count(Tags::SACKED), "{self:?}");
        }
        assert!(self.left_out() <= self.packets_out, "{self:?}");
        let mut released = self.start;
        for (place, (start, run)) in self.all().enumerate() {
            assert!(start < run.end, "empty: {run:?} in {self:?}");
            if run.segments == 0 {
                continue;
            }
            assert_eq!(start, released, "let out in order");
            released = run.end;
            let text = self.text_end(place).saturating_sub(start);
            let segments = text.div_ceil(run.size.into()).max(1);
            if run.tags.has(Tags::SACKED) {
                assert!(u64::from(run.segments) >= segments, "{run:?}");
            } else {
                assert_eq!(u64::from(run.segments), segments, "{run:?} from {start}");
            }
        }
        assert_eq!(self.released, released, "{self:?}");
        self.check_marks();
    }

    fn check_marks(&self) {
        let Some(marks) = &self.marks else {
            let is_clean = |(_, run): (u64, &Buffer)| run.tags.is_clean();
            assert!(self.all().all(is_clean));
            return;
        };
        for (start, run) in self.all().filter(|(_, run)| run.segments > 0) {
            if run.tags.has(Tags::LOST) && !run.tags.has(Tags::RETRANSMITTED) {
                assert!(
                    marks.repaired_to <= start,
                    "{run:?} from {start}: {marks:?}"
                );
            }
            if run.tags.is_clean() {
                assert!(marks.judged_to < run.end, "{run:?}: {marks:?}");
            }
            if run.tags.has(Tags::SACKED) {
                assert!(marks.highest_sacked >= run.end, "{run:?}: {marks:?}");
                assert!(!run.tags.has(Tags::LOST.with(Tags::RETRANSMITTED)));
            }
            // What an undoing left is waited for as on Linux: by the timer.
            if run.tags.is_copy_out() && run.tags.has(Tags::RETRANSMITTED) {
                let mut told = marks.repetitions.iter();
                assert!(
                    told.any(|copy| copy.at == run.at && copy.start < run.end && copy.end > start),
                    "nobody looks for the copy {run:?} from {start}: {marks:?}"
                );
            }
        }
    }
}
