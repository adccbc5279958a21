//! The way out of the machine: whoever turns a header and a payload into a frame.

use crate::SegmentHeader;

/// The transmit ring is full: the segment could not be sent now, nothing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingFull;

/// Takes segments. The one pass over the payload, which copies and sums it, happens behind this.
pub trait Emit {
    /// The largest payload [`Emit::segment`] takes in one call with segments of `segment_size` bytes: a multiple of it,
    /// as far as the ring has room.
    fn largest_payload(&self, segment_size: usize) -> usize;

    /// Sends a segment, or a super-frame to be cut at every `segment_size` payload bytes.
    ///
    /// # Errors
    /// [`RingFull`] if it cannot be sent now; the same segment is offered again later.
    fn segment(
        &mut self,
        header: &SegmentHeader,
        payload: &[&[u8]],
        segment_size: usize,
    ) -> Result<(), RingFull>;
}
