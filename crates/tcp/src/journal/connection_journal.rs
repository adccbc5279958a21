//! The journeys of one connection's requests.

use super::Recorder;
use super::stamp_log::ReceiveStamp;
use super::underway::Underway;
use periplus_journey::{Beginning, Instant, QueuesMet, TcpSummary};
use std::net::SocketAddr;

/// What stays of a connection while nothing is asked and nothing is answered, and the rest while it is.
#[derive(Debug)]
pub(crate) struct ConnectionJournal {
    pub(super) about: About,
    /// Lent by the recorder.
    pub(super) underway: Option<Box<Underway>>,
}

/// What every record of a connection needs of it.
#[derive(Debug)]
pub(super) struct About {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    /// Until the first request's record is written.
    pub(super) beginning: Option<Box<Beginning>>,
    pub(super) requests_seen: bool,
}

impl ConnectionJournal {
    pub(crate) fn new(peer: SocketAddr, local: SocketAddr, beginning: Beginning) -> Self {
        Self {
            about: About {
                peer,
                local,
                beginning: Some(Box::new(beginning)),
                requests_seen: false,
            },
            underway: None,
        }
    }

    /// r0.
    pub(crate) fn first_syn_dropped(&mut self, at: Instant) {
        if let Some(beginning) = &mut self.about.beginning {
            beginning.first_syn_dropped = Some(at);
        }
    }

    /// The listener's queues as the connection met them.
    pub(crate) fn came_to(&mut self, queues: QueuesMet) {
        if let Some(beginning) = &mut self.about.beginning {
            beginning.queues = queues;
        }
    }

    /// e2.
    pub(crate) fn accepted(&mut self, at: Instant) {
        if let Some(beginning) = &mut self.about.beginning {
            beginning.accepted = Some(at);
        }
    }

    /// The received bytes up to `end` are in order now; they came at `stamp`.
    #[inline]
    pub(crate) fn arrived(
        &mut self,
        end: u64,
        stamp: ReceiveStamp,
        read_to: u64,
        acknowledged: u64,
        recorder: &mut Recorder,
    ) {
        Underway::begun(&mut self.underway, acknowledged, recorder).arrived(end, stamp, read_to);
    }

    /// Bytes that waited for others ahead of them from `from` to `to`.
    pub(crate) fn reassembled(&mut self, from: Instant, to: Instant) {
        if let Some(underway) = &mut self.underway {
            underway.reassembled(from, to);
        }
    }

    /// The backend read the bytes [from, to); `drained` if nothing is left to read.
    #[inline]
    pub(crate) fn read(&mut self, from: u64, to: u64, at: Instant, drained: bool) {
        if let Some(underway) = &mut self.underway {
            underway.read(from, to, at, drained);
        }
    }

    /// Bytes up to `end` were transmitted for the first time.
    #[inline]
    pub(crate) fn transmitted(
        &mut self,
        end: u64,
        at: Instant,
        acknowledged: u64,
        recorder: &mut Recorder,
    ) {
        let underway = Underway::begun(&mut self.underway, acknowledged, recorder);
        underway.unblocked(at);
        underway.transmitted(end, at);
    }

    /// Data waits, and the windows (the peer's or cwnd) let nothing out.
    pub(crate) fn blocked(&mut self, at: Instant) {
        if let Some(underway) = &mut self.underway {
            underway.blocked(at);
        }
    }

    /// The windows let something out again, or nothing waits any more.
    pub(crate) fn unblocked(&mut self, at: Instant) {
        if let Some(underway) = &mut self.underway {
            underway.unblocked(at);
        }
    }

    /// Everything sent before `offset` is acknowledged.
    #[inline]
    pub(crate) fn acknowledged(
        &mut self,
        offset: u64,
        at: Instant,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        if let Some(underway) = &mut self.underway {
            underway.acknowledged = offset;
            if !underway.sent.is_empty() {
                underway.sent.acknowledge(offset, at);
            }
            if let [request] = &mut underway.open[..]
                && request.is_plainly_answered(offset)
            {
                request.answered(at, tcp, recorder);
                recorder.keep_only(&mut underway.open);
            } else if !underway.open.is_empty() {
                underway.acknowledged(offset, at);
                self.finish(tcp, recorder);
            }
        }
    }

    /// The codec says at `at` that an answer ends before `end`, which was sent already.
    #[cold]
    pub(super) fn was_sent(
        &mut self,
        at: Instant,
        end: u64,
        tcp: TcpSummary,
        recorder: &mut Recorder,
    ) {
        if let Some(underway) = &mut self.underway {
            underway.was_sent(at, end);
            self.finish(tcp, recorder);
        }
    }

    /// Of the received bytes before `end` a stream's request was told.
    pub(super) fn was_told_to(&mut self, end: u64) {
        if let Some(underway) = &mut self.underway {
            underway.told_to = underway.told_to.max(end);
        }
    }

    /// All is acknowledged and read. Gives back what is not needed until the next byte, unless it is here already (`more`):
    /// an idle connection is small.
    #[inline]
    pub(crate) fn rest(&mut self, more: bool, recorder: &mut Recorder) {
        if let Some(underway) = &mut self.underway
            && underway.open.is_empty()
        {
            underway.sent.forget_before(underway.acknowledged);
            underway.forget_told();
            if !more
                && underway.is_over()
                && let Some(underway) = self.underway.take()
            {
                recorder.give_back(underway);
            }
        }
    }
}
