//! The accept queue of one listener: established connections the backend has not asked for yet.

use periplus_journey::QueueMet;
use std::collections::VecDeque;

/// Handles of established connections, first come first served.
#[derive(Clone, Debug)]
pub struct AcceptQueue<H> {
    waiting: VecDeque<H>,
    limit: u32,
}

impl<H: PartialEq> AcceptQueue<H> {
    /// An empty queue by the backlog `limit`: `min(backlog, somaxconn)`.
    pub fn new(limit: u32) -> Self {
        Self {
            waiting: VecDeque::new(),
            limit,
        }
    }

    /// Connections waiting now.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The backlog.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Changes the backlog. Who waits goes on waiting.
    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Whether no more are admitted. One more than the backlog is, as on Linux (`sk_acceptq_is_full`).
    pub fn is_full(&self) -> bool {
        self.waiting.len() > self.limit as usize
    }

    /// What it holds now, for the journey of one that came to it.
    pub fn met(&self) -> QueueMet {
        QueueMet {
            length: u32::try_from(self.waiting.len()).unwrap_or(u32::MAX),
            limit: self.limit,
        }
    }

    /// What it holds once the next has entered.
    pub fn met_by_the_next(&self) -> QueueMet {
        let QueueMet { length, limit } = self.met();
        QueueMet {
            length: length.saturating_add(1),
            limit,
        }
    }

    /// Appends a connection.
    pub fn push(&mut self, handle: H) {
        self.waiting.push_back(handle);
    }

    /// Takes the one that waited longest.
    pub fn pop(&mut self) -> Option<H> {
        self.waiting.pop_front()
    }
}
