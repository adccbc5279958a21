//! The bench's device for a shard.

use crate::client::{SLOT, words};
use crate::stacks::{Outgoing, SUPER, Setup};
use periplus_journey::Instant;
use periplus_ring::{
    Arrival, Capabilities, Device, FrameBuffer, FramePool, PoolLevel, RingStatistics, RxBurst,
    RxChecksum, RxFrame, TxDescriptor,
};
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// Payload bytes in each buffer of a super-frame, from where a plain frame has them, and how many buffers that makes.
const PIECE: usize = 1752;
const PIECES: usize = SUPER / PIECE;
const PAYLOAD: usize = 54;

/// Buffers of a pool whose arrivals may stand for many: as many as those of `periplus-nic` have, of the same size.
const MANY_BUFFERS: usize = 4096;

/// A receive ring over a pool, and the transmit ring of every contestant.
pub(crate) struct Port {
    capabilities: Capabilities,
    /// What comes is longer than a buffer.
    chains: bool,
    pool: FramePool,
    /// Frames in one buffer, and when each came: arrivals are made of them when the ring is looked at, as by a NIC's driver.
    plain: VecDeque<(RxFrame, Instant)>,
    /// Whatever comes, where what comes is longer.
    chained: VecDeque<Arrival>,
    /// For the buffers of a chain after its first.
    rest: Vec<FrameBuffer>,
    pub(crate) sent: Outgoing,
    statistics: RingStatistics,
}

impl Port {
    pub(crate) fn new(setup: &Setup) -> Self {
        let chains = setup.payload > SLOT;
        let frames = if chains { MANY_BUFFERS } else { setup.slots() };
        Self {
            capabilities: Capabilities {
                name: "bench",
                mtu: 1500,
                frames,
                rx_ring: Some(frames),
                arrival_stamps: true,
                rx_checksum: false,
                tx_checksum: false,
                segmentation: setup.super_frames.then_some(65_535),
                coalescing: setup.super_frames,
            },
            chains,
            pool: FramePool::new(frames, SLOT),
            plain: VecDeque::with_capacity(crate::stacks::BURST),
            chained: VecDeque::with_capacity(crate::stacks::BURST),
            rest: Vec::with_capacity(PIECES),
            sent: Outgoing::new(setup),
            statistics: RingStatistics::default(),
        }
    }

    /// A frame comes in a buffer of the pool, or in several of them if it is longer.
    #[inline]
    pub(crate) fn deliver(&mut self, now: Instant, write: impl FnOnce(&mut [u8]) -> usize) {
        let mut buffer = self.pool.take().expect("a free frame");
        if !self.chains {
            let length = write(&mut buffer);
            return self.arrives(now, buffer.filled(length));
        }
        self.deliver_chain(now, buffer, write);
    }

    #[inline]
    pub(crate) fn arrives(&mut self, now: Instant, frame: RxFrame) {
        self.statistics.received += 1;
        if self.chains {
            self.chained.push_back(single(frame, now));
        } else {
            self.plain.push_back((frame, now));
        }
    }

    /// Each buffer has a payload with its sum at its end, as the script fills them. The first one's is told the sum of all,
    /// and for a short frame, which has no payload, it is of no meaning.
    fn deliver_chain(
        &mut self,
        now: Instant,
        mut buffer: FrameBuffer,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) {
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend((1..PIECES).filter_map(|_| self.pool.take()));
        let own = sum(&buffer);
        let sums = rest.iter().map(|piece| sum(piece));
        let all = own + sums.sum::<u32>();
        put_sum(&mut buffer, all);
        let length = write(&mut buffer);
        put_sum(&mut buffer, own);
        let is_short = length < SLOT;
        // One allocation a chain, as the devices of `periplus-nic` make it.
        let mut chain = Vec::with_capacity(if is_short { 0 } else { PIECES - 1 });
        let pieces = rest.drain(..).filter(|_| !is_short);
        chain.extend(pieces.map(|piece| {
            let mut piece = piece.filled(PAYLOAD + PIECE);
            piece.advance(PAYLOAD);
            piece
        }));
        self.rest = rest;
        if is_short {
            return self.arrives(now, buffer.filled(length));
        }
        let arrival = Arrival {
            frame: buffer.filled(PAYLOAD + PIECE),
            rest: chain,
            arrived: Some(now),
            checksum: RxChecksum::Unverified,
            segments: (SUPER / crate::client::MSS) as u16,
            segmentation: Some(crate::client::MSS as u16),
        };
        assert_eq!(length, arrival.length(), "a frame in full buffers");
        self.statistics.received += u64::from(arrival.segments);
        self.chained.push_back(arrival);
    }

    /// The frame that came last.
    pub(crate) fn last_arrived(&self) -> Vec<u8> {
        match self.plain.back() {
            Some((frame, _)) => frame.to_vec(),
            None => self.chained.back().map(Arrival::to_vec).unwrap_or_default(),
        }
    }

    /// Shows every buffer, with the payload in it that a frame has there.
    pub(crate) fn slots(&mut self, mut each: impl FnMut(&mut [u8])) {
        let mut taken: Vec<_> = std::iter::from_fn(|| self.pool.take()).collect();
        assert_eq!(taken.len(), self.pool.total());
        let mut whole = vec![0; 64 * 1024 + 128];
        for (index, buffer) in taken.iter_mut().enumerate() {
            if self.chains {
                let piece = index % PIECES;
                if piece == 0 {
                    each(&mut whole);
                }
                let piece = &whole[PAYLOAD + piece * PIECE..][..PIECE];
                buffer[PAYLOAD..PAYLOAD + PIECE].copy_from_slice(piece);
                let sum = words(&buffer[PAYLOAD..PAYLOAD + PIECE]);
                put_sum(buffer, sum);
            } else {
                each(buffer);
            }
        }
    }
}

fn single(frame: RxFrame, arrived: Instant) -> Arrival {
    Arrival::single(frame, Some(arrived), RxChecksum::Unverified)
}

fn sum(buffer: &[u8]) -> u32 {
    let bytes = buffer.last_chunk().expect("a sum");
    u32::from_le_bytes(*bytes)
}

fn put_sum(buffer: &mut [u8], sum: u32) {
    *buffer.last_chunk_mut().expect("a sum") = sum.to_le_bytes();
}

impl Device for Port {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        burst.taken = now;
        while let Some((frame, arrived)) = self.plain.pop_front() {
            self.statistics.taken += 1;
            burst.push(single(frame, arrived));
        }
        while let Some(arrival) = self.chained.pop_front() {
            self.statistics.taken += u64::from(arrival.segments);
            burst.push(arrival);
        }
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.sent.reserve(length)
    }

    fn room(&self, _length: usize) -> usize {
        self.sent.room()
    }

    fn commit(&mut self, _now: Instant, descriptor: TxDescriptor) {
        self.statistics.transmitted += 1;
        self.sent.commit(descriptor.length);
    }

    fn poll_arrivals(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        unreachable!("nobody waits in the bench")
    }

    fn poll_room(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        unreachable!("nobody waits in the bench")
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
