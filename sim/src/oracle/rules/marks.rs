//! Explicit congestion notification (RFC 3168): who may be marked, and that a mark is told of and answered.

use crate::oracle::agreed::Agreement;
use crate::oracle::facts::Facts;
use crate::oracle::news::News;
use crate::oracle::receiving::Receiving;
use crate::oracle::segment::{Codepoint, Segment};
use periplus_journey::Instant;
use std::time::Duration;

/// An ACK may have been on its way already when the mark came.
const ON_ITS_WAY: Duration = Duration::from_millis(20);

/// What marks came, and were told of.
#[derive(Clone, Debug, Default)]
pub(in crate::oracle) struct Marks {
    /// Whether a marked segment ever came.
    any: bool,
    /// Where the text of a marked segment ends, and when it came, until the peer says that it has slowed down.
    to_be_told: Option<(i64, Instant)>,
    /// What had been sent when the peer told of a mark, and how many round trips it has told of one without an answer.
    told: Option<(i64, u32)>,
    /// New segments after two of them.
    unanswered: u32,
}

fn agreed(facts: &Facts) -> Agreement {
    facts.agreed.both_said(|said| said.congestion_notification)
}

impl Marks {
    /// A segment leaves the host.
    pub(in crate::oracle) fn sent(
        &mut self,
        facts: &Facts,
        segment: &Segment<'_>,
        now: Instant,
        wrong: &mut Vec<String>,
    ) {
        codepoint(facts, segment, wrong);
        let flags = segment.flags;
        if flags.rst {
            return;
        }
        if flags.syn {
            let asked = facts.agreed.peer_said(|said| said.congestion_notification);
            if flags.ack && flags.ece && !flags.cwr && asked == Agreement::No {
                wrong
                    .push("RFC 3168 6.1.1: an ECN-setup SYN/ACK for a SYN that did not ask".into());
            }
            return;
        }
        if agreed(facts) == Agreement::No {
            if flags.ece || flags.cwr {
                wrong.push("RFC 3168 6.1.1: ECE or CWR, and ECN was not agreed on".into());
            }
            return;
        }
        if flags.ece && !self.any {
            wrong.push("RFC 3168 6.1.3: ECE, and no packet was marked".into());
        }
        self.tells(facts, segment, now, wrong);
        self.answers(facts, segment, wrong);
    }

    /// RFC 3168 6.1.3: after a mark every ACK has ECE, until a segment with CWR comes.
    fn tells(
        &mut self,
        facts: &Facts,
        segment: &Segment<'_>,
        now: Instant,
        wrong: &mut Vec<String>,
    ) {
        // Who has sent its FIN sends nothing more that could be slowed down.
        let closed = facts
            .receiving
            .as_ref()
            .is_some_and(Receiving::fin_acknowledged);
        let Some((end, since)) = self.to_be_told.filter(|_| !closed) else {
            return;
        };
        let covers = facts
            .sent_acknowledgment(segment)
            .is_some_and(|place| place >= end);
        if !segment.flags.ece && (covers || now.since(since) > ON_ITS_WAY) {
            wrong.push(format!(
                "RFC 3168 6.1.3: a marked packet came at {since:?}, and an ACK has no ECE"
            ));
        }
    }

    /// RFC 3168 6.1.2: the first new segment after the window came down has CWR. Who was told of a mark for two round trips,
    /// and sends on without, has done nothing.
    fn answers(&mut self, facts: &Facts, segment: &Segment<'_>, wrong: &mut Vec<String>) {
        let range = facts.sent_range(segment);
        if segment.flags.cwr {
            self.told = None;
            self.unanswered = 0;
        } else if self.told.is_some_and(|(_, trips)| trips >= 2)
            && !segment.payload.is_empty()
            && range.start >= facts.sending.next
        {
            self.unanswered += 1;
            if self.unanswered == 3 {
                wrong.push(
                    "RFC 3168 6.1.2: ECE came for two round trips, and no new segment has CWR"
                        .into(),
                );
            }
        }
    }

    /// A segment has come; `certain`: and the host cannot but have processed it.
    pub(in crate::oracle) fn received(
        &mut self,
        facts: &Facts,
        news: &News,
        segment: &Segment<'_>,
        certain: bool,
        now: Instant,
    ) {
        if segment.flags.cwr {
            self.to_be_told = None;
        }
        if segment.codepoint == Codepoint::CongestionExperienced {
            self.any = true;
            if certain
                && news.fresh > 0
                && agreed(facts) == Agreement::Surely
                && self.to_be_told.is_none()
            {
                self.to_be_told = Some((news.text.end, now));
            }
        }
        if segment.flags.syn || !certain || agreed(facts) != Agreement::Surely {
            return;
        }
        match self.told {
            _ if !segment.flags.ece => {
                self.told = None;
                self.unanswered = 0;
            }
            None => self.told = Some((facts.sending.next, 0)),
            Some((point, trips)) if facts.sending.una > point => {
                self.told = Some((facts.sending.next, trips + 1));
            }
            Some(_) => {}
        }
    }
}

/// RFC 3168 6.1.1, 6.1.4 to 6.1.6: only new text says that it may be marked. RFC 5562 allows it to a SYN/ACK as well.
fn codepoint(facts: &Facts, segment: &Segment<'_>, wrong: &mut Vec<String>) {
    match segment.codepoint {
        Codepoint::NotCapable => return,
        Codepoint::Capable => {}
        Codepoint::CongestionExperienced => {
            wrong.push("RFC 3168 5: a host marks no packets".into());
            return;
        }
    }
    let flags = segment.flags;
    let range = facts.sent_range(segment);
    // In TIME-WAIT, which has none of this left, Linux answers with the codepoint of the connection.
    let both_closed = facts.sending.fin.is_some()
        && facts
            .receiving
            .as_ref()
            .is_some_and(|it| !it.fins.is_empty());
    let what = if flags.syn {
        if flags.ack {
            return;
        }
        "a SYN"
    } else if agreed(facts) == Agreement::No {
        "a segment of a connection without ECN"
    } else if flags.rst || (segment.payload.is_empty() && !flags.fin && !both_closed) {
        "an ACK without text"
    } else if range.end <= facts.sending.next && range.end > range.start {
        "what is sent again"
    } else {
        return;
    };
    wrong.push(format!("RFC 3168 6.1: {what} says that it may be marked"));
}
