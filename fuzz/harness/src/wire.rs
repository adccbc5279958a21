//! The shard's device: small buffers, and both rings in the harness's hand.

use crate::well_formed::is_damaged;
use periplus_journey::Instant;
use periplus_ring::{
    Arrival, Capabilities, Device, FramePool, PoolLevel, RingStatistics, RxBurst, RxChecksum,
    RxFrame, TxChecksum, TxDescriptor, complete_checksum, segments,
};
use periplus_wire::ethernet;
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// Largest IP packet on the wire.
pub(crate) const MTU: usize = 600;
/// Buffers in the pool: more than a burst takes, or so few that peers who fill queues come to its end.
const FRAMES: usize = 80;
const FEW_FRAMES: usize = 20;
/// Bytes of a buffer: a frame of the MTU takes two. All headers fit into one, beside more text than would be copied at once.
const FRAME_SIZE: usize = 448;
/// Descriptors of the receive ring.
const RING: usize = 80;
/// Bytes of text after which a device that coalesces takes a segment for another.
pub(crate) const COALESCED: u16 = 200;
/// Largest TCP/IP packet that is taken uncut, where the device cuts.
pub(crate) const SUPER_FRAME: usize = 8192;

/// What a device is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WireOptions {
    /// It completes checksums and cuts super-frames.
    pub(crate) offloads: bool,
    /// Its pool is small.
    pub(crate) is_small: bool,
    /// Arrivals say when they were written into memory.
    pub(crate) stamps: bool,
    /// An arrival may stand for several segments.
    pub(crate) coalesces: bool,
}

/// A device whose other end the harness holds.
#[derive(Debug)]
pub(crate) struct Wire {
    capabilities: Capabilities,
    pool: FramePool,
    arrivals: VecDeque<Arrival>,
    used: usize,
    statistics: RingStatistics,
    /// Frames in the ring, or taken from there, of which a checksum is wrong.
    damaged: u64,
    scratch: Vec<u8>,
    /// What was transmitted and not looked at.
    sent: VecDeque<Vec<u8>>,
    /// Frames that may still be transmitted before the ring is full.
    pub(crate) room: usize,
}

impl Wire {
    pub(crate) fn new(options: WireOptions) -> Self {
        let frames = if options.is_small { FEW_FRAMES } else { FRAMES };
        let capabilities = Capabilities {
            name: "wire",
            mtu: MTU,
            frames,
            rx_ring: Some(RING),
            arrival_stamps: options.stamps,
            rx_checksum: false,
            tx_checksum: options.offloads,
            segmentation: options.offloads.then_some(SUPER_FRAME),
            coalescing: options.coalesces,
        };
        Self {
            scratch: vec![0; capabilities.max_frame()],
            capabilities,
            pool: FramePool::new(frames, FRAME_SIZE),
            arrivals: VecDeque::new(),
            used: 0,
            statistics: RingStatistics::default(),
            damaged: 0,
            sent: VecDeque::new(),
            room: usize::MAX,
        }
    }

    /// A frame arrives, or is dropped as by a NIC without room for it.
    pub(crate) fn bring(&mut self, frame: &[u8], now: Instant) {
        let segments = if self.capabilities.coalescing {
            segments(frame, COALESCED)
        } else {
            1
        };
        let frames = u64::from(segments);
        self.statistics.received += frames;
        match self.copy(frame) {
            Some((first, rest)) => {
                let arrived = self.capabilities.arrival_stamps.then_some(now);
                let mut arrival = Arrival::single(first, arrived, RxChecksum::Unverified);
                arrival.rest = rest;
                arrival.segments = segments;
                arrival.segmentation = (segments > 1).then_some(COALESCED);
                self.used += arrival.buffers();
                self.statistics.held += frames;
                self.damaged += if is_damaged(frame) { frames } else { 0 };
                self.arrivals.push_back(arrival);
            }
            None => self.statistics.rx_ring_full += frames,
        }
    }

    fn copy(&mut self, frame: &[u8]) -> Option<(RxFrame, Vec<RxFrame>)> {
        let pieces = frame.chunks(FRAME_SIZE);
        if self.used + pieces.len().max(1) > RING {
            return None;
        }
        let mut buffers = Vec::new();
        for piece in pieces {
            let mut buffer = self.pool.take()?;
            buffer[..piece.len()].copy_from_slice(piece);
            buffers.push(buffer.filled(piece.len()));
        }
        let mut buffers = buffers.into_iter();
        // A frame of no bytes is one as well.
        let first = match buffers.next() {
            Some(first) => first,
            None => self.pool.take()?.filled(0),
        };
        Some((first, buffers.collect()))
    }

    /// The oldest frame that was transmitted and not looked at.
    pub(crate) fn next_sent(&mut self) -> Option<Vec<u8>> {
        self.sent.pop_front()
    }

    /// Whether the shard has something to receive.
    pub(crate) fn has_arrivals(&self) -> bool {
        !self.arrivals.is_empty()
    }

    /// Frames that the shard was given.
    pub(crate) fn taken(&self) -> u64 {
        self.statistics.taken
    }

    /// Those of which a checksum is wrong, if no frames wait.
    pub(crate) fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Buffers that did not come home.
    pub(crate) fn missing_buffers(&mut self) -> usize {
        self.pool.settle();
        self.pool.total() - self.pool.free()
    }
}

impl Device for Wire {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        burst.taken = now;
        self.pool.settle();
        while !burst.is_full()
            && let Some(arrival) = self.arrivals.pop_front()
        {
            self.used -= arrival.buffers();
            self.statistics.taken += u64::from(arrival.segments);
            self.statistics.held -= u64::from(arrival.segments);
            burst.push(arrival);
        }
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        (self.room > 0).then(|| &mut self.scratch[..length])
    }

    fn commit(&mut self, _: Instant, descriptor: TxDescriptor) {
        let longest = match descriptor.segmentation {
            Some(_) => self.capabilities.max_frame(),
            None => MTU + ethernet::HEADER_LENGTH,
        };
        assert!(
            descriptor.length <= longest,
            "a frame of {} bytes on a wire that carries {longest}",
            descriptor.length
        );
        let mut frame = self.scratch[..descriptor.length].to_vec();
        if let TxChecksum::Partial { start, offset } = descriptor.checksum {
            complete_checksum(&mut frame, start.into(), offset.into());
        }
        self.room -= 1;
        self.statistics.transmitted += 1;
        self.sent.push_back(frame);
    }

    fn poll_arrivals(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn poll_room(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn level(&self) -> PoolLevel {
        self.pool.level()
    }

    fn statistics(&self) -> RingStatistics {
        self.statistics
    }
}
