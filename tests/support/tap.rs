//! A device that keeps a copy of what is sent, and loses what it is told to.

use crate::Segment;
use periplus_journey::Instant;
use periplus_ring::{Capabilities, Device, PoolLevel, RingStatistics, RxBurst, TxDescriptor};
use std::task::{Context, Poll};

type Rule = Box<dyn FnMut(&Segment) -> bool>;

/// A wrapper on the sending side of a device.
pub struct Tap<D> {
    /// The device behind it.
    pub inner: D,
    /// Every frame sent, lost ones included, with its time.
    pub sent: Vec<(Instant, Vec<u8>)>,
    /// How many frames were lost on command.
    pub lost: u64,
    rule: Option<Rule>,
    frame: Vec<u8>,
}

impl<D: Device> Tap<D> {
    /// Wraps `inner`; nothing is lost yet.
    pub fn new(inner: D) -> Self {
        Self {
            inner,
            sent: Vec::new(),
            lost: 0,
            rule: None,
            frame: Vec::new(),
        }
    }

    /// From now on loses the segments for which `rule` is true.
    pub fn lose_if(&mut self, rule: impl FnMut(&Segment) -> bool + 'static) {
        self.rule = Some(Box::new(rule));
    }

    /// From now on loses nothing.
    pub fn lose_nothing(&mut self) {
        self.rule = None;
    }

    /// The TCP segments sent so far.
    pub fn segments(&self) -> impl Iterator<Item = (Instant, Segment)> {
        let frames = self.sent.iter();
        frames.filter_map(|(at, frame)| Some((*at, Segment::from_frame(frame)?)))
    }
}

impl<D: Device> Device for Tap<D> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        self.inner.receive(now, burst);
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.inner.reserve(length)?;
        self.frame.clear();
        self.frame.resize(length, 0);
        Some(&mut self.frame)
    }

    fn commit(&mut self, now: Instant, descriptor: TxDescriptor) {
        let frame = &self.frame[..descriptor.length];
        self.sent.push((now, frame.to_vec()));
        let lose = match (&mut self.rule, Segment::from_frame(frame)) {
            (Some(rule), Some(segment)) => rule(&segment),
            _ => false,
        };
        if lose {
            self.lost += 1;
        } else if let Some(buffer) = self.inner.reserve(descriptor.length) {
            buffer.copy_from_slice(frame);
            self.inner.commit(now, descriptor);
        }
    }

    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_arrivals(context)
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_room(context)
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.inner.next_timeout()
    }

    fn level(&self) -> PoolLevel {
        self.inner.level()
    }

    fn statistics(&self) -> RingStatistics {
        self.inner.statistics()
    }
}
