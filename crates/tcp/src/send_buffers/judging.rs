//! Which runs count as lost: what RACK, a time-out or NewReno's duplicate ACKs say of them (Linux's `tcp_mark_skb_lost`).

use super::{SendBuffers, Tags};
use crate::loss::Rack;
use periplus_journey::Instant;
use std::time::Duration;

/// What became of a look at what is out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Segments that count as lost now and did not before, copies included.
    pub(crate) segments: u32,
    /// Of them, copies.
    pub(crate) copies: u32,
    /// How long to wait until the next one does.
    pub(crate) wait: Option<Duration>,
}

impl Lost {
    fn wait_for(&mut self, remaining: Duration) {
        self.wait = Some(self.wait.map_or(remaining, |wait| wait.min(remaining)));
    }
}

impl SendBuffers {
    /// The run at `place` counts as lost, or its copy does.
    fn mark_lost(&mut self, place: usize, lost: &mut Lost) {
        let start = self.start_of(place);
        let Some(&run) = self.at(place) else { return };
        let segments = u32::from(run.segments);
        if run.tags.has(Tags::SACKED) {
            return;
        }
        if run.tags.has(Tags::RETRANSMITTED) && run.tags.has(Tags::LOST) {
            lost.copies += segments;
        } else if run.tags.has(Tags::LOST) {
            return;
        }
        lost.segments += segments;
        let tags = run.tags.without(Tags::RETRANSMITTED).with(Tags::LOST);
        self.retag(place, tags);
        let marks = self.marks();
        marks.repaired_to = marks.repaired_to.min(start);
    }

    /// RACK_detect_loss (RFC 8985 6.2, step 5): what was sent before something that arrived, and long enough ago, is lost. Of those
    /// sent once the first that is not tells how it stands with the others, for they were sent in this order; and so does the
    /// oldest of the copies. Nothing at or after `sent` has gone out.
    pub(crate) fn detect_lost(
        &mut self,
        rack: &Rack,
        window: Duration,
        now: Instant,
        sent: u64,
    ) -> Lost {
        let mut lost = Lost::default();
        if self.first.is_none() {
            return lost; // with nothing out there is nothing to remember, and the next segment takes the short way
        }
        self.detect_lost_originals(rack, window, now, sent, &mut lost);
        self.detect_lost_copies(rack, window, now, &mut lost);
        lost
    }

    fn detect_lost_originals(
        &mut self,
        rack: &Rack,
        window: Duration,
        now: Instant,
        sent: u64,
        lost: &mut Lost,
    ) {
        let begin = self.marks().judged_to.max(self.start);
        let mut place = self.place(begin);
        while let Some(&run) = self.at(place).filter(|run| run.end <= sent) {
            if run.tags.is_clean() {
                if !rack.is_before_arrived(run.at, run.end) {
                    break;
                }
                let remaining = rack.remaining(run.at, window, now);
                if !remaining.is_zero() {
                    lost.wait_for(remaining);
                    break;
                }
                self.mark_lost(place, lost);
            }
            self.marks().judged_to = run.end;
            place += 1;
        }
    }

    fn detect_lost_copies(&mut self, rack: &Rack, window: Duration, now: Instant, lost: &mut Lost) {
        let una = self.start;
        while let Some(copy) = self.marks().repetitions.front_mut() {
            copy.start = copy.start.max(una);
            let copy = *copy;
            let place = self.place(copy.start);
            let run = self.at(place).filter(|_| copy.start < copy.end).copied();
            let Some(run) = run else {
                self.marks().repetitions.pop_front();
                continue;
            };
            if run.tags.is_copy_out() && run.at == copy.at {
                if !rack.is_before_arrived(run.at, run.end) {
                    break;
                }
                let remaining = rack.remaining(run.at, window, now);
                if !remaining.is_zero() {
                    lost.wait_for(remaining);
                    break;
                }
                self.mark_lost(place, lost);
            }
            if let Some(front) = self.marks().repetitions.front_mut() {
                front.start = run.end;
            }
        }
    }

    /// The timer expired: everything that went out before `sent` counts as lost, but for what was sent less than RACK's round-trip time
    /// ago and is not the oldest (as on Linux). If the peer has thrown away what it had SACKed, so does that (RFC 2018 8).
    pub(crate) fn time_out(&mut self, rack: &Rack, now: Instant, sent: u64) -> Lost {
        let mut lost = Lost::default();
        let reneged = self.is_first_sacked();
        self.cut_unsent(sent);
        let mut place = 0;
        while let Some(&run) = self.at(place).filter(|run| run.end <= sent) {
            if reneged && run.tags.has(Tags::SACKED) {
                self.retag(place, run.tags.without(Tags::SACKED));
                self.resize(place, run.size.into());
            }
            let remaining = rack.remaining(run.at, Duration::ZERO, now);
            if reneged || place == 0 || remaining.is_zero() {
                self.mark_lost(place, &mut lost);
            }
            place += 1;
        }
        if reneged {
            self.marks().highest_sacked = 0;
        }
        self.marks().judged_to = self.start;
        lost
    }

    /// What of a run has not gone out yet becomes one of its own.
    fn cut_unsent(&mut self, sent: u64) {
        let place = self.place(sent);
        if sent > self.start_of(place) && self.at(place).is_some_and(|run| run.segments > 0) {
            self.split(place, sent);
        }
    }

    /// Without SACK: the first segment is lost. Returns how many segments that are, one or none.
    pub(crate) fn first_is_lost(&mut self) -> Lost {
        let mut lost = Lost::default();
        let Some(&first) = self.first.as_ref().filter(|first| first.segments > 0) else {
            return lost;
        };
        if first.tags.has(Tags::LOST.with(Tags::SACKED)) {
            return lost;
        }
        if first.segments > 1 {
            self.split(0, self.start + u64::from(first.size));
        }
        self.mark_lost(0, &mut lost);
        lost
    }

    /// Segments longer than `size` do not pass. All of the runs with such count as lost, and as segments of that size.
    pub(crate) fn too_long(&mut self, size: u32, sent: u64) -> Lost {
        let mut lost = Lost::default();
        self.cut_unsent(sent);
        let mut place = 0;
        while let Some(&run) = self.at(place).filter(|run| run.segments > 0) {
            let text = self.text_end(place) - self.start_of(place);
            if u32::from(run.size) > size && text > u64::from(size) {
                self.resize(place, size);
                if run.end <= sent {
                    self.mark_lost(place, &mut lost);
                }
            }
            place += 1;
        }
        lost
    }

    /// Nothing was lost after all.
    pub(crate) fn nothing_is_lost(&mut self) {
        if self.first.is_none() {
            return;
        }
        let mut place = 0;
        while self.lost_out > 0
            && let Some(run) = self.at(place)
        {
            let tags = run.tags;
            if tags.has(Tags::LOST) {
                self.retag(place, tags.without(Tags::LOST));
            }
            place += 1;
        }
        self.marks().judged_to = self.start;
    }
}
