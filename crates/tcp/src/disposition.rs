//! What became of a segment.

use crate::SegmentHeader;
use periplus_journey::DropReason;

/// What the machine did with an arriving segment; the frame is accounted for by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Its data went to the socket.
    Delivered,
    /// It was served without data for the socket: ACK, SYN, FIN, RST.
    Consumed,
    /// It was thrown away.
    Dropped(DropReason),
    /// It was answered by a RST (RFC 9293 3.10.7).
    AnsweredByReset(SegmentHeader),
}
