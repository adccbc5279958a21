//! The device of a shard in tokio: a NIC at whose other end the script asks, and asks again when it is answered.

use super::Told;
use crate::bench::Watch;
use crate::client::{Client, Frame, Manner};
use crate::referee::{Known, Referee};
use crate::stacks::{Port, Setup};
use periplus_journey::Instant;
use periplus_ring::{
    Capabilities, Device, PoolLevel, RingStatistics, RxBurst, RxFrame, TxDescriptor,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What the script is told to do, and by whom it is looked at.
#[derive(Default)]
pub(super) struct Orders {
    /// Requests that are still to be sent.
    pub(super) requests: Cell<u32>,
    /// Where the connection stood when everything was answered.
    pub(super) known: Cell<Option<Known>>,
    /// The shard's driver, when it sleeps.
    driver: RefCell<Option<Waker>>,
    pub(super) referee: RefCell<Option<Referee>>,
}

impl Orders {
    /// Orders so many more requests.
    pub(super) fn ask(&self, requests: u32) {
        self.requests.set(self.requests.get() + requests);
        self.driver.take().into_iter().for_each(Waker::wake);
    }
}

/// The rings of every shard in the bench, and the client at their other ends.
pub(super) struct Scripted {
    port: Port,
    client: Client,
    orders: Rc<Orders>,
    told: Arc<Told>,
    /// Bytes of answers that are to come before the next request.
    due: u64,
    /// What is sent next on the way to the connections, and of which; then, requests on the last one.
    opening: Option<Frame>,
    opened: usize,
}

impl Scripted {
    pub(super) fn new(setup: &Setup, orders: Rc<Orders>, told: Arc<Told>) -> Self {
        let mut port = Port::new(setup);
        let mut client = Client::new(Manner {
            payload: setup.payload,
            timestamps: setup.timestamps,
            connections: setup.connections,
            super_mss: None,
        });
        port.slots(|slot| client.fill(slot));
        Self {
            port,
            client,
            orders,
            told,
            due: 0,
            opening: Some(Frame::ArpRequest),
            opened: 0,
        }
    }

    fn is_answered(&self) -> bool {
        self.client.connection().received == self.due
    }

    /// What the client sends now, if anything.
    fn next(&self) -> Option<Frame> {
        if let Some(frame) = self.opening {
            return (frame != Frame::Ack || self.client.connection().connected).then_some(frame);
        }
        (self.is_answered() && self.orders.requests.get() > 0).then_some(Frame::Data)
    }

    fn send(&mut self, now: Instant, frame: Frame) {
        let client = &self.client;
        self.port
            .deliver(now, |slot| client.write(frame, slot, now));
        if self.told.is_watched() {
            self.show_referee(|referee, port| referee.came(&port.last_arrived()));
        }
        self.client.sent(frame);
        self.opening = match frame {
            Frame::ArpRequest => Some(Frame::Syn),
            Frame::Syn => Some(Frame::Ack),
            Frame::Ack if self.opened + 1 < self.client.connections().len() => {
                self.opened += 1;
                self.client.select(self.opened);
                Some(Frame::Syn)
            }
            _ => None,
        };
        if frame == Frame::Data {
            self.due += super::ANSWER as u64;
            self.orders.requests.update(|requests| requests - 1);
        }
    }

    /// If the referee wants it, a damaged copy of the frame comes first.
    fn send_damaged(&mut self, now: Instant, frame: Frame) {
        let mut referee = self.orders.referee.borrow_mut();
        let Some(referee) = referee.as_mut() else {
            return;
        };
        if !referee.wants_damage() {
            return;
        }
        let mut copy = vec![0; crate::client::SLOT];
        self.client.fill(&mut copy);
        let length = self.client.write(frame, &mut copy, now);
        copy.truncate(length);
        referee.damage(&mut copy);
        self.port.arrives(now, RxFrame::from(copy));
    }

    /// Shows the referee what the backend has done, and then something.
    fn show_referee(&mut self, show: impl FnOnce(&mut Referee, &mut Port)) {
        let mut referee = self.orders.referee.borrow_mut();
        if let Some(referee) = referee.as_mut() {
            self.told.tell(referee);
            show(referee, &mut self.port);
        }
    }
}

impl Device for Scripted {
    fn capabilities(&self) -> &Capabilities {
        self.port.capabilities()
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        if let Some(frame) = self.next() {
            if self.told.is_watched() {
                self.send_damaged(now, frame);
            }
            self.send(now, frame);
        }
        self.port.receive(now, burst);
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.port.reserve(length)
    }

    fn commit(&mut self, now: Instant, descriptor: TxDescriptor) {
        self.port.commit(now, descriptor);
        if self.told.is_watched() {
            self.show_referee(|referee, port| port.sent.look(|frame| referee.left(frame)));
        }
        let client = &mut self.client;
        self.port.sent.take(|frame| client.note(frame));
        if self.due > 0 && self.is_answered() && self.orders.requests.get() == 0 {
            let connection = self.client.connection();
            self.orders.known.set(Some(Known {
                client: connection.next,
                server: connection.expected,
                unsent: 0,
            }));
            self.told.done.notify_one();
        }
    }

    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.next().is_some() {
            return Poll::Ready(());
        }
        let mut driver = self.orders.driver.borrow_mut();
        match &mut *driver {
            Some(driver) => driver.clone_from(context.waker()),
            None => *driver = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    fn poll_room(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        unreachable!("what left is looked at at once")
    }

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn level(&self) -> PoolLevel {
        self.port.level()
    }

    fn statistics(&self) -> RingStatistics {
        self.port.statistics()
    }
}
