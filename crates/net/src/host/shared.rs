//! What the streams of one thread share: where their journeys go.

use crate::shard::Recorder;
use periplus_journey::{Counters, Finished, Record};
use periplus_tcp::Recorder as Journeys;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::task::yield_now;

/// The name of the device in the records.
const DEVICE: &str = "host";

/// How many journeys may wait until they are taken. That is once a turn of the runtime.
const CAPACITY: usize = 8192;

/// The host's own TCP, in place of a shard: what the listeners and streams on it have in common. Clones are the same.
#[derive(Clone)]
pub struct Host(Arc<Shared>);

struct Shared {
    journeys: Mutex<State>,
    /// Some journey is over, or there will be no more.
    over: Notify,
    connections: AtomicUsize,
    one_ended: Notify,
}

pub(super) struct State {
    pub(super) recorder: Journeys,
    pub(super) counters: Counters,
}

impl Host {
    /// With a recorder that is given every journey, from a task of the current `LocalSet`; without one, none is recorded.
    pub fn new(recorder: Option<Recorder>) -> Self {
        let host = Self(Arc::new(Shared {
            journeys: Mutex::new(State {
                recorder: Journeys::new(recorder.is_some(), DEVICE, CAPACITY),
                counters: Counters::default(),
            }),
            over: Notify::new(),
            connections: AtomicUsize::new(0),
            one_ended: Notify::new(),
        }));
        if let Some(recorder) = recorder {
            tokio::task::spawn_local(host.clone().hand_over(recorder));
        }
        host
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// What was counted of the journeys.
    pub fn counters(&self) -> Counters {
        let state = self.state();
        Counters {
            records_dropped: state.recorder.dropped(),
            ..state.counters
        }
    }

    /// Done when the recorder has been given every journey that is over.
    pub async fn settled(&self) {
        while !self.state().recorder.is_empty() {
            yield_now().await;
        }
    }

    pub(super) fn records(&self) -> bool {
        self.state().recorder.is_enabled()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in it is left half done by a panic that somebody else has answered for.
        self.0
            .journeys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Some journey is over.
    pub(super) fn rouse(&self) {
        self.0.over.notify_one();
    }

    pub(super) fn entered(&self) {
        self.0.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn left(&self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
        self.0.one_ended.notify_waiters();
    }

    /// Done when a connection has ended, counted from this call.
    pub(super) fn one_ended(&self) -> Notified<'_> {
        self.0.one_ended.notified()
    }

    /// Gives the recorder what is over, all of a turn of the runtime at once.
    async fn hand_over(self, mut recorder: Recorder) {
        let mut finished = Vec::new();
        loop {
            self.0.over.notified().await;
            self.take(&mut finished);
            finished.drain(..).map(Record::from).for_each(&mut recorder);
        }
    }

    fn take(&self, finished: &mut Vec<Finished>) {
        self.state().recorder.take(finished);
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}
