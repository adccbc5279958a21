//! No byte beyond the window that the peer offered.

use crate::oracle::facts::Facts;
use crate::oracle::segment::Segment;

/// A segment leaves the host. RFC 9293 3.8.6: what is sent lies within the window. A probe of one byte may lie beyond it
/// (3.8.6.1), and a FIN takes a place but no buffer. A peer that shrinks its window should be obeyed, and need not be
/// (SHLD-15), so it is the furthest edge that counts.
pub(in crate::oracle) fn sent(facts: &Facts, segment: &Segment<'_>, wrong: &mut Vec<String>) {
    if segment.flags.rst || segment.flags.syn || segment.payload.is_empty() {
        return;
    }
    let start = facts.sending.place(segment.sequence);
    let end = start + segment.data_length();
    let edge = facts.sending.edge;
    let probe = segment.payload.len() == 1 && start <= edge.max(facts.sending.next - 1);
    if end > edge && !probe {
        wrong.push(format!(
            "RFC 9293 3.8.6: text up to {end}, {} bytes beyond the furthest edge that the peer ever offered, {edge}",
            end - edge
        ));
    }
}
