//! What is seen of the bytes received.

use super::{Answer, KNOWN, Request, State, Stream};
use crate::http2::frames::{Frame, Passed, kind};
use crate::marks::Marks;
use periplus_journey::{Mark, RequestEnd};

impl<M: Marks> State<M> {
    pub(super) fn walk_received(&mut self, mut bytes: &[u8]) {
        self.content_comes();
        while let Some(passed) = self.received.walk(&mut bytes) {
            match passed {
                Passed::Began(frame) => self.frame_begins(&frame),
                Passed::Ended { frame, closes } => self.frame_ends(&frame, closes),
            }
        }
        // Whether a request begins with them nobody can tell yet.
        if let Some(start) = self.received.begun() {
            self.marks.mark(Mark::PartRead { start });
        }
    }

    /// Content counts as it comes, and not only when a frame of it is whole.
    fn content_comes(&mut self) {
        if let Some(frame) = self.received.passing()
            && let Some(stream) = self.open.get_mut(&frame.stream)
        {
            stream.arrivals += 1;
        }
    }

    fn frame_begins(&mut self, frame: &Frame) {
        match frame.kind {
            kind::HEADERS if frame.length > 0 => self.allowance.request(),
            kind::DATA if frame.length > 0 => self.allowance.content(frame.length),
            _ => self.allowance.useless(),
        }
        if frame.kind == kind::HEADERS {
            self.may_begin(frame);
        }
    }

    /// A field section begins, and with it a request, if the stream is new (RFC 9113 section 5.1.1).
    fn may_begin(&mut self, frame: &Frame) {
        let is_clients = frame.stream % 2 == 1;
        if !is_clients || frame.stream <= self.latest {
            return;
        }
        self.latest = frame.stream;
        if self.open.len() == KNOWN {
            self.counters.untold_streams.increment();
            return;
        }
        self.open.insert(frame.stream, Stream::default());
        let start = frame.start;
        self.of(frame.stream).mark(Mark::Request { start });
    }

    fn frame_ends(&mut self, frame: &Frame, closes: bool) {
        let end = self.received.passed();
        // A field section in several frames is one head, however long it takes.
        self.heads += u64::from(!self.received.is_in_head());
        // SETTINGS may hold another size of every stream's window (RFC 9113 section 6.9.2).
        let opens = frame.kind == kind::WINDOW_UPDATE || frame.kind == kind::SETTINGS;
        let opened = opens.then(M::now);
        if frame.stream == 0 {
            self.opened = opened.or(self.opened);
        }
        let Some(stream) = self.open.get_mut(&frame.stream) else {
            return;
        };
        stream.opened = opened.or(stream.opened);
        stream.received += frame.size();
        stream.arrivals += 1;
        if frame.kind == kind::RST_STREAM {
            // What was sent already has cost its client as much as us.
            if stream.answer != Answer::Begun {
                self.allowance.reset();
            }
            let reason = "reset_by_client";
            self.forget(frame.stream, |_| Mark::Reset { reason });
        } else if closes {
            match stream.request {
                Request::Receiving => stream.request = Request::Arrived { end },
                Request::Called => self.end_request(frame.stream, end, RequestEnd::Complete),
                Request::Arrived { .. } | Request::Ended => {}
            }
        }
    }
}
