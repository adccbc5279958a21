//! From the ring to the stack: frames are copied into buffers of the pool, and their slots given back at once, because the
//! kernel fills slots strictly in order and stops at the first that is held.

use super::PacketOptions;
use super::chain;
use super::ring::{RxRing, Slot};
use super::stamps::{Reading, Stamps};
use periplus_journey::Instant;
use periplus_ring::{Arrival, FramePool, PoolLevel, RxBurst, segments};
use periplus_wire::ethernet::EthernetAddress;
use std::task::{Context, Poll};

/// The two addresses, behind which a tag stands.
const ADDRESSES: usize = 2 * size_of::<EthernetAddress>();
/// Of a tag's second half, the bits that name the network (IEEE 802.1Q).
const VLAN_ID: u16 = 0x0fff;

#[derive(Debug)]
pub(super) struct Incoming {
    ring: RxRing,
    pool: FramePool,
    frame_size: usize,
    stamps: Stamps,
    /// Frames handed over, as segments.
    pub(super) taken: u64,
}

impl Incoming {
    pub(super) fn new(options: &PacketOptions, ring: RxRing) -> Self {
        Self {
            ring,
            pool: FramePool::new(options.frames, options.frame_size),
            frame_size: options.frame_size,
            stamps: Stamps::new(),
            taken: 0,
        }
    }

    /// Takes frames until `burst` is full, the ring is empty or the pool is.
    pub(super) fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        self.pool.settle();
        if !self.has_frames() {
            self.stamps.saw_empty(now);
            return;
        }
        let clocks = self.stamps.read(now);
        while !burst.is_full() {
            if !self.has_frames() {
                self.stamps.saw_empty(now);
                return;
            }
            let Some(arrival) = self.take(&clocks) else {
                return;
            };
            self.taken += u64::from(arrival.segments);
            burst.push(arrival);
        }
    }

    /// Whether a frame is in the ring.
    pub(super) fn has_frames(&self) -> bool {
        self.ring.front().is_some()
    }

    /// Of the first frame in the ring: ready when the pool can take it.
    pub(super) fn poll_buffers(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let longest = self.ring.front().map_or(0, |slot| slot.frame.len() + 4);
        let buffers = chain::buffers(longest, self.frame_size);
        self.pool.poll_free(context, buffers)
    }

    pub(super) fn level(&self) -> PoolLevel {
        self.pool.level()
    }

    /// Frames that wait in the ring, as segments.
    pub(super) fn held(&self) -> u64 {
        let waiting = self.ring.waiting();
        waiting.map(|slot| u64::from(frames(&slot))).sum()
    }

    /// The first frame in the ring, if there is one and the pool has buffers for it.
    fn take(&mut self, clocks: &Reading) -> Option<Arrival> {
        let slot = self.ring.front()?;
        let arrived = Some(clocks.instant(slot.written));
        let (pool, frame_size) = (&mut self.pool, self.frame_size);
        let (frame, rest) = match foreign_tag(&slot) {
            None => chain::copy(pool, frame_size, &[slot.frame]),
            Some(tag) => {
                let (addresses, packet) = slot.frame.split_at(ADDRESSES.min(slot.frame.len()));
                chain::copy(pool, frame_size, &[addresses, &tag, packet])
            }
        }?;
        let segments = frames(&slot);
        let segmentation = slot.virtio.segmentation().filter(|_| segments > 1);
        let checksum = slot.virtio.checksum();
        self.ring.release_front();
        Some(Arrival {
            frame,
            rest,
            arrived,
            checksum,
            segments,
            segmentation,
        })
    }
}

/// How many frames on the wire the frame in `slot` stands for.
fn frames(slot: &Slot<'_>) -> u16 {
    let size = slot.virtio.segmentation();
    size.map_or(1, |size| segments(slot.frame, size))
}

/// The tag that makes the frame another network's: it is put back where it was, so that the stack sees what it does not speak,
/// and counts it. A tag that names no network says only how urgent the frame is, and the frame is ours (IEEE 802.1Q 6.9.1).
fn foreign_tag(slot: &Slot<'_>) -> Option<[u8; 4]> {
    slot.tag
        .filter(|&[_, _, high, low]| u16::from_be_bytes([high, low]) & VLAN_ID != 0)
}
