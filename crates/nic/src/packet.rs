//! An interface of the host, taken over by a packet socket (packet(7)).
//!
//! ```text
//!   wire ── driver ──▶ ring of slots ──copy──▶ buffers of the pool ──▶ stack
//!                      stamped by the                                    │
//!             ◀──────── kernel          ◀──send── buffer ◀───────────────┘
//! ```
//!
//! The interface keeps its link address, which becomes the stack's; what else the host has there is [taken over](crate::takeover).
//! Every frame passes with virtio's header, so that on links within the host checksums stay partial and TCP segments
//! uncut, up to 64 KiB, in both directions.

mod chain;
mod incoming;
mod outgoing;
mod ring;
mod socket;
mod stamps;

use crate::takeover::Takeover;
use crate::{OpenError, OpenErrorKind, grant};
use incoming::Incoming;
use outgoing::Outgoing;
use periplus_journey::Instant;
use periplus_ring::{Capabilities, Device, PoolLevel, RingStatistics, RxBurst, TxDescriptor};
use periplus_wire::ethernet::{self, EthernetAddress};
use ring::{Geometry, LONGEST_FRAME, RxRing};
use socket::PacketSocket;
use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll, ready};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Largest TCP/IP packet that is sent uncut. With its Ethernet header it has to be below 64 KiB, or the kernel cuts it before
/// it comes to the driver (`GSO_LEGACY_MAX_SIZE`).
const LONGEST_PACKET: usize = 65_535 - ethernet::HEADER_LENGTH;
/// Smallest buffers: all headers have to be in the first of a chain.
const SMALLEST_BUFFER: usize = 256;

/// What an interface is taken over for, and with how much memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketOptions {
    /// The interface's name.
    pub interface: String,
    /// Buffers in the receive pool.
    pub frames: usize,
    /// Bytes of each.
    pub frame_size: usize,
    /// Slots in the receive ring, rounded up to a multiple of 15. Each takes 68 KiB of the kernel's memory, because a frame
    /// from this host may come uncut.
    pub ring_size: usize,
}

impl PacketOptions {
    /// The usual sizes: a pool of 8 MiB, and a ring of 1,020 slots in 68 MiB. A thousand connections that all ask at the same
    /// time, while the shard is kept from looking, lose nothing.
    pub fn new(interface: impl Into<String>) -> Self {
        Self {
            interface: interface.into(),
            frames: 4096,
            frame_size: 2048,
            ring_size: 1020,
        }
    }

    fn check(&self) {
        assert!(
            self.frame_size >= SMALLEST_BUFFER,
            "frame_size is {}, and has to be {SMALLEST_BUFFER} at least",
            self.frame_size
        );
        // a frame of the longest, with a tag put back
        let needed = chain::buffers(LONGEST_FRAME + 4, self.frame_size);
        assert!(
            self.frames >= needed,
            "frames is {}, and one frame may take {needed} of {} bytes",
            self.frames,
            self.frame_size
        );
    }
}

/// An interface that was taken over. What the host had there comes back when this is dropped, and also when the process ends
/// in whatever way.
#[derive(Debug)]
pub struct PacketDevice {
    capabilities: Capabilities,
    ethernet: EthernetAddress,
    incoming: Incoming,
    outgoing: Outgoing,
    socket: PacketSocket,
    /// Watched for frames, once somebody waits for them: there may be no runtime before.
    watched: Option<AsyncFd<OwnedFd>>,
    /// Frames that found no slot: the kernel forgets them when it has told.
    dropped: Cell<u64>,
    /// Last: the interface is put back when the socket is closed.
    takeover: Takeover,
}

impl PacketDevice {
    /// Takes an interface over: its addresses and routes go, IPv6 and forwarding are switched off on it, it is brought up, and
    /// its frames come here. If another process has it, waits up to two seconds for that to put it back: it may be ending.
    ///
    /// Needs `CAP_NET_RAW`, and `CAP_NET_ADMIN` where there is something to change.
    ///
    /// # Panics
    /// If `options` has buffers of less than 256 bytes, or too few of them for one frame of 64 KiB.
    pub fn open(options: &PacketOptions) -> Result<Self, OpenError> {
        options.check();
        let name = &options.interface;
        // first of all: without the right to it, nothing is changed
        let socket = open_socket()?;
        let takeover = Takeover::begin(name)?;
        let link = takeover.link();
        let geometry = Geometry::of(options.ring_size);
        let ring = socket
            .make_ring(geometry)
            .and_then(|()| RxRing::map(socket.as_fd(), geometry))
            .map_err(|error| no_ring(&error, geometry))?;
        socket
            .bind(link.index)
            .map_err(|error| OpenError::refused(format!("take frames from {name}"), &error))?;
        let capabilities = Capabilities {
            name: "packet",
            mtu: link.mtu,
            frames: options.frames,
            rx_ring: Some(geometry.slots()),
            arrival_stamps: true,
            rx_checksum: true,
            tx_checksum: true,
            segmentation: Some(LONGEST_PACKET),
            coalescing: true,
        };
        Ok(Self {
            ethernet: link.ethernet,
            incoming: Incoming::new(options, ring),
            outgoing: Outgoing::new(capabilities.max_frame()),
            capabilities,
            socket,
            watched: None,
            dropped: Cell::new(0),
            takeover,
        })
    }

    /// The interface's name.
    pub fn interface(&self) -> &str {
        &self.takeover.link().name
    }

    /// The interface's link address, by which the stack is reached from now on.
    pub fn ethernet(&self) -> EthernetAddress {
        self.ethernet
    }
}

impl Device for PacketDevice {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        burst.taken = now;
        self.incoming.receive(now, burst);
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.outgoing.reserve(&self.socket, length)
    }

    fn commit(&mut self, _now: Instant, descriptor: TxDescriptor) {
        self.outgoing.commit(&self.socket, &descriptor);
    }

    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.incoming.has_frames() {
                return self.incoming.poll_buffers(context);
            }
            let watched = self.watched.get_or_insert_with(|| {
                let watched = self.socket.watch(Interest::READABLE);
                watched.expect("a descriptor for the socket, before any is used up")
            });
            let Ok(mut readiness) = ready!(watched.poll_read_ready(context)) else {
                return Poll::Pending; // the runtime is ending
            };
            // what comes between the look and here is told anew
            if !self.incoming.has_frames() {
                readiness.clear_ready();
            }
        }
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.outgoing.poll(&self.socket, context)
    }

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn level(&self) -> PoolLevel {
        self.incoming.level()
    }

    /// Of the frames that found no slot, one that was never cut counts as one: the kernel says no more of them.
    fn statistics(&self) -> RingStatistics {
        let rx_ring_full = self.dropped.get() + self.socket.take_drops();
        self.dropped.set(rx_ring_full);
        let (taken, held) = (self.incoming.taken, self.incoming.held());
        RingStatistics {
            received: taken + held + rx_ring_full,
            taken,
            rx_ring_full,
            held,
            transmitted: self.outgoing.buffer.transmitted,
            tx_dropped: self.outgoing.buffer.dropped,
            ..RingStatistics::default()
        }
    }
}

/// Whether packet sockets work here.
pub(crate) fn try_socket() -> Result<(), OpenError> {
    let socket = open_socket()?;
    let geometry = Geometry::of(1);
    socket
        .make_ring(geometry)
        .map_err(|error| no_ring(&error, geometry))
}

fn open_socket() -> Result<PacketSocket, OpenError> {
    PacketSocket::new().map_err(|error| {
        let refused = OpenError::refused("open a packet socket", &error);
        match refused.kind() {
            OpenErrorKind::NotPermitted => refused.fix(grant::advice(&grant::PACKET)),
            _ => refused,
        }
    })
}

fn no_ring(error: &io::Error, geometry: Geometry) -> OpenError {
    let megabytes = geometry.memory() >> 20;
    let what = format!("make a ring of {megabytes} MiB for received frames");
    OpenError::refused(what, error)
}
