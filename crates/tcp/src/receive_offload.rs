//! Generic receive offload, as TCP sees it: segments that came together, each of which goes on where the one before ends.
//!
//! Linux puts such segments together before TCP, and TCP takes what became of them as one. Here TCP has taken the first by [header
//! prediction](crate::segment_arrives), and asks for the next as long as it would predict that one, too. What is done once for all of them
//! is done once, and yet each has its own length, PSH and time: the connection ends as if they had come one by one, and nothing is
//! put together that some of its steps would have to take apart again.

use crate::ArrivalTime;
use periplus_ring::RxFrame;
use periplus_wire::tcp::TcpFlags;

/// What a segment has of its own that continues another: all else in its header is as in that one's.
#[derive(Debug)]
pub struct Continued {
    /// The text, not empty.
    pub text: RxFrame,
    /// The control bits: ACK, and perhaps PSH.
    pub flags: TcpFlags,
    /// When it came.
    pub time: ArrivalTime,
}

/// Who has the segments that came with one.
pub trait ReceiveOffload {
    /// Whether none came with it, or none that could continue it.
    fn is_empty(&self) -> bool;

    /// Takes out the next, if it is there, undamaged, and has no more text than `window` bytes.
    fn next(&mut self, window: u32) -> Option<Continued>;
}

/// `None`: the segment came alone.
impl<T: ReceiveOffload> ReceiveOffload for Option<T> {
    #[inline]
    fn is_empty(&self) -> bool {
        self.as_ref().is_none_or(T::is_empty)
    }

    #[inline]
    fn next(&mut self, window: u32) -> Option<Continued> {
        self.as_mut()?.next(window)
    }
}

/// The segment came alone.
#[derive(Debug)]
pub struct Alone;

impl ReceiveOffload for Alone {
    #[inline]
    fn is_empty(&self) -> bool {
        true
    }

    #[inline]
    fn next(&mut self, _: u32) -> Option<Continued> {
        None
    }
}
