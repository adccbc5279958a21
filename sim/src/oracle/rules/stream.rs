//! The bytes: those that were written go out, those that came can be read, and no others.

use crate::oracle::facts::Facts;
use crate::oracle::segment::Segment;

/// What was sent, for connections whose calls are not known.
#[derive(Clone, Debug, Default)]
pub(in crate::oracle) struct Stream {
    /// From place 1 on.
    sent: Vec<u8>,
}

/// So many bytes are remembered of what was sent; beyond that nothing is compared.
const MOST: usize = 64 << 20;

impl Stream {
    /// A segment leaves the host.
    pub(in crate::oracle) fn sent(
        &mut self,
        facts: &Facts,
        segment: &Segment<'_>,
        wrong: &mut Vec<String>,
    ) {
        if segment.flags.rst || segment.flags.syn {
            return;
        }
        let start = facts.sending.place(segment.sequence);
        let end = start + segment.data_length();
        if let Some(fin) = facts.sending.fin {
            if end > fin && !segment.payload.is_empty() {
                wrong.push(format!(
                    "RFC 9293 3.6: text up to {end} after the FIN at {fin}"
                ));
            }
            if segment.flags.fin && end != fin {
                wrong.push(format!(
                    "RFC 9293 3.6: a FIN at {end}, and one was at {fin}"
                ));
            }
        }
        // What lies below SND.UNA is a keep-alive's garbage byte (RFC 9293 3.8.4), or was acknowledged already.
        if !segment.payload.is_empty() && end > facts.sending.una {
            self.compare(facts, start, segment.payload, wrong);
        }
        if segment.flags.fin && facts.user.known {
            close(facts, end, wrong);
        }
    }

    fn compare(&mut self, facts: &Facts, start: i64, text: &[u8], wrong: &mut Vec<String>) {
        let Ok(from) = usize::try_from(start - 1) else {
            return;
        };
        let to = from + text.len();
        if facts.user.known {
            if to > facts.user.written.len() {
                wrong.push(format!(
                    "RFC 9293 3.9.1: text up to byte {to}, and only {} were written",
                    facts.user.written.len()
                ));
            } else if facts.user.written[from..to] != *text {
                wrong.push(format!(
                    "RFC 9293 2.2: bytes {from} to {to} are not those that were written"
                ));
            }
            return;
        }
        let known = self.sent.len().clamp(from, to);
        if from <= self.sent.len() && self.sent[from..known] != text[..known - from] {
            wrong.push(format!(
                "RFC 9293 3.4: bytes {from} to {known} are sent again, and are others than before"
            ));
        }
        if from <= self.sent.len() && to <= MOST {
            self.sent.extend_from_slice(&text[known - from..]);
        }
    }
}

/// RFC 9293 3.10.4: a FIN follows CLOSE, and all that was written before it.
fn close(facts: &Facts, end: i64, wrong: &mut Vec<String>) {
    if facts.user.shut.is_none() {
        wrong.push("RFC 9293 3.10.4: a FIN, and nobody closed the sending half".into());
    }
    let written = i64::try_from(facts.user.written.len()).unwrap_or(0);
    if end - 1 != written {
        wrong.push(format!(
            "RFC 9293 3.10.4: a FIN after {} bytes, and {written} were written",
            end - 1
        ));
    }
}

/// The user has read these bytes.
pub(in crate::oracle) fn read(facts: &mut Facts, bytes: &[u8], wrong: &mut Vec<String>) {
    let first = facts.user.read + 1;
    let count = i64::try_from(bytes.len()).unwrap_or(0);
    facts.user.read += count;
    let Some(receiving) = &facts.receiving else {
        wrong.push("RFC 9293 3.10.3: bytes are read before anything came".into());
        return;
    };
    if receiving.in_order() < first + count {
        wrong.push(format!(
            "RFC 9293 3.10.3: byte {} is read, and only {} came in order",
            first + count - 1,
            receiving.in_order() - 1
        ));
        return;
    }
    if let Some((place, byte)) = (first..)
        .zip(bytes)
        .find(|&(place, &byte)| !receiving.was_sent(place, byte))
    {
        wrong.push(format!(
            "RFC 9293 2.2: byte {place} is read as {byte:#04x}, which the peer did not send"
        ));
    }
}

/// The user has read the end.
pub(in crate::oracle) fn read_end(facts: &Facts, wrong: &mut Vec<String>) {
    let end = facts.user.read + 1;
    let came = facts
        .receiving
        .as_ref()
        .is_some_and(|receiving| receiving.fins.contains(&end) && receiving.in_order() >= end);
    if !came {
        wrong.push(format!(
            "RFC 9293 3.10.3: the end is read after {} bytes, and no FIN came there",
            end - 1
        ));
    }
}
