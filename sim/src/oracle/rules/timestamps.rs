//! Timestamps: the host's own never run backwards, and what it echoes is what came.

use crate::oracle::agreed::Agreement;
use crate::oracle::facts::Facts;
use crate::oracle::news::News;
use crate::oracle::segment::Segment;
use std::collections::VecDeque;

/// What was said with timestamps.
#[derive(Clone, Debug, Default)]
pub(in crate::oracle) struct Timestamps {
    /// The host's last TSval.
    own: Option<u32>,
    /// The last TSecr of the host's.
    echoed: Option<u32>,
    /// The peer's TSvals, and where their segments began.
    came: VecDeque<(u32, i64)>,
    /// The TSval of what begins at the last ACK that was sent, and where that text ends.
    due: Option<(u32, i64)>,
}

/// So many of the peer's timestamps are remembered.
const TIMESTAMPS: usize = 4096;

/// Whether a timestamp is older than another (RFC 7323 5.2).
pub(in crate::oracle) fn older(one: u32, another: u32) -> bool {
    (one.wrapping_sub(another) as i32) < 0
}

impl Timestamps {
    /// The SYN that the host answers said `value`.
    pub(in crate::oracle) fn syn(&mut self, value: u32) {
        self.came.push_back((value, 0));
    }

    /// A segment leaves the host.
    pub(in crate::oracle) fn sent(
        &mut self,
        facts: &Facts,
        segment: &Segment<'_>,
        wrong: &mut Vec<String>,
    ) {
        let Some((value, echo)) = segment.options.timestamps else {
            return;
        };
        // RFC 7323 4.1: the timestamp clock is one that goes forward.
        if let Some(own) = self.own
            && older(value, own)
        {
            wrong.push(format!("RFC 7323 4.1: TSval {value} comes after {own}"));
        }
        self.own = Some(value);
        if let Some(place) = facts.sent_acknowledgment(segment)
            && facts.agreed.peer_said(|said| said.timestamps) != Agreement::No
        {
            self.echo(echo, place, wrong);
        }
    }

    /// RFC 7323 4.3: what is echoed is the timestamp of a segment that came and did not begin above what was acknowledged,
    /// and of the latest of them that did.
    fn echo(&mut self, echo: u32, acknowledged: i64, wrong: &mut Vec<String>) {
        let fits = |&&(value, start): &&(u32, i64)| value == echo && start <= acknowledged;
        if self.came.iter().rev().find(fits).is_none() {
            wrong.push(format!(
                "RFC 7323 4.3: TSecr {echo} is the TSval of nothing that came in order"
            ));
        }
        if let Some(echoed) = self.echoed
            && older(echo, echoed)
        {
            wrong.push(format!("RFC 7323 4.3: TSecr {echo} comes after {echoed}"));
        }
        if let Some((due, end)) = self.due
            && acknowledged >= end
        {
            self.due = None;
            if older(echo, due) {
                wrong.push(format!(
                    "RFC 7323 4.3: TSecr {echo} acknowledges a segment with TSval {due} that began at the last ACK"
                ));
            }
        }
        self.echoed = Some(echo);
    }

    /// A segment has come; `certain`: and the host cannot but have processed it.
    pub(in crate::oracle) fn received(
        &mut self,
        facts: &Facts,
        news: &News,
        segment: &Segment<'_>,
        certain: bool,
    ) {
        let (Some((value, _)), Some(receiving)) = (segment.options.timestamps, &facts.receiving)
        else {
            return;
        };
        if segment.flags.rst {
            return;
        }
        self.came.push_back((value, news.range.start));
        if self.came.len() > TIMESTAMPS {
            self.came.pop_front();
        }
        let last = receiving.acknowledged;
        // Of a repetition the first copy may be the one that is acknowledged.
        let new = news.fresh == segment.data_length() && news.fresh > 0;
        // Linux leaves out what comes with an old acknowledgment.
        let current = (news.acknowledgment).is_some_and(|place| place >= facts.sending.una);
        if certain && new && current && self.due.is_none() && news.range.start <= last {
            self.due = Some((value, news.range.end));
        }
    }
}
