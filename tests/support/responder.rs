//! A backend that answers requests and marks them.

use crate::{Cable, Host};
use periplus_journey::{Instant, Label, Mark, RequestEnd, StampedMark};
use periplus_stack::{ConnectionId, Read, Write};
use std::time::Duration;

/// Bytes of a request.
pub const REQUEST: u64 = 100;
/// Bytes of an answer.
pub const ANSWER: u64 = 20_000;

/// A backend for requests of [`REQUEST`] bytes, each answered by [`ANSWER`] bytes, which thinks for a millisecond
/// and marks what it does, as a codec would.
pub struct Responder {
    id: ConnectionId,
    read: u64,
    /// Until when the handler works on a request, if it does.
    pub thinking_until: Option<Instant>,
    unwritten: u64,
    /// Whether the client has ended its stream, and everything is answered.
    pub ended: bool,
}

impl Responder {
    /// A backend that has accepted the connection `id`.
    pub fn new(id: ConnectionId) -> Self {
        Self {
            id,
            read: 0,
            thinking_until: None,
            unwritten: 0,
            ended: false,
        }
    }

    fn mark(&self, host: &mut Host<Cable>, at: Instant, mark: Mark) {
        host.shard.mark(
            self.id,
            StampedMark {
                at,
                stream: 0,
                mark,
            },
        );
    }

    /// Reads, thinks and writes as far as it goes now.
    pub fn pump(&mut self, host: &mut Host<Cable>, now: Instant) {
        if self.thinking_until.is_some_and(|until| until <= now) {
            self.thinking_until = None;
            let start = written(host, self.id);
            self.mark(host, now, Mark::Response { start });
            self.unwritten = ANSWER;
        }
        self.write(host, now);
        self.read(host, now);
    }

    /// Reads one request, and no further.
    fn read(&mut self, host: &mut Host<Cable>, now: Instant) {
        while self.thinking_until.is_none() && self.unwritten == 0 && !self.ended {
            let start = self.read - self.read % REQUEST;
            let mut buffer = [0; REQUEST as usize];
            let rest = &mut buffer[(self.read - start) as usize..];
            match host.shard.read(now, self.id, rest) {
                Ok(Read::Data(length)) if self.read == start => {
                    self.mark(host, now, Mark::Request { start });
                    self.read += length as u64;
                }
                Ok(Read::Data(length)) => self.read += length as u64,
                Ok(Read::Wait) | Err(_) => break,
                Ok(Read::End) => {
                    self.ended = true;
                    let _ = host.shard.shutdown_write(now, self.id);
                }
            }
            if self.read == start + REQUEST {
                let (end, how) = (self.read, RequestEnd::Complete);
                self.mark(host, now, Mark::RequestEnd { end, how });
                self.mark(host, now, Mark::HandlerCalled);
                let label = Label::Request(format!("request at {start}").into());
                self.mark(host, now, Mark::Label(label));
                self.thinking_until = Some(now + Duration::from_millis(1));
            }
        }
    }

    fn write(&mut self, host: &mut Host<Cable>, now: Instant) {
        while self.unwritten > 0 {
            let data = vec![b'x'; self.unwritten as usize];
            match host.shard.write(now, self.id, &data) {
                Ok(Write::Accepted(length)) => self.unwritten -= length as u64,
                Ok(Write::Wait) | Err(_) => return,
            }
            if self.unwritten == 0 {
                let end = written(host, self.id);
                self.mark(host, now, Mark::ResponseEnd { end });
            }
        }
    }
}

fn written(host: &Host<Cable>, id: ConnectionId) -> u64 {
    host.shard.offsets(id).map_or(0, |(_, written)| written)
}
