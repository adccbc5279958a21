//! A TAP: an interface of the host whose other end is a descriptor. The kernel's stack is the peer, without a NIC in between.
//!
//! ```text
//!   host's kernel ── interface ── queue ── readv ──▶ chain of pool buffers ──▶ stack
//!                        ▲                                                       │
//!                        └──────────────── write ── buffer ◀─────────────────────┘
//! ```
//!
//! Every frame comes and goes with a virtio header, so that checksums stay partial and TCP segments
//! uncut, up to 64 KiB, in both directions: nothing on the way can damage them.

mod host_side;
mod incoming;
mod options;
mod outgoing;
#[cfg(test)]
mod tests;
mod tun;

pub use options::TapOptions;

use crate::OpenError;
use crate::descriptor::Descriptor;
use host_side::HostSide;
use incoming::Incoming;
use outgoing::Outgoing;
use periplus_journey::Instant;
use periplus_ring::{Capabilities, Device, PoolLevel, RingStatistics, RxBurst, TxDescriptor};
use periplus_wire::ethernet::EthernetAddress;
use std::task::{Context, Poll};

/// Largest TCP/IP packet that is taken uncut: IPv4's total length has 16 bits.
const LONGEST_PACKET: usize = 65_535;

/// A TAP. The interface vanishes when this is dropped, unless somebody has made it to stay (`ip tuntap add`).
#[derive(Debug)]
pub struct TapDevice {
    capabilities: Capabilities,
    interface: String,
    host: HostSide,
    descriptor: Descriptor,
    incoming: Incoming,
    outgoing: Outgoing,
}

impl TapDevice {
    /// Opens a TAP, and brings the host's side of it up. If the interface is held by another process, it waits up to two
    /// seconds for that to let it go: it may be ending.
    ///
    /// # Panics
    /// If `options` has buffers of less than 1,024 bytes, or too few of them for one frame of 64 KiB.
    pub fn open(options: &TapOptions) -> Result<Self, OpenError> {
        let incoming = Incoming::new(options);
        let (tun, interface) = tun::open_tap(options.name.as_deref())?;
        let host = HostSide::set_up(&interface, options)?;
        let capabilities = capabilities(options, host.link.queue_length);
        Ok(Self {
            outgoing: Outgoing::new(capabilities.max_frame()),
            capabilities,
            interface,
            host,
            descriptor: Descriptor::new(tun),
            incoming,
        })
    }

    /// The interface's name.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// The link address of the host's side.
    pub fn host_ethernet(&self) -> EthernetAddress {
        self.host.link.ethernet
    }
}

fn capabilities(options: &TapOptions, queue_length: usize) -> Capabilities {
    Capabilities {
        name: "tap",
        mtu: options.mtu,
        frames: options.frames,
        rx_ring: Some(queue_length),
        arrival_stamps: false,
        rx_checksum: true,
        tx_checksum: true,
        segmentation: Some(LONGEST_PACKET),
        coalescing: true,
    }
}

impl Device for TapDevice {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        burst.taken = now;
        self.incoming.receive(&self.descriptor, burst);
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.outgoing.reserve(&self.descriptor, length)
    }

    fn commit(&mut self, _now: Instant, descriptor: TxDescriptor) {
        self.outgoing.commit(&self.descriptor, &descriptor);
    }

    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.incoming.poll(&mut self.descriptor, context)
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.outgoing.poll(&mut self.descriptor, context)
    }

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn level(&self) -> PoolLevel {
        self.incoming.level()
    }

    /// Of the frames that the kernel's queue had no room for, a super-frame counts as one: the kernel says no more of them.
    fn statistics(&self) -> RingStatistics {
        let (incoming, outgoing) = (&self.incoming, &self.outgoing.buffer);
        let dropped = self.host.dropped();
        RingStatistics {
            received: incoming.read + dropped,
            taken: incoming.taken,
            rx_ring_full: dropped + incoming.read - incoming.taken,
            transmitted: outgoing.transmitted,
            tx_dropped: outgoing.dropped,
            ..RingStatistics::default()
        }
    }
}
