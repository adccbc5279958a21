//! Options are used only as far as both ends agreed on them, and segments are no longer than the peer takes.

use crate::oracle::agreed::Agreement;
use crate::oracle::facts::{Facts, Opening};
use crate::oracle::segment::Segment;

/// What is wrong with the options of a segment that the host sends.
pub(in crate::oracle) fn sent(facts: &Facts, segment: &Segment<'_>, wrong: &mut Vec<String>) {
    let options = &segment.options;
    if segment.flags.rst {
        return;
    }
    if segment.flags.syn && segment.flags.ack {
        let peer = &facts.agreed;
        if options.window_scale.is_some()
            && peer.peer_said(|said| said.window_scale.is_some()) == Agreement::No
        {
            wrong.push("RFC 7323 2.2: window scale in a SYN/ACK, and the SYN had none".into());
        }
        if options.timestamps.is_some() && peer.peer_said(|said| said.timestamps) == Agreement::No {
            wrong.push("RFC 7323 3.2: timestamps in a SYN/ACK, and the SYN had none".into());
        }
    }
    if segment.flags.syn {
        return;
    }
    // Until an answer was processed, nothing is agreed on, and nothing can be sent but a SYN.
    match facts.timestamps() {
        Agreement::No if options.timestamps.is_some() => {
            wrong.push("RFC 7323 3.2: timestamps were not agreed on".into());
        }
        Agreement::Surely if options.timestamps.is_none() => wrong.push(
            "RFC 7323 3.2: timestamps were agreed on, and must be in every segment but a RST"
                .into(),
        ),
        _ => {}
    }
    if !options.sack.is_empty()
        && facts.agreed.peer_said(|said| said.sack_permitted) == Agreement::No
    {
        wrong.push("RFC 2018 2: SACK was not permitted by the peer's SYN".into());
    }
    length(facts, segment, wrong);
}

/// RFC 9293 3.7.1 (MUST-16): the peer's MSS bounds what is sent.
fn length(facts: &Facts, segment: &Segment<'_>, wrong: &mut Vec<String>) {
    let longest = facts.longest_text(segment);
    if segment.data_length() > longest {
        let said = match facts.opening {
            Opening::Active => "SYN/ACK",
            Opening::Passive => "SYN",
        };
        wrong.push(format!(
            "RFC 9293 3.7.1: {} bytes of text and {} of options, and the peer's {said} said {}",
            segment.payload.len(),
            segment.options.length,
            facts.segment_size()
        ));
    }
}
