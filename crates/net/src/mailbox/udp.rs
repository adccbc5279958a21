//! Datagrams on their way between a foreign thread and the shard.

use super::{Call, Inbox, lock};
use crate::error;
use crate::shard::waiters::enlist;
use periplus_stack::{ReceiveFrom, SendError, SendTo, Shard, UdpId};
use std::collections::VecDeque;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};
use tokio::task::coop;

/// Bytes a mailbox holds in a direction.
const LIMIT: usize = 64 * 1024;
/// What a datagram costs beyond its bytes, so that many small ones are bounded as well.
const OVERHEAD: usize = 64;

/// Between the driver and a UDP socket that is used on a foreign thread.
pub(crate) struct UdpMailbox {
    pub(crate) id: UdpId,
    inbox: Arc<Inbox>,
    state: Mutex<Datagrams>,
}

/// Both directions.
#[derive(Default)]
struct Datagrams {
    inbound: Queue,
    outbound: Queue,
    receivers: Vec<Waker>,
    senders: Vec<Waker>,
    /// What the shard said of a datagram after its sender had gone on.
    refusal: Option<(SocketAddr, SendError)>,
    rung: bool,
    dropped: bool,
    shard_gone: bool,
}

/// Datagrams with whom they are from or for.
#[derive(Default)]
struct Queue {
    datagrams: VecDeque<(SocketAddr, Box<[u8]>)>,
    charged: usize,
}

impl Queue {
    /// An empty queue takes any datagram.
    fn has_room(&self, length: usize) -> bool {
        self.charged == 0 || self.charged + length + OVERHEAD <= LIMIT
    }

    fn push(&mut self, address: SocketAddr, data: Box<[u8]>) {
        self.charged += data.len() + OVERHEAD;
        self.datagrams.push_back((address, data));
    }

    fn pop(&mut self) -> Option<(SocketAddr, Box<[u8]>)> {
        let (address, data) = self.datagrams.pop_front()?;
        self.charged -= data.len() + OVERHEAD;
        Some((address, data))
    }
}

impl UdpMailbox {
    pub(crate) fn new(inbox: Arc<Inbox>, id: UdpId) -> Arc<Self> {
        Arc::new(Self {
            id,
            inbox,
            state: Mutex::default(),
        })
    }

    /// The foreign thread asks for a datagram.
    pub(crate) fn poll_receive(
        self: &Arc<Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(SocketAddr, Box<[u8]>)>> {
        // The driver fills the queue on its own thread: without a budget this task could find datagrams for ever.
        let budget = ready!(coop::poll_proceed(context));
        let mut state = lock(&self.state);
        if let Some(received) = state.inbound.pop() {
            budget.made_progress();
            return Poll::Ready(Ok(received));
        }
        if state.shard_gone {
            return Poll::Ready(Err(error::shard_gone()));
        }
        enlist(&mut state.receivers, context);
        self.ring(state);
        Poll::Pending
    }

    /// The foreign thread sends a datagram.
    pub(crate) fn poll_send(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        data: &[u8],
        target: SocketAddr,
        largest: usize,
    ) -> Poll<io::Result<()>> {
        let budget = ready!(coop::poll_proceed(context));
        let mut state = lock(&self.state);
        if let Some((target, refusal)) = state.refusal.take() {
            return Poll::Ready(Err(error::send(target, refusal)));
        }
        if state.shard_gone {
            return Poll::Ready(Err(error::shard_gone()));
        }
        let length = data.len();
        if length > largest {
            let refusal = SendError::MessageTooLong { length, largest };
            return Poll::Ready(Err(error::send(target, refusal)));
        }
        if !state.outbound.has_room(length) {
            enlist(&mut state.senders, context);
            return Poll::Pending;
        }
        state.outbound.push(target, data.into());
        budget.made_progress();
        self.ring(state);
        Poll::Ready(Ok(()))
    }

    /// The foreign thread dropped the socket.
    pub(crate) fn release(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        state.dropped = true;
        self.ring(state);
    }

    fn ring(self: &Arc<Self>, mut state: MutexGuard<'_, Datagrams>) {
        let ring = !mem::replace(&mut state.rung, true);
        drop(state);
        if ring && self.inbox.send(Call::Udp(Arc::clone(self))).is_err() {
            let mut wakers = Vec::new();
            self.end(&mut wakers);
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    /// The driver comes, and carries what can be carried. `false` if the socket was dropped, and all it sent has found room.
    pub(crate) fn drive(&self, shard: &mut Shard, wakers: &mut Vec<Waker>) -> bool {
        let mut state = lock(&self.state);
        state.rung = false;
        let is_empty = state.carry_out(self.id, shard);
        if state.outbound.charged <= LIMIT / 2 {
            wakers.append(&mut state.senders);
        }
        if state.dropped {
            return !is_empty;
        }
        state.carry_in(self.id, shard);
        if !state.inbound.datagrams.is_empty() || state.shard_gone {
            wakers.append(&mut state.receivers);
        }
        true
    }

    /// The shard has ended.
    pub(crate) fn end(&self, wakers: &mut Vec<Waker>) {
        let mut state = lock(&self.state);
        state.shard_gone = true;
        wakers.append(&mut state.receivers);
        wakers.append(&mut state.senders);
    }
}

impl Datagrams {
    /// To the shard, until something finds no room. Says whether all did.
    fn carry_out(&mut self, id: UdpId, shard: &mut Shard) -> bool {
        while let Some((target, data)) = self.outbound.datagrams.front() {
            match shard.send_to(id, data, *target) {
                Ok(SendTo::Accepted) => {}
                Ok(SendTo::Wait) => return false,
                Err(SendError::Closed) => self.shard_gone = true,
                Err(refusal) => self.refusal = Some((*target, refusal)),
            }
            self.outbound.pop();
        }
        true
    }

    /// From the shard, as long as the foreign thread waits: what nobody waits for stays in the socket's own queue.
    fn carry_in(&mut self, id: UdpId, shard: &mut Shard) {
        while !self.receivers.is_empty() && self.inbound.charged < LIMIT {
            match shard.receive_from(id) {
                Ok(ReceiveFrom::Datagram { source, data }) => self.inbound.push(source, data),
                Ok(ReceiveFrom::Wait) => return,
                Err(_) => {
                    self.shard_gone = true;
                    return;
                }
            }
        }
    }
}
