//! What stands in front of a frame on its way to and from the kernel: how its checksum stands, and how it is to be cut.

use periplus_ring::{RxChecksum, TxChecksum, TxDescriptor};
use periplus_wire::tcp::TcpFlags;

/// The checksum is partial: the rest is to be summed from `checksum_start` on.
const NEEDS_CHECKSUM: u8 = 1;
/// The checksum was found correct.
const DATA_VALID: u8 = 2;

const TCP_OVER_IPV4: u8 = 1;
const TCP_OVER_IPV6: u8 = 4;
const UDP_SEGMENTS: u8 = 5;
/// A flag beside the types: the segments carry congestion marks (CWR in the first only).
const WITH_ECN: u8 = 0x80;

/// `struct virtio_net_hdr` (Virtio 1.3, 5.1.6), as packet sockets and TAP devices use it: numbers are in the host's order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct VirtioHeader {
    flags: u8,
    segmentation_type: u8,
    /// Bytes up to where the data begins: what the kernel keeps in one piece.
    header_length: u16,
    segment_size: u16,
    checksum_start: u16,
    checksum_offset: u16,
}

impl VirtioHeader {
    /// Bytes of it.
    pub(crate) const LENGTH: usize = 10;

    /// What the kernel has to be told of `frame`, a frame over IPv4.
    pub(crate) fn of(frame: &[u8], descriptor: &TxDescriptor) -> Self {
        let mut header = Self::default();
        let TxChecksum::Partial { start, offset } = descriptor.checksum else {
            return header;
        };
        header.flags = NEEDS_CHECKSUM;
        header.checksum_start = start;
        header.checksum_offset = offset;
        if let Some(size) = descriptor.segmentation {
            // the upper four bits of TCP's byte 12 are its header's length in words, byte 13 its flags
            let byte = |at| frame.get(usize::from(start) + at);
            let words = byte(12).map_or(5, |byte| byte >> 4);
            let reduced = byte(13).is_some_and(|&flags| TcpFlags(flags).contains(TcpFlags::CWR));
            header.segmentation_type = TCP_OVER_IPV4 | if reduced { WITH_ECN } else { 0 };
            header.segment_size = size;
            header.header_length = start + 4 * u16::from(words);
        }
        header
    }

    /// The header at the front of `bytes`.
    ///
    /// # Panics
    /// If there are fewer than [`LENGTH`](Self::LENGTH).
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let number = |at| u16::from_ne_bytes([bytes[at], bytes[at + 1]]);
        Self {
            flags: bytes[0],
            segmentation_type: bytes[1],
            header_length: number(2),
            segment_size: number(4),
            checksum_start: number(6),
            checksum_offset: number(8),
        }
    }

    /// Writes it to the front of `bytes`.
    ///
    /// # Panics
    /// If they are fewer than [`LENGTH`](Self::LENGTH).
    pub(crate) fn write(&self, bytes: &mut [u8]) {
        bytes[0] = self.flags;
        bytes[1] = self.segmentation_type;
        let numbers = [
            self.header_length,
            self.segment_size,
            self.checksum_start,
            self.checksum_offset,
        ];
        for (place, number) in bytes[2..Self::LENGTH].chunks_exact_mut(2).zip(numbers) {
            place.copy_from_slice(&number.to_ne_bytes());
        }
    }

    /// What the kernel knows of the frame's transport checksum.
    pub(crate) fn checksum(&self) -> RxChecksum {
        if self.flags & NEEDS_CHECKSUM != 0 {
            RxChecksum::Partial
        } else if self.flags & DATA_VALID != 0 {
            RxChecksum::Verified
        } else {
            RxChecksum::Unverified
        }
    }

    /// Bytes of data in each TCP segment or UDP datagram of the frame but the last, if it stands for several.
    pub(crate) fn segmentation(&self) -> Option<u16> {
        let is_known = matches!(
            self.segmentation_type & !WITH_ECN,
            TCP_OVER_IPV4 | TCP_OVER_IPV6 | UDP_SEGMENTS
        );
        Some(self.segment_size).filter(|&size| is_known && size > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ten_bytes_as_the_kernel_lays_them_out() {
        let mut frame = vec![0; 1000];
        frame[34 + 12] = 8 << 4;
        let descriptor = TxDescriptor {
            length: frame.len(),
            checksum: TxChecksum::Partial {
                start: 34,
                offset: 16,
            },
            segmentation: Some(100),
        };
        let header = VirtioHeader::of(&frame, &descriptor);
        let mut bytes = [0xff; VirtioHeader::LENGTH];
        header.write(&mut bytes);
        let numbers: Vec<u8> = [34u16 + 32, 100, 34, 16]
            .into_iter()
            .flat_map(u16::to_ne_bytes)
            .collect();
        assert_eq!(bytes[..2], [NEEDS_CHECKSUM, TCP_OVER_IPV4]);
        assert_eq!(bytes[2..], numbers);
        assert_eq!(VirtioHeader::read(&bytes), header);
        assert_eq!(header.checksum(), RxChecksum::Partial);
        assert_eq!(header.segmentation(), Some(100));
    }

    #[test]
    fn a_frame_that_is_ready_for_the_wire_has_zeroes_in_front() {
        let header = VirtioHeader::of(&[0; 60], &TxDescriptor::complete(60));
        assert_eq!(header, VirtioHeader::default());
        assert_eq!(header.checksum(), RxChecksum::Unverified);
        assert_eq!(header.segmentation(), None);
    }

    #[test]
    fn congestion_marks_do_not_hide_the_segments() {
        let received = |segmentation_type| VirtioHeader {
            flags: DATA_VALID,
            segmentation_type,
            segment_size: 1448,
            ..VirtioHeader::default()
        };
        let marked = received(TCP_OVER_IPV6 | WITH_ECN);
        assert_eq!(marked.checksum(), RxChecksum::Verified);
        assert_eq!(marked.segmentation(), Some(1448));
        assert_eq!(received(UDP_SEGMENTS).segmentation(), Some(1448));
        assert_eq!(received(0).segmentation(), None);
    }
}
