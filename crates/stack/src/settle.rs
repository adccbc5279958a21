//! After a connection was touched: what the shard must know of it is brought up to date, in one place.

use crate::Shard;
use crate::flow::Flow;
use crate::handle::{Handle, Tag};
use crate::shard::{ConnectionId, Ready, TimeWaitEntry};
use crate::slab::Index;
use periplus_journey::Instant;
use periplus_tcp::{Readiness, State, TimeWait};
use std::net::{IpAddr, Ipv4Addr};

impl Shard {
    /// Brings everything in line with the connection, and gives it a turn at the transmit ring if it has something to say.
    pub(crate) fn settle(&mut self, index: Index) {
        self.bring_in_line(index, true);
    }

    /// Brings memory, timer, readiness and tables in line with the connection.
    pub(crate) fn note(&mut self, index: Index) {
        self.bring_in_line(index, false);
    }

    /// Asked after every segment and every call. Nothing is looked up twice, and what has not changed costs a comparison.
    #[inline]
    fn bring_in_line(&mut self, index: Index, may_queue: bool) {
        let Some(mut flow) = self.flows.get_mut(index) else {
            return;
        };
        if matches!(flow.connection.state(), State::TimeWait | State::Closed) {
            self.come_to_an_end(index);
            match self.flows.get_mut(index) {
                Some(kept) => flow = kept,
                None => return,
            }
        }
        self.environment.reckon(flow);
        announce(&mut self.ready, flow, index);
        flow.arm(&mut self.timers, index);
        if may_queue {
            flow.queue(&mut self.transmit_queue, index);
        }
        if !flow.is_pinning && flow.connection.pinned_frames() > 0 {
            self.flows.pin(index);
        } else if flow.comes_to_rest() {
            self.flows.rest(index);
        } else if flow.is_resting && !flow.is_at_rest() {
            self.flows.stir(index);
        }
    }

    /// The connection is over, or as good as that: a record waits in its place, the table forgets it, or it goes.
    #[cold]
    fn come_to_an_end(&mut self, index: Index) {
        let only_waits = |flow: &Flow| flow.connection.is_only_waiting();
        if self.flows.get_awake(index).is_some_and(only_waits) {
            self.keep_as_time_wait(index);
        }
        let Some(flow) = self.flows.get_mut(index) else {
            return;
        };
        announce(&mut self.ready, flow, index);
        if flow.is_listed && flow.connection.state() == State::Closed {
            flow.is_listed = false;
            self.flow_table.remove(&flow.key);
        }
        if flow.connection.is_finished() {
            self.forget_flow(index);
        }
    }

    /// The connection is over and nobody holds it.
    fn forget_flow(&mut self, index: Index) {
        let Some(mut flow) = self.flows.remove(index) else {
            return;
        };
        self.sources.connection_left(flow.key.remote.ip());
        self.environment.strike_off(&mut flow);
        if let Some(timer) = flow.timer {
            self.timers.disarm(timer);
        }
        if flow.is_listed {
            self.flow_table.remove(&flow.key);
        }
        self.flows.recycle(flow);
    }

    /// The connection has nothing left but to wait: a compact record does that, whether or not the backend still holds the
    /// connection. At the limit of records it is forgotten at once, as on Linux.
    fn keep_as_time_wait(&mut self, index: Index) {
        let Some(flow) = self.flows.get_mut(index) else {
            return;
        };
        let key = flow.key;
        self.environment.counters.time_wait += 1;
        let (IpAddr::V4(local), IpAddr::V4(remote)) = (key.local.ip(), key.remote.ip()) else {
            return;
        };
        let ends = ((local, key.local.port()), (remote, key.remote.port()));
        let record = TimeWait::new(&flow.connection, ends.0, ends.1, Instant::ZERO);
        let placeholder = Handle::new(
            Tag::TimeWait,
            Index {
                slot: 0,
                generation: 0,
            },
        );
        flow.connection.left_to_record();
        flow.is_listed = false;
        flow.armed = Instant::FAR_FUTURE;
        let timer = self
            .timers
            .arm(flow.timer.take(), record.ends_at, placeholder);
        match self.time_wait.insert(TimeWaitEntry { record, timer }) {
            Ok(place) => {
                let handle = Handle::new(Tag::TimeWait, place);
                self.timers.arm(Some(timer), record.ends_at, handle);
                self.flow_table.replace(&key, handle);
                flow.time_wait = Some(place);
            }
            Err(_) => {
                self.environment.counters.time_wait_overflow += 1;
                self.timers.disarm(timer);
                self.flow_table.remove(&key);
            }
        }
    }

    /// A TIME-WAIT record goes.
    pub(crate) fn forget_time_wait(&mut self, index: Index) -> Option<TimeWait<Ipv4Addr>> {
        let entry = self.time_wait.remove(index)?;
        self.timers.disarm(entry.timer);
        let key = crate::flow_table::FlowKey {
            local: entry.record.local(),
            remote: entry.record.remote(),
        };
        self.flow_table.remove(&key);
        Some(entry.record)
    }
}

/// Tells a backend that was told to wait what it no longer has to wait for.
#[inline]
fn announce(ready: &mut Vec<Ready>, flow: &mut Flow, index: Index) {
    if let Some(Readiness { readable, writable }) = flow.connection.take_readiness() {
        ready.push(Ready::Stream {
            id: ConnectionId(index),
            readable,
            writable,
        });
    }
}
