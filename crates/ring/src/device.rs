//! The interface between a stack and whatever carries its frames.

use crate::{PoolLevel, RingStatistics, RxBurst, TxDescriptor};
use periplus_journey::Instant;
use std::task::{Context, Poll};

/// What a device can do for the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// The kind of device, as records name it: `memory`, `tap`, …
    pub name: &'static str,
    /// Largest IP packet on the wire.
    pub mtu: usize,
    /// Frames in the pool that arrivals come from.
    pub frames: usize,
    /// Descriptors of the receive ring; `None` where the device does not say.
    pub rx_ring: Option<usize>,
    /// Arrivals say when they were written into memory.
    pub arrival_stamps: bool,
    /// Arrivals may have their checksum verified or left partial.
    pub rx_checksum: bool,
    /// Checksums may be handed over partial.
    pub tx_checksum: bool,
    /// Largest TCP/IP packet that the device cuts into segments, if it does.
    pub segmentation: Option<usize>,
    /// Arrivals may stand for several segments, in chains.
    pub coalescing: bool,
}

impl Capabilities {
    /// Longest frame that may be [reserved](Device::reserve).
    pub fn max_frame(&self) -> usize {
        self.segmentation.unwrap_or(0).max(self.mtu) + periplus_wire::ethernet::HEADER_LENGTH
    }
}

/// A pair of rings, one a direction. Time comes in as an argument; nothing here waits.
pub trait Device {
    /// What the device can do.
    fn capabilities(&self) -> &Capabilities;

    /// Moves arrivals into `burst`, until it is full or there are no more; what is left stays in the ring. `now`
    /// becomes [`RxBurst::taken`].
    fn receive(&mut self, now: Instant, burst: &mut RxBurst);

    /// A buffer of `length` bytes for one frame, at most [`Capabilities::max_frame`], to be filled and handed over
    /// by [`commit`](Self::commit); what it holds before is of no meaning. None when the ring is full:
    /// [`poll_room`](Self::poll_room) tells when it no longer is. A buffer that is not handed over is given up by
    /// the next call.
    fn reserve(&mut self, length: usize) -> Option<&mut [u8]>;

    /// How many frames of `length` bytes are sure to find room one after the other, once there is room for one. A device that
    /// cannot tell says one: it is asked again for each frame.
    fn room(&self, _length: usize) -> usize {
        1
    }

    /// Hands over the frame in the buffer reserved last.
    fn commit(&mut self, now: Instant, descriptor: TxDescriptor);

    /// Ready when [`receive`](Self::receive) would give something; else `context` is woken when it would. Of several
    /// callers the last is woken.
    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// Ready when [`reserve`](Self::reserve) would give a buffer of the length refused last; else `context` is woken
    /// when it might. Of several callers the last is woken.
    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// When [`receive`](Self::receive) has to be called even if nothing arrives: a wrapper holds frames back till
    /// then.
    fn next_timeout(&self) -> Option<Instant>;

    /// How much of the pool that received frames come from is free.
    fn level(&self) -> PoolLevel;

    /// What passed so far.
    fn statistics(&self) -> RingStatistics;
}

impl<D: Device + ?Sized> Device for Box<D> {
    fn capabilities(&self) -> &Capabilities {
        (**self).capabilities()
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        (**self).receive(now, burst);
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        (**self).reserve(length)
    }

    fn room(&self, length: usize) -> usize {
        (**self).room(length)
    }

    fn commit(&mut self, now: Instant, descriptor: TxDescriptor) {
        (**self).commit(now, descriptor);
    }

    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()> {
        (**self).poll_arrivals(context)
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        (**self).poll_room(context)
    }

    fn next_timeout(&self) -> Option<Instant> {
        (**self).next_timeout()
    }

    fn level(&self) -> PoolLevel {
        (**self).level()
    }

    fn statistics(&self) -> RingStatistics {
        (**self).statistics()
    }
}
