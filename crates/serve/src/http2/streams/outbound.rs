//! What is seen of the bytes sent.

use super::{Answer, Full, Request, State};
use crate::http2::frames::{Frame, Passed, kind};
use crate::marks::Marks;
use h2::Reason;
use periplus_journey::{Label, Mark, RequestEnd};

/// The status that says that the request did not arrive in time (RFC 9110 section 15.5.9).
const REQUEST_TIMEOUT: u16 = 408;

/// What h2 answers by itself: a field section that is longer than it reads.
const TOO_LARGE: u16 = 431;

impl<M: Marks> State<M> {
    pub(super) fn note_room(&mut self, is_full: bool) {
        match (is_full, self.full.since) {
            (true, None) => self.full.since = Some(M::now()),
            (false, Some(_)) => {
                self.full = Full {
                    since: None,
                    before: self.full.until(M::now()),
                };
            }
            _ => {}
        }
    }

    pub(super) fn walk_sent(&mut self, mut bytes: &[u8]) {
        while let Some(passed) = self.sent.walk(&mut bytes) {
            match passed {
                Passed::Began(frame) => self.answer_frame_begins(&frame),
                Passed::Ended { frame, closes } => self.answer_frame_ends(&frame, closes),
            }
        }
    }

    fn answer_frame_begins(&mut self, frame: &Frame) {
        if frame.kind == kind::DATA && frame.length > 0 {
            self.allowance.content(frame.length);
        }
        let Some(stream) = self.open.get_mut(&frame.stream) else {
            return;
        };
        if frame.kind != kind::HEADERS || stream.answer != Answer::Awaited {
            return; // of the answer that has begun
        }
        if stream.interim > 0 {
            stream.interim -= 1;
            stream.answer = Answer::Interim;
            return;
        }
        stream.answer = Answer::Begun;
        let status = stream.status.unwrap_or(TOO_LARGE);
        // An error answer does not wait for the rest of the request, and does not want it.
        let how = match status {
            REQUEST_TIMEOUT => RequestEnd::TimedOut,
            _ => RequestEnd::Rejected,
        };
        match stream.request {
            Request::Arrived { end } => self.end_request(frame.stream, end, how),
            Request::Receiving | Request::Called if status >= 400 => {
                self.end_request(frame.stream, self.received.passed(), how);
            }
            _ => {}
        }
        let marks = self.of(frame.stream);
        marks.mark(Mark::Response { start: frame.start });
        marks.mark(Mark::Label(Label::Status(status)));
    }

    fn answer_frame_ends(&mut self, frame: &Frame, closes: bool) {
        let end = self.sent.passed();
        if frame.kind == kind::DATA {
            self.carried += u64::from(frame.length);
        }
        let Some(stream) = self.open.get_mut(&frame.stream) else {
            return;
        };
        stream.sent += frame.size();
        if frame.kind == kind::DATA {
            stream.queued = stream.queued.saturating_sub(u64::from(frame.length));
            if stream.queued == 0 {
                let now = M::now();
                stream.drained = Some((now, self.full.until(now)));
            }
        }
        if frame.kind == kind::RST_STREAM {
            let reason = Reason::from(self.sent.code());
            let (verdict, request) = (stream.verdict.take(), stream.request);
            let verdict = verdict.unwrap_or_else(|| {
                let verdict = verdict_of_h2(request, reason);
                if let Mark::Refused { .. } = verdict {
                    self.counters.rejections.increment();
                }
                verdict
            });
            self.forget(frame.stream, |_| verdict);
            return;
        }
        if stream.answer == Answer::Interim {
            stream.answer = Answer::Awaited;
        }
        if closes {
            if stream.request != Request::Ended {
                // Answered, and the rest of it was not wanted: that rejects it only where the answer says so, which it has.
                let end = match stream.request {
                    Request::Arrived { end } => end,
                    _ => self.received.passed(),
                };
                self.end_request(frame.stream, end, RequestEnd::Complete);
            }
            self.allowance.answered();
            self.forget(frame.stream, |_| Mark::ResponseEnd { end });
        }
    }
}

/// What is told of a stream that was reset without the service having said why.
fn verdict_of_h2(request: Request, reason: Reason) -> Mark {
    match (request, reason) {
        (_, Reason::REFUSED_STREAM) => Mark::Refused {
            reason: "too_many_streams",
        },
        // It would not have it for a request, or not any longer.
        (Request::Receiving | Request::Arrived { .. }, _)
        | (_, Reason::PROTOCOL_ERROR | Reason::FLOW_CONTROL_ERROR | Reason::STREAM_CLOSED) => {
            Mark::Refused {
                reason: "malformed",
            }
        }
        (Request::Called | Request::Ended, _) => Mark::Reset {
            reason: "reset_by_backend",
        },
    }
}
