//! A flow's segments on their way into the device's ring, in one pass over their bytes. Segments that follow one another come as
//! one: the device cuts them, or else they are cut here, where it costs a header each and no look at the connection.

use crate::flow_header::FlowHeader;
use crate::frame_writer::TRANSPORT;
use crate::pieces::Pieces;
use crate::transmit::QUANTUM;
use periplus_journey::Instant;
use periplus_ring::{Capabilities, Device, TxChecksum, TxDescriptor};
use periplus_tcp::{Emit, RingFull, SegmentHeader};
use periplus_wire::tcp::{self, TcpFlags};
use periplus_wire::{ethernet, ipv4};

#[cfg(test)]
mod tests;

/// Where from the start of the TCP header its checksum is.
pub(crate) const CHECKSUM: usize = 16;

/// Writes the segments of one flow.
pub(crate) struct SegmentWriter<'a> {
    pub(crate) device: &'a mut dyn Device,
    pub(crate) capabilities: &'a Capabilities,
    pub(crate) header: &'a FlowHeader,
    pub(crate) now: Instant,
    /// Frames handed over.
    pub(crate) sent: u64,
}

impl Emit for SegmentWriter<'_> {
    fn largest_payload(&self, segment_size: usize) -> usize {
        if segment_size == 0 {
            return 0;
        }
        let headers = ipv4::HEADER_LENGTH + tcp::MAX_HEADER_LENGTH;
        let segments = match self.capabilities.segmentation {
            Some(largest) => largest.saturating_sub(headers) / segment_size,
            None => {
                let frame = ethernet::HEADER_LENGTH + headers + segment_size;
                self.device.room(frame).min(QUANTUM / segment_size)
            }
        };
        segments.max(1) * segment_size
    }

    fn segment(
        &mut self,
        header: &SegmentHeader,
        payload: &[&[u8]],
        segment_size: usize,
    ) -> Result<(), RingFull> {
        let mut pieces = Pieces::new(payload);
        let length = pieces.length();
        let are_several = length > segment_size && segment_size > 0;
        if are_several && self.capabilities.segmentation.is_none() {
            return self.cut(header, pieces, length, segment_size);
        }
        let segmentation = are_several.then_some(segment_size as u16);
        self.write(header, &mut pieces, length, segmentation)
    }
}

impl SegmentWriter<'_> {
    /// Writes the segments one after the other. FIN and PSH belong to the last byte, and so to the last segment; CWR tells once,
    /// and so in the first (RFC 3168 6.1.2). The ring said that it has room for all; if it has not, all are offered again.
    #[inline(never)]
    fn cut(
        &mut self,
        header: &SegmentHeader,
        mut pieces: Pieces<'_>,
        length: usize,
        segment_size: usize,
    ) -> Result<(), RingFull> {
        let at_the_end = TcpFlags::FIN | TcpFlags::PSH;
        let mut told = TcpFlags::NONE;
        let mut segment = *header;
        let mut left = length;
        while left > 0 {
            let length = left.min(segment_size);
            left -= length;
            let elsewhere = if left > 0 { at_the_end | told } else { told };
            segment.flags = header.flags.without(elsewhere);
            self.write(&segment, &mut pieces, length, None)?;
            segment.seq += length as u32;
            told = TcpFlags::CWR;
        }
        Ok(())
    }

    /// Writes one frame, with the next `payload_length` bytes of `pieces`.
    #[inline]
    fn write(
        &mut self,
        header: &SegmentHeader,
        pieces: &mut Pieces<'_>,
        payload_length: usize,
        segmentation: Option<u16>,
    ) -> Result<(), RingFull> {
        let options_length = header.options.encoded_length();
        let header_length = tcp::HEADER_LENGTH + options_length;
        let length = TRANSPORT + header_length + payload_length;
        let frame = self.device.reserve(length).ok_or(RingFull)?;
        let (head, rest) = frame
            .split_first_chunk_mut()
            .expect("a reserved frame has room for its headers");
        let (options, text) = rest.split_at_mut(options_length);
        let text = &mut text[..payload_length];
        let flow = self.header;
        let mut sum = flow.write(head, header, header_length, payload_length);
        header.options.write_and_sum(options, &mut sum);
        let (checksum, field) = if self.capabilities.tx_checksum {
            pieces.copy(text);
            let checksum = TxChecksum::Partial {
                start: TRANSPORT as u16,
                offset: CHECKSUM as u16,
            };
            (checksum, flow.pseudo_header(header_length + payload_length))
        } else {
            pieces.copy_and_sum(text, &mut sum);
            (TxChecksum::Complete, sum.finish())
        };
        head[TRANSPORT + CHECKSUM..][..2].copy_from_slice(&field.to_be_bytes());
        self.device.commit(
            self.now,
            TxDescriptor {
                length,
                checksum,
                segmentation,
            },
        );
        self.sent += 1;
        Ok(())
    }
}
