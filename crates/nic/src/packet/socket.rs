//! A packet socket (packet(7)), and what it is told before frames come in.

use super::ring::Geometry;
use crate::virtio_header::VirtioHeader;
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Bytes that frames on their way out may hold in the kernel, before `send` says that there is no room.
const SEND_BUFFER: libc::c_int = 4 << 20;

/// A raw packet socket. Frames pass it with a [`VirtioHeader`] in front.
#[derive(Debug)]
pub(super) struct PacketSocket(OwnedFd);

impl PacketSocket {
    /// A socket that takes no frames yet: it would take those of every interface until it is bound to one.
    pub(super) fn new() -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        let no_protocol = 0;
        // SAFETY: numbers; a descriptor that is not -1 is new and nobody else's.
        let socket = unsafe {
            let descriptor = libc::socket(libc::AF_PACKET, kind, no_protocol);
            if descriptor == -1 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(descriptor)
        };
        Ok(Self(socket))
    }

    /// Has received frames come in slots of a ring, with virtio's header in front of those of both directions, and what we
    /// send not come back.
    pub(super) fn make_ring(&self, geometry: Geometry) -> io::Result<()> {
        let version = libc::tpacket_versions::TPACKET_V2 as libc::c_int;
        self.set(libc::SOL_PACKET, libc::PACKET_VERSION, &version)?;
        // refused once there is a ring
        self.set(libc::SOL_PACKET, libc::PACKET_VNET_HDR, &1)?;
        self.set(libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1)?;
        // beyond the host's limit (net.core.wmem_max) only for its root
        self.set(libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, &SEND_BUFFER)
            .or_else(|_| self.set(libc::SOL_SOCKET, libc::SO_SNDBUF, &SEND_BUFFER))?;
        let request = libc::tpacket_req {
            tp_block_size: geometry.block_size() as u32,
            tp_block_nr: geometry.blocks() as u32,
            tp_frame_size: geometry.slot_size() as u32,
            tp_frame_nr: geometry.slots() as u32,
        };
        self.set(libc::SOL_PACKET, libc::PACKET_RX_RING, &request)
    }

    /// From now on takes all frames that come in by the interface `index`.
    pub(super) fn bind(&self, index: u32) -> io::Result<()> {
        // SAFETY: a C structure of numbers, for which zero is a value.
        let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = index as i32;
        // SAFETY: the address is as long as is said.
        let bound = unsafe {
            libc::bind(
                self.0.as_raw_fd(),
                (&raw const address).cast(),
                mem::size_of_val(&address) as libc::socklen_t,
            )
        };
        answered(bound)
    }

    /// Sends a frame with its header in front. `WouldBlock` when the send buffer is full.
    pub(super) fn send(&self, header_and_frame: &[u8]) -> io::Result<()> {
        debug_assert!(header_and_frame.len() > VirtioHeader::LENGTH);
        // SAFETY: the bytes are as many as is said.
        let sent = unsafe {
            libc::send(
                self.0.as_raw_fd(),
                header_and_frame.as_ptr().cast(),
                header_and_frame.len(),
                libc::MSG_NOSIGNAL,
            )
        };
        if sent == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Frames that found no slot since the last call.
    pub(super) fn take_drops(&self) -> u64 {
        let mut statistics = libc::tpacket_stats {
            tp_packets: 0,
            tp_drops: 0,
        };
        let mut length = mem::size_of_val(&statistics) as libc::socklen_t;
        // SAFETY: the structure is as long as is said, and any numbers are values of it.
        let read = unsafe {
            libc::getsockopt(
                self.0.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                (&raw mut statistics).cast(),
                &mut length,
            )
        };
        debug_assert_eq!(read, 0, "a packet socket has statistics");
        statistics.tp_drops.into()
    }

    fn set<T>(&self, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
        // SAFETY: the value is as long as is said; the kernel reads it as the option's type and checks the length.
        let set = unsafe {
            libc::setsockopt(
                self.0.as_raw_fd(),
                level,
                option,
                (&raw const *value).cast(),
                mem::size_of::<T>() as libc::socklen_t,
            )
        };
        answered(set)
    }
}

impl PacketSocket {
    /// The socket, watched by the runtime for one thing by itself. Fails if the process may have no descriptor more.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O.
    pub(super) fn watch(&self, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
        let descriptor = self.0.try_clone()?;
        // SAFETY: an `OwnedFd` is the same descriptor for as long as it lives.
        Ok(unsafe { AsyncFd::register_with_interest(descriptor, interest) }?)
    }
}

#[cfg(test)]
impl From<OwnedFd> for PacketSocket {
    fn from(socket: OwnedFd) -> Self {
        Self(socket)
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The error of a call that answers -1.
fn answered(answer: libc::c_int) -> io::Result<()> {
    if answer == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
