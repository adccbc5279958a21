//! RSTs, and errors told to the user: where they stand, and that they have a cause.

use crate::oracle::arrivals::{Answer, Arrivals};
use crate::oracle::facts::Facts;
use crate::oracle::segment::Segment;

/// The host sends a RST; `facts` are those of the connection that it may belong to.
pub(in crate::oracle) fn sent(
    arrivals: &Arrivals,
    facts: Option<&Facts>,
    segment: &Segment<'_>,
    wrong: &mut Vec<String>,
) {
    let answer = arrivals.answer(segment);
    let own = facts.is_some_and(|facts| is_own(facts, segment));
    match answer {
        Answer::Fits => {}
        _ if own => {}
        Answer::ToReset => wrong.push("RFC 9293 3.10.7.1: a RST is answered by a RST".into()),
        Answer::FitsNothing => wrong.push(format!(
            "RFC 9293 3.10.7.1: a RST at {} that fits nothing that came, nor what the connection has sent",
            segment.sequence
        )),
    }
    if let Some(facts) = facts
        && facts.user.known
        && !has_cause(facts)
    {
        wrong.push("RFC 9293 3.5.2: a connection is reset without a cause".into());
    }
}

/// An error is told to the user.
pub(in crate::oracle) fn failed(facts: &Facts, wrong: &mut Vec<String>) {
    if !has_cause(facts) {
        wrong.push(
            "RFC 9293 3.10.7.4, RFC 5961 3.2: a connection fails, and no RST was at RCV.NXT, nothing timed out, and nobody closed it"
                .into(),
        );
    }
}

/// RFC 9293 3.10.5: a RST of the host's own stands at SND.NXT. Bytes that were written off may lie before it.
fn is_own(facts: &Facts, segment: &Segment<'_>) -> bool {
    let place = facts.sending.place(segment.sequence);
    place >= facts.sending.una.min(1)
        && place >= facts.sending.una - 1
        && place <= facts.sending.next
}

/// Whether the connection may end here: it is not established yet, or it was ended by a RST, by its user, by an ICMP error,
/// or because its peer no longer answers.
fn has_cause(facts: &Facts) -> bool {
    !facts.shown_established
        || facts.end.is_some()
        || facts.reset_possible.is_some()
        || facts.user.gone()
        || facts.user.failed.is_some()
        || facts.unreachable.is_some()
        || facts.repeated > 0
}
