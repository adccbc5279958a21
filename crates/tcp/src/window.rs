//! The receive window: what the peer is told it may send (RFC 9293 3.8.6, RFC 7323 2).

use crate::connection::AckDue;
use crate::{Connection, Context};
use periplus_wire::SeqNum;

impl Connection {
    /// The right edge that could be offered now. It is charged by the memory that is held, and never moves left; it
    /// moves right by a good step only (the receiver's silly window avoidance, RFC 9293 3.8.6.2.2).
    fn right_edge(&self, context: &Context<'_>) -> SeqNum {
        let limit = context.receive_limit();
        let largest = (usize::from(u16::MAX)) << self.rcv.wind_shift;
        let free = limit.saturating_sub(self.held()).min(largest) as u32;
        let free = free.min(self.rcv_ssthresh);
        // half of the most that is promised, where a segment is longer: a promise made in need would never be renewed
        let most = limit.min(self.rcv_ssthresh as usize);
        let step = (most / 2).min(usize::from(self.offer.mss)) as u32;
        if free >= self.rcv.wnd().saturating_add(step) {
            self.rcv.nxt + free
        } else {
            self.rcv.edge
        }
    }

    /// SEG.WND. Rounded up: rounding down would move the right edge left. But each rounding up moves it right by some bytes,
    /// and a peer that sends as few at a time would find room for ever: so not when memory is used up. What the peer is then
    /// told is less, by what the scale cannot express (RFC 7323 2.4); what it was told before is still taken.
    pub(crate) fn window_field(&self, context: &Context<'_>) -> u16 {
        let window = self.right_edge(context) - self.rcv.nxt;
        let unit = 1 << self.rcv.wind_shift;
        let field = if self.held() < context.receive_limit() {
            window.div_ceil(unit)
        } else {
            window / unit
        };
        u16::try_from(field).unwrap_or(u16::MAX)
    }

    /// Data came in order: the window may grow, twice as fast as the data that fills it. A connection that never sends more
    /// than a small request is never promised more than the first window, which would be memory that others cannot have.
    pub(crate) fn grow_window(&mut self, context: &Context<'_>, length: u32) {
        // of a segment that the window has no room for, as much as it has
        if length >= self.segment_size.min(self.rcv_ssthresh) / 2 {
            let most = context.sysctls.tcp_rmem.most as u32;
            self.rcv_ssthresh = self.rcv_ssthresh.saturating_add(2 * length).min(most);
        }
    }

    /// Bytes of memory that received data holds.
    pub(crate) fn held(&self) -> usize {
        self.receive_queue.charge() + self.reassembly.charge()
    }

    /// The bytes that a window field on the wire stands for.
    pub(crate) fn window_on_the_wire(&self, field: u16) -> u32 {
        u32::from(field) << self.rcv.wind_shift
    }

    /// After a read: tells the peer, if the window it knows is small or grew by a good part.
    pub(crate) fn offer_freed_window(&mut self, context: &Context<'_>) {
        let grown = self.right_edge(context) - self.rcv.edge;
        let known = self.rcv.wnd();
        let much = (context.receive_limit() / 4) as u32;
        let nearly_closed = known < 2 * self.segment_size;
        if grown > 0 && (grown >= much || nearly_closed) {
            self.ack_due = AckDue::Now;
        }
    }
}
