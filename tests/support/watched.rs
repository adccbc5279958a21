//! A device that counts how often it is looked at: what a driver that sleeps does not do.

use periplus_journey::Instant;
use periplus_ring::{Capabilities, Device, PoolLevel, RingStatistics, RxBurst, TxDescriptor};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

/// How often a device has been looked at.
#[derive(Clone, Debug, Default)]
pub struct Looks(Arc<AtomicU64>);

impl Looks {
    /// So often.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A wrapper on the receiving side of a device. A round of the driver begins with a look at the ring, so the looks are its rounds:
/// counted, and not reckoned from the processor's time, which is not the driver's alone.
pub struct Watched<D> {
    inner: D,
    looks: Looks,
}

impl<D: Device> Watched<D> {
    /// Wraps `inner`.
    pub fn new(inner: D) -> Self {
        let looks = Looks::default();
        Self { inner, looks }
    }

    /// The count, which goes on after the device was given away.
    pub fn looks(&self) -> Looks {
        self.looks.clone()
    }
}

impl<D: Device> Device for Watched<D> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        self.looks.0.fetch_add(1, Ordering::Relaxed);
        self.inner.receive(now, burst);
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.inner.reserve(length)
    }

    fn commit(&mut self, now: Instant, descriptor: TxDescriptor) {
        self.inner.commit(now, descriptor);
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
