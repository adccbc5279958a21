//! The memory link: two devices joined in one process. What is handed over at one end is copied, as by a
//! NIC's DMA, into a buffer of the other end's pool, stamped, and stands there in a ring until it is taken.
//!
//! ```text
//!   reserve, commit ──▶ scratch ──copy──▶ [ ring of descriptors ] ──▶ receive
//!     one end                               over a pool of frames       the other
//! ```

use crate::layout::MAX_HEADERS;
use crate::segmentation::{complete_checksum, segments};
use crate::{
    Capabilities, Device, PoolLevel, RingStatistics, RxBurst, RxChecksum, TxChecksum, TxDescriptor,
};
use direction::{Direction, Frame};
use periplus_journey::Instant;
use periplus_wire::ethernet;
use std::sync::Arc;
use std::task::{Context, Poll};

mod direction;
#[cfg(test)]
mod tests;

/// Largest TCP/IP packet that is taken uncut: IPv4's total length has 16 bits.
const MAX_PACKET: usize = 65_535;

/// What a link is like; both directions are alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkOptions {
    /// Largest IP packet on the wire.
    pub mtu: usize,
    /// Descriptors in each ring; a frame in several buffers takes as many.
    pub ring_size: usize,
    /// Buffers in each pool.
    pub frames: usize,
    /// Bytes of each buffer, at least those of all headers (134).
    pub frame_size: usize,
    /// Checksums may stay partial, and TCP/IP packets of up to 64 KiB pass uncut: nothing on the way can
    /// damage them.
    pub offloads: bool,
    /// With the ring or pool of the other end full, frames are dropped and counted there, as a NIC does;
    /// otherwise [`reserve`](Device::reserve) finds no room.
    pub drop_when_full: bool,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            mtu: 1500,
            ring_size: 1024,
            frames: 4096,
            frame_size: 2048,
            offloads: true,
            drop_when_full: false,
        }
    }
}

/// Two devices, each the other's peer.
///
/// # Panics
/// If `options` has nothing of something, buffers too small for headers, or a ring or pool too small for one
/// frame of the MTU.
pub fn link(options: LinkOptions) -> (MemoryDevice, MemoryDevice) {
    assert!(
        options.frame_size >= MAX_HEADERS,
        "frame_size is {}: a frame's headers ({MAX_HEADERS} bytes) have to be in its first buffer",
        options.frame_size
    );
    let room = options.ring_size.min(options.frames) * options.frame_size;
    assert!(
        room >= options.mtu + ethernet::HEADER_LENGTH,
        "ring and pool hold {room} bytes: too few for one frame of {} bytes and its header",
        options.mtu
    );
    let largest = MAX_PACKET.min(room - ethernet::HEADER_LENGTH);
    let capabilities = Capabilities {
        name: "memory",
        mtu: options.mtu,
        frames: options.frames,
        rx_ring: Some(options.ring_size),
        arrival_stamps: true,
        rx_checksum: options.offloads,
        tx_checksum: options.offloads,
        segmentation: options.offloads.then_some(largest),
        coalescing: options.offloads,
    };
    let there = Arc::new(Direction::new(&options));
    let back = Arc::new(Direction::new(&options));
    let end = |incoming: &Arc<Direction>, outgoing: &Arc<Direction>| MemoryDevice {
        scratch: vec![0; capabilities.max_frame()],
        capabilities,
        incoming: Arc::clone(incoming),
        outgoing: Arc::clone(outgoing),
        drop_when_full: options.drop_when_full,
        refused: 0,
        transmitted: 0,
    };
    (end(&back, &there), end(&there, &back))
}

/// One end of a memory [`link`]. The two may be on one thread or on two; when one is dropped, the other's frames
/// go nowhere.
#[derive(Debug)]
pub struct MemoryDevice {
    capabilities: Capabilities,
    incoming: Arc<Direction>,
    outgoing: Arc<Direction>,
    /// The transmit buffer: what is reserved is at its front.
    scratch: Vec<u8>,
    drop_when_full: bool,
    /// Length that `reserve` refused last.
    refused: usize,
    transmitted: u64,
}

impl MemoryDevice {
    /// Buffers of the pool that frames arrive in here which are free, of those that it has.
    pub fn free_frames(&self) -> (usize, usize) {
        self.incoming.free_frames()
    }
}

impl Device for MemoryDevice {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        burst.taken = now;
        self.incoming.take(burst);
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        let longest = self.scratch.len();
        assert!(
            length <= longest,
            "a frame of {length} bytes on a link that carries {longest}"
        );
        if !self.drop_when_full && !self.outgoing.has_room(length) {
            self.refused = length;
            return None;
        }
        Some(&mut self.scratch[..length])
    }

    fn room(&self, length: usize) -> usize {
        if self.drop_when_full {
            return usize::MAX;
        }
        self.outgoing.room(length)
    }

    fn commit(&mut self, now: Instant, descriptor: TxDescriptor) {
        let on_the_wire = self.capabilities.mtu + ethernet::HEADER_LENGTH;
        assert!(
            descriptor.length <= on_the_wire || descriptor.segmentation.is_some(),
            "a frame of {} bytes, not to be cut, on a wire that carries {on_the_wire}",
            descriptor.length
        );
        let bytes = &mut self.scratch[..descriptor.length];
        let mut checksum = RxChecksum::Unverified;
        if let TxChecksum::Partial { start, offset } = descriptor.checksum {
            if self.capabilities.tx_checksum {
                checksum = RxChecksum::Partial;
            } else {
                complete_checksum(bytes, start.into(), offset.into());
            }
        }
        let segments = descriptor
            .segmentation
            .map_or(1, |size| segments(bytes, size));
        let frame = Frame {
            bytes,
            arrived: now,
            checksum,
            segments,
            segmentation: descriptor.segmentation.filter(|_| segments > 1),
        };
        self.transmitted += u64::from(segments);
        self.outgoing.bring(frame);
    }

    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.incoming.poll_arrivals(context)
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.drop_when_full {
            return Poll::Ready(());
        }
        self.outgoing.poll_room(context, self.refused)
    }

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn level(&self) -> PoolLevel {
        self.incoming.level()
    }

    fn statistics(&self) -> RingStatistics {
        RingStatistics {
            transmitted: self.transmitted,
            ..self.incoming.statistics()
        }
    }
}

impl Drop for MemoryDevice {
    fn drop(&mut self) {
        self.incoming.close();
    }
}
