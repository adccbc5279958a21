//! The receive ring of a packet socket (TPACKET_V2, linux/Documentation/networking/packet_mmap.rst): slots in memory that is
//! the kernel's and ours, filled and given back strictly in order.

use crate::virtio_header::VirtioHeader;
use periplus_wire::ethernet;
use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU32, Ordering};

/// Longest frame: a TCP/IP packet that was never cut, and its Ethernet header.
pub(super) const LONGEST_FRAME: usize = 65_535 + ethernet::HEADER_LENGTH;

/// Bytes of a slot before the frame, virtio's header included: what `tpacket_rcv` leaves free for an Ethernet header of 14
/// bytes (`tp_mac`).
const BEFORE_FRAME: usize =
    aligned(libc::TPACKET2_HDRLEN + 16) + VirtioHeader::LENGTH - ethernet::HEADER_LENGTH;
/// Bytes of a slot. The kernel hands over what its peer on the host never cut, and so a slot holds the longest frame.
const SLOT: usize = aligned(BEFORE_FRAME + LONGEST_FRAME);
/// Bytes that the kernel takes in one piece, in which slots lie side by side: 15 of them, with 6 % left over.
const BLOCK: usize = 1 << 20;
const SLOTS_A_BLOCK: usize = BLOCK / SLOT;

/// Slots begin at multiples of this (`TPACKET_ALIGN`).
const fn aligned(length: usize) -> usize {
    length.next_multiple_of(libc::TPACKET_ALIGNMENT)
}

/// How large a ring is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Geometry {
    blocks: usize,
}

impl Geometry {
    /// A ring of at least `slots` slots.
    pub(super) fn of(slots: usize) -> Self {
        Self {
            blocks: slots.div_ceil(SLOTS_A_BLOCK).max(1),
        }
    }

    pub(super) fn blocks(self) -> usize {
        self.blocks
    }

    pub(super) fn block_size(self) -> usize {
        BLOCK
    }

    pub(super) fn slots(self) -> usize {
        self.blocks * SLOTS_A_BLOCK
    }

    pub(super) fn slot_size(self) -> usize {
        SLOT
    }

    /// Bytes of the whole.
    pub(super) fn memory(self) -> usize {
        self.blocks * BLOCK
    }

    fn offset(self, slot: usize) -> usize {
        slot / SLOTS_A_BLOCK * BLOCK + slot % SLOTS_A_BLOCK * SLOT
    }
}

/// The ring, from the side that takes frames out.
#[derive(Debug)]
pub(super) struct RxRing {
    memory: NonNull<u8>,
    geometry: Geometry,
    /// The slot that is filled, or will be, before all others.
    front: usize,
}

// SAFETY: the mapping is this value's alone, and as good on one thread as on another.
unsafe impl Send for RxRing {}

/// A slot with a frame in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'a> {
    /// How the frame's checksum stands, and how many frames on the wire it stands for.
    pub(super) virtio: VirtioHeader,
    /// The frame, from its Ethernet header on; cut short if it is longer than a slot.
    pub(super) frame: &'a [u8],
    /// When it was written, on the host's wall clock, in nanoseconds since 1970.
    pub(super) written: u64,
    /// What was taken out of the frame before it was written here, if it had a tag: the tag's protocol and what it says
    /// (IEEE 802.1Q), as they were on the wire.
    pub(super) tag: Option<[u8; 4]>,
}

impl RxRing {
    /// The ring that `socket` was told to make.
    pub(super) fn map(socket: BorrowedFd<'_>, geometry: Geometry) -> io::Result<Self> {
        // SAFETY: a new mapping at a place of the kernel's choice.
        let memory = unsafe {
            libc::mmap(
                ptr::null_mut(),
                geometry.memory(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                socket.as_raw_fd(),
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let memory = NonNull::new(memory.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self {
            memory,
            geometry,
            front: 0,
        })
    }

    /// The frame that came first of those in the ring.
    pub(super) fn front(&self) -> Option<Slot<'_>> {
        self.slot(self.front)
    }

    /// Gives the first frame's slot back to the kernel.
    pub(super) fn release_front(&mut self) {
        self.status(self.front)
            .store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.front = (self.front + 1) % self.geometry.slots();
    }

    /// All frames in the ring, in order.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Slot<'_>> {
        let slots = self.geometry.slots();
        (0..slots).map_while(move |after| self.slot((self.front + after) % slots))
    }

    fn slot(&self, slot: usize) -> Option<Slot<'_>> {
        let status = self.status(slot).load(Ordering::Acquire);
        if status & libc::TP_STATUS_USER == 0 {
            return None;
        }
        // SAFETY: the slot lies within the mapping and is ours until the front is released, which borrows the ring anew; the
        // kernel has written it before the status.
        let (header, bytes) = unsafe {
            let start = self.memory.add(self.geometry.offset(slot)).as_ptr();
            let header = ptr::read(start.cast::<libc::tpacket2_hdr>());
            (header, slice::from_raw_parts(start, SLOT))
        };
        let start = usize::from(header.tp_mac);
        let end = start + header.tp_snaplen as usize;
        let frame = bytes.get(start..end).unwrap_or_default();
        let virtio = start
            .checked_sub(VirtioHeader::LENGTH)
            .filter(|&before| before >= size_of::<libc::tpacket2_hdr>())
            .and_then(|before| bytes.get(before..start))
            .map(VirtioHeader::read)
            .unwrap_or_default();
        Some(Slot {
            virtio,
            frame,
            written: u64::from(header.tp_sec) * 1_000_000_000 + u64::from(header.tp_nsec),
            tag: tag(status, &header),
        })
    }

    /// Whose the slot is, and what the kernel says of its frame.
    fn status(&self, slot: usize) -> &AtomicU32 {
        // SAFETY: the slot lies within the mapping, and begins with its status, which is aligned as slots are. The kernel and
        // we read and write it in whole words.
        unsafe { AtomicU32::from_ptr(self.memory.add(self.geometry.offset(slot)).as_ptr().cast()) }
    }
}

impl Drop for RxRing {
    fn drop(&mut self) {
        // SAFETY: the mapping is as long as is said, and nothing that borrows from it outlives the ring.
        unsafe { libc::munmap(self.memory.as_ptr().cast(), self.geometry.memory()) };
    }
}

fn tag(status: u32, header: &libc::tpacket2_hdr) -> Option<[u8; 4]> {
    if status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let protocol = if status & libc::TP_STATUS_VLAN_TPID_VALID == 0 {
        libc::ETH_P_8021Q as u16
    } else {
        header.tp_vlan_tpid
    };
    let [a, b] = protocol.to_be_bytes();
    let [c, d] = header.tp_vlan_tci.to_be_bytes();
    Some([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_lie_side_by_side_and_within_their_blocks() {
        let geometry = Geometry::of(40);
        assert_eq!((geometry.blocks(), geometry.slots()), (3, 45));
        for slot in 0..geometry.slots() {
            let start = geometry.offset(slot);
            assert_eq!(start % libc::TPACKET_ALIGNMENT, 0);
            assert_eq!(start / BLOCK, (start + SLOT - 1) / BLOCK, "slot {slot}");
            if slot > 0 {
                assert!(start >= geometry.offset(slot - 1) + SLOT);
            }
        }
        assert!(geometry.offset(44) + SLOT <= geometry.memory());
    }

    #[test]
    fn a_slot_holds_the_longest_frame_behind_what_the_kernel_leaves_free() {
        assert_eq!(BEFORE_FRAME, 76);
        const { assert!(BEFORE_FRAME + LONGEST_FRAME <= SLOT) };
        assert_eq!(Geometry::of(1).slots(), 15);
    }
}
