//! What no state of RFC 9293's diagram sends.

use crate::oracle::facts::{End, Facts};
use crate::oracle::segment::Segment;
use periplus_journey::Instant;
use std::time::Duration;

/// What was on its way out when the last word came may still go out.
const ON_ITS_WAY: Duration = Duration::from_millis(150);

/// A segment leaves the host that is no RST.
pub(in crate::oracle) fn sent(
    facts: &Facts,
    segment: &Segment<'_>,
    now: Instant,
    wrong: &mut Vec<String>,
) {
    let speaks = !segment.payload.is_empty() || segment.flags.fin;
    if segment.flags.syn && facts.shown_established {
        wrong.push("RFC 9293 3.3.2: a SYN of a connection that is established".into());
    }
    if !segment.flags.syn && !facts.sending.synchronized() {
        unsynchronized(facts, segment, wrong);
    }
    let long_ago = facts
        .knows_fin_acknowledged
        .is_some_and(|since| now.since(since) > ON_ITS_WAY);
    match facts.end {
        Some((End::ResetByHost, _)) if !segment.flags.syn => {
            wrong.push("RFC 9293 3.10.7.1: after its RST a connection sends on".into());
        }
        Some((End::ResetByPeer, at)) if now.since(at) > ON_ITS_WAY => wrong.push(format!(
            "RFC 9293 3.10.7.4, RFC 5961 3.2: a RST at RCV.NXT came at {at:?}, and the connection goes on"
        )),
        Some((End::Finished, _)) if long_ago && speaks => wrong.push(
            "RFC 9293 3.10.7.4: the FIN is acknowledged, and the host still sends text or a FIN".into(),
        ),
        Some((End::Finished, _)) if long_ago && facts.closed_second => wrong.push(
            "RFC 9293 3.10.7.4: in LAST-ACK the FIN was acknowledged, and CLOSED sends nothing but RSTs".into(),
        ),
        _ => {}
    }
}

/// In SYN-SENT and SYN-RECEIVED no text goes out; a FIN does, if the user closes in SYN-RECEIVED (RFC 9293 3.10.4).
fn unsynchronized(facts: &Facts, segment: &Segment<'_>, wrong: &mut Vec<String>) {
    if !segment.payload.is_empty() {
        wrong.push("RFC 9293 3.10.2: text before the SYN is acknowledged".into());
    } else if segment.flags.fin && facts.user.known && facts.user.shut.is_none() {
        wrong.push("RFC 9293 3.3.2: a FIN before the SYN is acknowledged".into());
    }
    if facts.receiving.is_none() {
        wrong.push("RFC 9293 3.10.7.3: SYN-SENT sends nothing but SYNs and RSTs".into());
    }
}
