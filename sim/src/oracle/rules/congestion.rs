//! No more is in flight than a congestion window may allow.

use crate::oracle::agreed::Agreement;
use crate::oracle::facts::Facts;
use crate::oracle::news::News;
use crate::oracle::repair::Repair;
use crate::oracle::rules::timestamps::older;
use crate::oracle::segment::Segment;
use crate::oracle::window_bound::{Epoch, WindowBound};
use periplus_journey::Instant;
use std::time::Duration;

/// RFC 9438 4.6: CUBIC keeps 0.7 of its window, Reno half.
const KEPT_AFTER_LOSS: f64 = 0.7;

/// RFC 8511 3: after a mark CUBIC may keep 0.85.
const KEPT_AFTER_MARK: f64 = 0.85;

/// Segments beyond the window: two by limited transmit (RFC 3042), and one for what PRR (RFC 9937) and roundings leave.
const BEYOND: f64 = 3.0;

/// RFC 7661 4.4.2: so long a window may be kept that is not used.
const KEPT_WHILE_IDLE: Duration = Duration::from_secs(5 * 60);

/// Why the window is to come down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Loss,
    Timeout,
    Mark,
}

/// The window comes down, until all that was in flight then is acknowledged.
#[derive(Clone, Copy, Debug)]
struct Reduction {
    kind: Kind,
    point: i64,
    began: Instant,
    /// The most that the window was.
    prior: f64,
    /// The most that it may be afterwards.
    after: f64,
}

/// What it takes to show that a reduction was for nothing.
#[derive(Clone, Copy, Debug)]
struct Undo {
    /// The bound as it would be without the reduction.
    bound: WindowBound,
    base: f64,
    /// When a timer expired last.
    timed_out: Option<Instant>,
    /// The TSval of the first retransmission.
    timestamp: Option<u32>,
    repeated: i64,
    duplicates: i64,
}

/// The bound, and what moves it.
#[derive(Clone, Debug, Default)]
pub(in crate::oracle) struct Congestion {
    bound: Option<WindowBound>,
    /// The bound after the last reduction: below it, a window need not have been used to be kept.
    base: f64,
    /// The most that was in flight since then.
    used: f64,
    reduction: Option<Reduction>,
    /// Whether the peer told of a mark since the last one.
    told: bool,
    undo: Option<Undo>,
    /// Duplicate ACKs, each for a segment that has left the network (RFC 5681 3.2), where SACK does not tell.
    inflation: f64,
    last_text: Instant,
}

impl Congestion {
    /// A segment with text is about to leave the host, for this reason.
    pub(in crate::oracle) fn leaves(
        &mut self,
        facts: &Facts,
        segment: &Segment<'_>,
        repair: Repair,
        now: Instant,
    ) {
        if segment.payload.is_empty() || segment.flags.syn || segment.flags.rst {
            return;
        }
        let size = facts.segment_size() as f64;
        let initial = WindowBound::initial(size);
        if self.bound.is_none() {
            self.bound = Some(initial);
            self.base = initial.size;
        }
        self.restart(facts, initial.size, now);
        let in_reduction = self.reduction.is_some();
        let marked = segment.flags.cwr
            && facts.agreed.both_said(|said| said.congestion_notification) != Agreement::No;
        match repair {
            Repair::Timeout => self.reduce(Kind::Timeout, facts, segment, initial.size, now),
            Repair::Evidence | Repair::WrittenOff | Repair::Either if !in_reduction => {
                self.reduce(Kind::Loss, facts, segment, initial.size, now);
            }
            // CWR may as well tell of a loss (RFC 3168 6.1.2).
            Repair::Nothing if marked && self.told && !in_reduction => {
                self.reduce(Kind::Mark, facts, segment, initial.size, now);
            }
            _ => {}
        }
        if repair != Repair::Nothing
            && let Some(undo) = &mut self.undo
        {
            undo.repeated += segment.data_length();
        }
        self.last_text = now;
    }

    /// It has left.
    pub(in crate::oracle) fn sent(
        &mut self,
        facts: &Facts,
        segment: &Segment<'_>,
        repair: Repair,
        wrong: &mut Vec<String>,
    ) {
        let Some(bound) = self.bound else {
            return;
        };
        let sending = &facts.sending;
        let size = facts.segment_size() as f64;
        let flight = (sending.next - sending.una) as f64;
        self.used = self.used.max(flight).max(sending.board.len() as f64 * size);
        let probes = repair == Repair::Probe || segment.payload.len() <= 1;
        if segment.flags.rst || segment.flags.syn || probes {
            return;
        }
        let pipe = sending.board.pipe(facts.repairs.written_off) as f64 - self.inflation;
        let window = match self.reduction {
            // RFC 9937: the window comes down bit by bit.
            Some(reduction) if reduction.kind != Kind::Timeout => reduction.prior,
            _ => bound.size,
        };
        // The first retransmission goes out whatever the window is (RFC 5681 3.2).
        let beyond = BEYOND + f64::from(repair != Repair::Nothing);
        if pipe > window + beyond * size {
            wrong.push(format!(
                "RFC 5681 3.1, RFC 9438 4: {pipe} bytes in flight, and the congestion window is {window:.0} at the most, in segments of {size}"
            ));
        }
    }

    /// A segment has come.
    pub(in crate::oracle) fn received(
        &mut self,
        facts: &Facts,
        news: &News,
        segment: &Segment<'_>,
        now: Instant,
    ) {
        let Some(bound) = &mut self.bound else {
            return;
        };
        let size = facts.segment_size() as f64;
        let delivered = news.acknowledged.and(news.sacked);
        let trip = facts.repairs.longest_trip;
        if let Some(undo) = &mut self.undo {
            undo.bound.grow(&delivered, size, now, trip);
        }
        if news.duplicate_acknowledgment && !facts.selective() {
            self.inflation += size;
        }
        if segment.flags.ece && !segment.flags.syn && self.reduction.is_none() {
            self.told = true;
        }
        // Without SACK it takes an ACK for something above to tell old duplicates from new ones (RFC 6582 4.1), as on Linux.
        let above = facts.sending.una + i64::from(facts.selective());
        match self.reduction {
            Some(reduction) if above > reduction.point => {
                if reduction.kind != Kind::Timeout {
                    bound.size = reduction.after;
                    bound.threshold = reduction.after;
                    bound.epoch = Some(Epoch {
                        began: reduction.began,
                        maximum: reduction.prior,
                        reduced: reduction.after,
                    });
                }
                self.reduction = None;
                self.inflation = 0.0;
                bound.grow(&delivered, size, now, trip);
            }
            Some(reduction) if reduction.kind != Kind::Timeout => {}
            in_slow_start => {
                if in_slow_start.is_none() && news.acknowledged.pieces > 0 {
                    self.inflation = 0.0;
                }
                bound.grow(&delivered, size, now, trip);
            }
        }
        self.take_back(news, segment);
    }

    /// RFC 5681 4.1: after a pause the window should be opened anew. RFC 7661 4.4 may keep it for five minutes, and then half
    /// of it.
    fn restart(&mut self, facts: &Facts, initial: f64, now: Instant) {
        if let Some(bound) = &mut self.bound
            && facts.sending.una == facts.sending.next
            && now.since(self.last_text) > KEPT_WHILE_IDLE
        {
            bound.size = bound.size.min(initial.max(bound.size / 2.0));
            self.base = self.base.min(bound.size);
        }
    }

    /// RFC 5681 3.1, equation 4, and RFC 9438 4.6: a part of what is in flight is kept; or of the window, if it was not opened
    /// without being used. In slow start it may be twice what was in flight.
    fn reduce(
        &mut self,
        kind: Kind,
        facts: &Facts,
        segment: &Segment<'_>,
        initial: f64,
        now: Instant,
    ) {
        let Some(bound) = &mut self.bound else {
            return;
        };
        let size = facts.segment_size() as f64;
        let prior = bound
            .size
            .min((2.0 * self.used).max(self.base).max(initial));
        let kept = if kind == Kind::Mark {
            KEPT_AFTER_MARK
        } else {
            KEPT_AFTER_LOSS
        };
        // A time-out in a recovery leaves ssthresh as it is.
        let (prior, after) = match self.reduction {
            Some(outer) => (outer.prior, outer.after),
            None => (prior, (kept * prior).max(2.0 * size)),
        };
        if self.reduction.is_none() {
            self.undo = (kind != Kind::Mark).then(|| Undo {
                bound: *bound,
                base: self.base,
                timed_out: (kind == Kind::Timeout).then_some(now),
                timestamp: segment.options.timestamps.map(|(value, _)| value),
                repeated: 0,
                duplicates: 0,
            });
            self.base = after;
            self.used = 0.0;
        } else if let Some(undo) = &mut self.undo
            && kind == Kind::Timeout
        {
            undo.timed_out = Some(now);
        }
        if kind == Kind::Timeout {
            // RFC 5681 3.1: the loss window is one segment, and slow start takes it from there.
            bound.size = size;
            bound.threshold = after;
            bound.epoch = Some(Epoch {
                began: now,
                maximum: prior,
                reduced: after,
            });
        }
        self.told = false;
        self.reduction = Some(Reduction {
            kind,
            point: facts.sending.next,
            began: now,
            prior,
            after,
        });
    }

    /// A reduction that was for nothing may be taken back: the original arrived, as timestamps (RFC 3522, 4015), D-SACK
    /// (RFC 2883, 3708) or what was sent once before a time-out (RFC 5682) show.
    fn take_back(&mut self, news: &News, segment: &Segment<'_>) {
        let Some(undo) = &mut self.undo else {
            return;
        };
        if let Some(duplicate) = &news.duplicate {
            undo.duplicates += duplicate.end - duplicate.start;
        }
        let echo = segment.options.timestamps.map(|(_, echo)| echo);
        let earlier = match (echo, undo.timestamp) {
            (Some(echo), Some(first)) => news.acknowledged.pieces > 0 && older(echo, first),
            _ => false,
        };
        let all_twice = undo.repeated > 0 && undo.duplicates >= undo.repeated;
        let once = news.acknowledged.and(news.sacked).once_sent_at;
        let original = matches!((once, undo.timed_out), (Some(sent), Some(out)) if sent < out);
        if earlier || all_twice || original {
            let bound = self.bound.get_or_insert(undo.bound);
            bound.size = bound.size.max(undo.bound.size);
            bound.threshold = bound.threshold.max(undo.bound.threshold);
            bound.epoch = undo.bound.epoch;
            self.base = self.base.max(undo.base);
            self.reduction = None;
            self.undo = None;
        }
    }
}
