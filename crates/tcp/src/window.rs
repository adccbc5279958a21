//! The receive window: what the peer is told it may send (RFC 9293 3.8.6, RFC 7323 2).

use crate::connection::AckDue;
use crate::{Connection, Context};
use periplus_wire::SeqNum;

/// What a frame with a full segment holds of memory beside its text: such a segment is expected to fit (Linux's `truesize`).
const FRAME: usize = 2304;
/// The text of a full segment on Ethernet.
const SEGMENT: usize = 1460;
/// A window is not clamped below this (half of Linux's `SOCK_MIN_RCVBUF`).
pub(crate) const LEAST_CLAMP: u32 = 1152;

impl Connection {
    /// The largest window that may be offered: what memory, the window scale and `TCP_WINDOW_CLAMP` allow.
    pub(crate) fn full_window(&self, limit: usize) -> u32 {
        let largest = u32::from(u16::MAX) << self.rcv.wind_shift;
        let largest = largest.min(limit.min(u32::MAX as usize) as u32);
        let clamp = self.options.window_clamp.filter(|&clamp| clamp > 0);
        clamp.map_or(largest, |clamp| largest.min(clamp.max(LEAST_CLAMP)))
    }

    /// The window that could be offered now (Linux's `__tcp_select_window`): none while less is free than a segment or a
    /// sixteenth of all, and without a window scale whole segments (the receiver's silly window avoidance, RFC 9293 3.8.6.2.2).
    #[inline]
    fn select_window(&self, limit: usize) -> u32 {
        let full = self.full_window(limit);
        let mut free = limit.saturating_sub(self.held()).min(full as usize) as u32;
        if free < full / 2 {
            free = free >> self.rcv.wind_shift << self.rcv.wind_shift;
            if (free as usize) < limit / 16 || free < self.delayed_ack.rcv_mss().min(full) {
                return 0;
            }
        }
        let free = free.min(self.rcv_ssthresh);
        if self.rcv.wind_shift > 0 {
            return free;
        }
        self.select_whole_segments(free, full)
    }

    /// The same without a window scale.
    fn select_whole_segments(&self, free: u32, full: u32) -> u32 {
        let mss = self.delayed_ack.rcv_mss().min(full);
        if mss == 0 {
            return free;
        }
        let window = self.rcv.edge - self.rcv.last_ack_sent;
        if window.saturating_add(mss) <= free || window > free {
            free - free % mss
        } else if mss == full && free > window + full / 2 {
            free
        } else {
            window
        }
    }

    /// The right edge that could be offered now. It is charged by the memory that is held, and never moves left.
    pub(crate) fn right_edge(&self, context: &Context<'_>) -> SeqNum {
        let limit = self.receive_limit(context.sysctls, context.memory);
        self.right_edge_within(limit)
    }

    #[inline]
    fn right_edge_within(&self, limit: usize) -> SeqNum {
        self.rcv.edge.max(self.rcv.nxt + self.select_window(limit))
    }

    /// SEG.WND of a segment that acknowledges `ack`. Rounded up: rounding down would move the right edge left. But each rounding up
    /// moves it right by some bytes, and a peer that sends as few at a time would find room for ever: so not when memory is half
    /// used up. What the peer is then told is less, by what the scale cannot express (RFC 7323 2.4); what it was told before is
    /// still taken.
    pub(crate) fn window_field(&self, context: &Context<'_>, ack: SeqNum) -> u16 {
        let limit = self.receive_limit(context.sysctls, context.memory);
        let window = self.right_edge_within(limit) - ack;
        let shift = self.rcv.wind_shift;
        let field = if self.held() < limit / 2 {
            (u64::from(window) + (1 << shift) - 1) >> shift
        } else {
            u64::from(window >> shift)
        };
        u16::try_from(field).unwrap_or(u16::MAX)
    }

    /// Data came in order: the window may grow, twice as fast as the data that fills it, or by two segments (Linux's
    /// `tcp_grow_window`). Where segments leave most of their frames empty, it does not grow as far: a connection that never
    /// sends more than a small request is not promised memory that others cannot have.
    pub(crate) fn grow_window(&mut self, context: &Context<'_>, length: u32) {
        let limit = self.receive_limit(context.sysctls, context.memory);
        let mut room = self.full_window(limit) / 2;
        let mut text = FRAME * (length as usize).div_ceil(SEGMENT) / 2;
        let growth = if text <= length as usize {
            2 * u32::from(self.offer.mss)
        } else {
            loop {
                (text, room) = (text / 2, room / 2);
                let growth = 2 * self.delayed_ack.rcv_mss();
                if self.rcv_ssthresh + growth > room {
                    return;
                }
                if text <= length as usize {
                    break growth;
                }
            }
        };
        let most = self.largest_window(context, limit);
        if self.rcv_ssthresh < self.full_window(limit) {
            self.delayed_ack.keep_quick();
        }
        if self.rcv_ssthresh < most {
            let growth = growth.max(2 * length);
            self.rcv_ssthresh = self.rcv_ssthresh.saturating_add(growth).min(most);
        }
    }

    /// As far as the window may grow. The memory there is now, `limit`, bounds the window, and not this: there may be more when the
    /// backend has read.
    #[inline]
    pub(crate) fn largest_window(&self, context: &Context<'_>, limit: usize) -> u32 {
        self.full_window(self.largest_receive_limit(context).max(limit))
    }

    /// Bytes of memory that received data holds.
    pub(crate) fn held(&self) -> usize {
        self.receive_queue.charge() + self.reassembly.charge()
    }

    /// The bytes that a window field on the wire stands for.
    pub(crate) fn window_on_the_wire(&self, field: u16) -> u32 {
        u32::from(field) << self.rcv.wind_shift
    }

    /// After a read: tells the peer, if the window it knows can be doubled at least.
    pub(crate) fn offer_freed_window(&mut self, context: &Context<'_>) {
        let known = self.rcv.wnd();
        // No window is larger than `rcv_ssthresh` where it is scaled: mostly nothing need be reckoned to see that it is not doubled.
        if self.rcv.wind_shift > 0 && u64::from(self.rcv_ssthresh) < 2 * u64::from(known) {
            return;
        }
        let limit = self.receive_limit(context.sysctls, context.memory);
        if 2 * u64::from(known) > self.full_window(limit).into() {
            return;
        }
        let window = self.select_window(limit);
        if window > 0 && window >= 2 * known {
            self.ack_due = AckDue::Now;
        }
    }
}
