//! The right edge of the host's own window never moves left.

use crate::oracle::facts::Facts;
use crate::oracle::segment::Segment;

/// A segment leaves the host. RFC 9293 3.8.6 (SHLD-14): a receiver should not shrink its window; what the scale rounds off
/// may go (RFC 7323 2.4). After the peer's FIN there is nothing left to offer room for.
pub(in crate::oracle) fn sent(facts: &Facts, segment: &Segment<'_>, wrong: &mut Vec<String>) {
    let Some(receiving) = &facts.receiving else {
        return;
    };
    if segment.flags.rst || receiving.fin_acknowledged() || !receiving.fins.is_empty() {
        return;
    }
    let Some(edge) = facts.sent_edge(segment) else {
        return;
    };
    let unit = 1i64 << facts.agreed.own_scale();
    if edge <= receiving.edge - unit && receiving.acknowledged > 0 {
        wrong.push(format!(
            "RFC 9293 3.8.6: the window's right edge moves left, from {} to {edge}, in units of {unit}",
            receiving.edge
        ));
    }
}
