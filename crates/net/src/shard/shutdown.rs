//! The end of a shard.

use crate::mailbox::Farewell;
use crate::shard::{Snapshot, State};
use periplus_journey::Instant;
use std::task::Waker;
use tokio::sync::oneshot;

/// A shard that is to end.
pub(crate) struct Closing {
    /// When it ends at the latest.
    deadline: Instant,
    /// Whether its sockets are closed.
    begun: bool,
    /// Connections that the deadline cut off while they still had something to deliver.
    pub(crate) undelivered: usize,
    /// Who waits for the end.
    pub(crate) replies: Vec<oneshot::Sender<Snapshot>>,
}

impl State {
    /// Asks the driver to end the shard. Of several requests the earliest deadline counts.
    pub(crate) fn request_shutdown(&mut self, deadline: Instant, reply: oneshot::Sender<Snapshot>) {
        let closing = self.closing.get_or_insert(Closing {
            deadline,
            begun: false,
            undelivered: 0,
            replies: Vec::new(),
        });
        closing.deadline = closing.deadline.min(deadline);
        closing.replies.push(reply);
        self.errand = true;
    }

    /// When a shard that is closing stops waiting for its peers.
    pub(crate) fn shutdown_deadline(&self) -> Option<Instant> {
        self.closing.as_ref().map(|closing| closing.deadline)
    }

    /// Whether nothing keeps a closing shard alive: all is delivered and sent, or its time is up.
    pub(crate) fn has_ended(&self, now: Instant) -> bool {
        self.closing.as_ref().is_some_and(|closing| {
            let is_done = !self.shard.has_output() && self.shard.delivering() == 0;
            is_done || closing.deadline <= now
        })
    }

    /// The driver resets what the backend still holds, once.
    pub(crate) fn begin_shutdown(&mut self, now: Instant, wakers: &mut Vec<Waker>) {
        match &mut self.closing {
            Some(closing) if !closing.begun => closing.begun = true,
            _ => return,
        }
        let ids: Vec<_> = self.waiters.listeners.keys().copied().collect();
        for id in ids {
            self.waiters.end_listener(id, wakers);
            self.release_listener(now, id);
        }
        let ids: Vec<_> = self.waiters.udp.keys().copied().collect();
        for id in ids {
            self.waiters.end_udp(id, wakers);
            self.release_udp(id);
        }
        // What a remote stream wrote may still be in its mailbox when its handle is gone: that is delivered as well.
        let held = self
            .waiters
            .streams
            .iter()
            .filter(|(_, stream)| !stream.is_leaving());
        let ids: Vec<_> = held.map(|(&id, _)| id).collect();
        for id in ids {
            self.waiters.end_stream(id, wakers);
            self.release_stream(now, id, Farewell::Abort);
        }
    }

    /// At the deadline, what is still not delivered is given up: its journeys end here.
    pub(crate) fn cut_off(&mut self, now: Instant) {
        if let Some(closing) = &mut self.closing
            && closing.deadline <= now
        {
            closing.undelivered += self.shard.delivering();
            self.shard.cut_off(now);
        }
    }
}
