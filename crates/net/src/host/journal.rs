//! The backend's word on a stream of the host's.

use super::Host;
use crate::clock;
use periplus_journey::{Instant, Mark, Outcome, StampedMark};
use periplus_tcp::{Recorder, StreamJournal};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sets marks in a stream, as [`Journal`](crate::Journal) does. Cheap to clone, and good on any thread.
#[derive(Clone)]
pub struct HostJournal {
    connection: Arc<Connection>,
    stream: u32,
}

struct Connection {
    host: Host,
    peer: SocketAddr,
    /// `None` where no journeys are recorded, and after the connection's end.
    journal: Mutex<Option<StreamJournal>>,
}

impl HostJournal {
    pub(super) fn new(host: Host, peer: SocketAddr, local: SocketAddr) -> Self {
        let journal = host
            .records()
            .then(|| StreamJournal::new(peer, local, clock::now()));
        host.entered();
        Self {
            connection: Arc::new(Connection {
                host,
                peer,
                journal: Mutex::new(journal),
            }),
            stream: 0,
        }
    }

    /// The same journal, for the marks of one stream of a multiplexed connection; 0 is for a connection without streams, and
    /// for what is said of the connection.
    pub fn of_stream(&self, stream: u32) -> Self {
        Self {
            stream,
            ..self.clone()
        }
    }

    /// The time now, on the clock of the marks.
    pub fn now() -> Instant {
        clock::now()
    }

    /// Sets a mark, now.
    pub fn mark(&self, mark: Mark) {
        self.mark_all([mark]);
    }

    /// Sets several marks, now.
    pub fn mark_all<const N: usize>(&self, marks: [Mark; N]) {
        let mut journal = self.journal();
        let Some(journal) = &mut *journal else { return };
        let (at, stream) = (clock::now(), self.stream);
        let mut state = self.connection.host.state();
        let state = &mut *state;
        for mark in marks {
            let mark = StampedMark { at, stream, mark };
            journal.mark(mark, &mut state.recorder, &mut state.counters);
        }
        if !state.recorder.is_empty() {
            self.connection.host.rouse();
        }
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.connection.peer
    }

    pub(super) fn received(&self, length: usize) {
        self.tell(|journal, recorder| journal.received(length, clock::now(), recorder));
    }

    pub(super) fn read(&self, length: usize) {
        self.tell(|journal, _| journal.read(length, clock::now()));
    }

    pub(super) fn written(&self, length: usize) {
        self.tell(|journal, recorder| journal.written(length, clock::now(), recorder));
    }

    pub(super) fn blocked(&self) {
        self.tell(|journal, _| journal.blocked(clock::now()));
    }

    /// The connection is over.
    pub(super) fn end(&self, outcome: Outcome, reason: Option<&'static str>) {
        if let Some(journal) = self.journal().take() {
            let mut state = self.connection.host.state();
            journal.end(outcome, reason, clock::now(), &mut state.recorder);
            self.connection.host.rouse();
        }
        self.connection.host.left();
    }

    fn tell(&self, what: impl FnOnce(&mut StreamJournal, &mut Recorder)) {
        if let Some(journal) = &mut *self.journal() {
            let mut state = self.connection.host.state();
            what(journal, &mut state.recorder);
            if !state.recorder.is_empty() {
                self.connection.host.rouse();
            }
        }
    }

    fn journal(&self) -> MutexGuard<'_, Option<StreamJournal>> {
        self.connection
            .journal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HostJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostJournal")
            .field("peer", &self.peer())
            .finish_non_exhaustive()
    }
}
