//! The right edge of the host's own window never moves left.

use crate::oracle::facts::Facts;
use crate::oracle::segment::Segment;

/// What the host has offered.
#[derive(Clone, Debug, Default)]
pub(in crate::oracle) struct OwnWindow {
    /// The furthest right edge.
    edge: i64,
}

impl OwnWindow {
    /// A segment leaves the host. RFC 9293 3.8.6 (SHLD-14): a receiver should not shrink its window; what the scale rounds
    /// off may go (RFC 7323 2.4). After the peer's FIN there is nothing left to offer room for.
    pub(in crate::oracle) fn sent(
        &mut self,
        facts: &Facts,
        segment: &Segment<'_>,
        wrong: &mut Vec<String>,
    ) {
        let Some(receiving) = &facts.receiving else {
            return;
        };
        if segment.flags.rst || !receiving.fins.is_empty() {
            return;
        }
        // A probe below SND.NXT is no acceptable segment to the peer, which only answers it: its window offers nothing.
        let start = facts.sending.place(segment.sequence);
        if segment.length() == 0 && start < facts.sending.next {
            return;
        }
        let Some(edge) = facts.sent_edge(segment) else {
            return;
        };
        let unit = 1i64 << facts.agreed.own_scale();
        if edge <= self.edge - unit {
            wrong.push(format!(
                "RFC 9293 3.8.6: the window's right edge moves left, from {} to {edge}, in units of {unit}",
                self.edge
            ));
        }
        self.edge = self.edge.max(edge);
    }
}
