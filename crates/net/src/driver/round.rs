//! One round of the driver.

use super::{Driver, pump};
use crate::clock;
use crate::mailbox::Call;
use crate::shard::{ShardCell, Sleeper, State};
use periplus_journey::Instant;
use periplus_stack::{Ready, TransmitOutcome};
use std::task::Context;

/// What the driver does after a round.
pub(super) enum Next {
    /// Another one: there is more.
    Round,
    /// It sleeps until something wakes it.
    Sleep,
    /// It ends.
    End,
}

impl Driver {
    pub(super) fn round(&mut self, cell: &ShardCell, context: &mut Context<'_>) -> Next {
        self.inbox.take(&mut self.calls);
        cell.drive(|state| {
            state.sleeper = None;
            state.errand = false;
            let now = clock::now();
            self.receive(state, now);
            let deadline = state.shard.next_timeout();
            if deadline.is_some_and(|deadline| deadline <= now) {
                state.shard.timeout(now);
            }
            self.serve_calls(cell, state, now);
            state.begin_shutdown(now, &mut self.wakers);
            state.cut_off(now);
            self.wake_ready(cell, state, now);
            let outcome = state.shard.transmit(now, &mut *state.device);
            // A connection that cannot be sent to fails here, and whoever waits on it is to be told.
            self.wake_ready(cell, state, now);
            state.shard.take_finished(&mut self.finished);
            self.discarded = state.waiters.discarded.take();
            if state.has_ended(now) {
                return Next::End;
            }
            self.sleep(state, outcome == TransmitOutcome::Done, context)
        })
    }

    fn receive(&mut self, state: &mut State, now: Instant) {
        state.device.receive(now, &mut self.burst);
        let oldest = self.burst.as_slice().first();
        let waiting_since = oldest.and_then(|arrival| arrival.arrived);
        state.gaps.look(now, oldest.is_some(), waiting_since);
        // An empty burst is news as well: the shard keeps when the ring was last seen empty.
        let level = state.device.level();
        state.shard.receive(now, &mut self.burst, level);
    }

    fn serve_calls(&mut self, cell: &ShardCell, state: &mut State, now: Instant) {
        // `Call::Run` stays for `settle`: it borrows the shard by itself.
        for call in &mut self.calls {
            match call {
                Call::Stream(mailbox) => pump::stream(state, now, mailbox, &mut self.wakers),
                Call::Listener(mailbox) => {
                    pump::listener(cell, state, now, mailbox, &mut self.wakers)
                }
                Call::Udp(mailbox) => pump::udp(state, mailbox, &mut self.wakers),
                Call::Mark(id, mark) => state.shard.mark(*id, mark.clone()),
                Call::Run(_) => {}
            }
        }
    }

    /// Collects who is to be woken, and carries for those who are on foreign threads.
    fn wake_ready(&mut self, cell: &ShardCell, state: &mut State, now: Instant) {
        state.shard.take_ready(&mut self.ready);
        for ready in self.ready.drain(..) {
            match ready {
                Ready::Stream {
                    id,
                    readable,
                    writable,
                } => {
                    let Some(waiters) = state.waiters.streams.get_mut(&id) else {
                        continue;
                    };
                    if let Some(mailbox) = waiters.mailbox.clone() {
                        pump::stream(state, now, &mailbox, &mut self.wakers);
                        continue;
                    }
                    if readable {
                        self.wakers.extend(waiters.read.take());
                    }
                    if writable {
                        self.wakers.extend(waiters.write.take());
                    }
                }
                Ready::Datagram {
                    id,
                    readable,
                    writable,
                } => {
                    let Some(waiters) = state.waiters.udp.get_mut(&id) else {
                        continue;
                    };
                    if let Some(mailbox) = waiters.mailbox.clone() {
                        pump::udp(state, &mailbox, &mut self.wakers);
                        continue;
                    }
                    if readable {
                        self.wakers.append(&mut waiters.receive);
                    }
                    if writable {
                        self.wakers.append(&mut waiters.send);
                    }
                }
                Ready::Listener(id) => {
                    let Some(waiters) = state.waiters.listeners.get_mut(&id) else {
                        continue;
                    };
                    match waiters.mailbox.clone() {
                        Some(mailbox) => {
                            pump::listener(cell, state, now, &mailbox, &mut self.wakers)
                        }
                        None => self.wakers.append(&mut waiters.accept),
                    }
                }
            }
        }
    }

    /// Registers for everything that may end the sleep; any of it that is there already makes another round.
    fn sleep(&mut self, state: &mut State, room: bool, context: &mut Context<'_>) -> Next {
        if room && state.shard.has_output() {
            return Next::Round;
        }
        if state.device.poll_arrivals(context).is_ready() {
            return Next::Round;
        }
        if !room && state.device.poll_room(context).is_ready() {
            return Next::Round;
        }
        let deadlines = [
            state.shard.next_timeout(),
            state.device.next_timeout(),
            state.shutdown_deadline(),
        ];
        let until = Instant::earliest(deadlines);
        if until.is_some() && self.timer.poll(context, clock::now(), until).is_ready() {
            return Next::Round;
        }
        if !self.inbox.sleep(context.waker()) {
            return Next::Round;
        }
        state.gaps.sleep();
        state.sleeper = Some(Sleeper {
            waker: context.waker().clone(),
            until,
            awaits_room: !room,
        });
        Next::Sleep
    }
}
