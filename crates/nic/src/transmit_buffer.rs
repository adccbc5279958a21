//! The frame on its way out.

use crate::virtio_header::VirtioHeader;
use periplus_ring::{TxDescriptor, segments};

/// A place for one frame, with virtio's header in front of it: what one call hands to the kernel.
#[derive(Debug)]
pub(crate) struct TransmitBuffer {
    bytes: Box<[u8]>,
    waiting: Option<Waiting>,
    /// Frames on the wire that were handed over, and those of them that the kernel refused.
    pub(crate) transmitted: u64,
    pub(crate) dropped: u64,
}

/// The frame in the buffer was handed over, and the kernel has not taken it.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// Bytes of it, header included.
    length: usize,
    segments: u64,
}

impl TransmitBuffer {
    /// For frames of up to `longest` bytes.
    pub(crate) fn new(longest: usize) -> Self {
        Self {
            bytes: vec![0; VirtioHeader::LENGTH + longest].into_boxed_slice(),
            waiting: None,
            transmitted: 0,
            dropped: 0,
        }
    }

    /// Room for a frame, unless one waits there.
    ///
    /// # Panics
    /// If the frame is longer than any may be.
    pub(crate) fn room(&mut self, length: usize) -> Option<&mut [u8]> {
        let room = &mut self.bytes[VirtioHeader::LENGTH..];
        assert!(
            length <= room.len(),
            "a frame of {length} bytes on a link that carries {}",
            room.len()
        );
        self.waiting.is_none().then_some(&mut room[..length])
    }

    /// The frame in the room is handed over: it waits from now on.
    pub(crate) fn hand_over(&mut self, descriptor: &TxDescriptor) {
        let (header, room) = self.bytes.split_at_mut(VirtioHeader::LENGTH);
        let frame = &room[..descriptor.length];
        VirtioHeader::of(frame, descriptor).write(header);
        let size = descriptor.segmentation;
        let segments = size.map_or(1, |size| segments(frame, size)).into();
        self.transmitted += segments;
        self.waiting = Some(Waiting {
            length: VirtioHeader::LENGTH + descriptor.length,
            segments,
        });
    }

    /// The frame that waits, with its header in front.
    pub(crate) fn waiting(&self) -> Option<&[u8]> {
        self.waiting.map(|waiting| &self.bytes[..waiting.length])
    }

    /// The kernel has taken the frame that waited.
    pub(crate) fn taken(&mut self) {
        self.waiting = None;
    }

    /// The kernel has refused the frame that waited for good.
    pub(crate) fn refused(&mut self) {
        self.dropped += self.waiting.take().map_or(0, |waiting| waiting.segments);
    }
}
