//! How large the receive buffer should be: twice what the backend reads in a round trip, so that the window never holds up a sender whose
//! data is read (dynamic right-sizing: Fisk and Feng, "Dynamic Right-Sizing in TCP", 2001; Linux's `tcp_rcv_space_adjust`).
//!
//! What is measured is what was *read*. A peer whose data nobody reads, however much it sends, is given no more than the usual; one that
//! has fallen silent, or is read slowly now, gives back what it had grown to. The right edge does not move left for that: what is already
//! promised is used up by the data that comes next.

use crate::options::{TIMESTAMPS_LENGTH, TimestampClock};
use crate::{Connection, Context, MemoryBudget, Segment, Sysctls};
use periplus_journey::Instant;
use periplus_wire::tcp::TcpFlags;
use std::time::Duration;

/// What a sender may have on its way before it knows the path, in segments (RFC 6928): reading that in a round trip is no reason to grow.
const INITIAL_WINDOW: u32 = 10;
/// Segments to spare beside what is reckoned, as on Linux.
const TO_SPARE: usize = 16;
/// After so long, and so many round trips, in none of which more than a little was read, what was grown is given back.
const LATELY: Duration = Duration::from_secs(1);
const LATELY_ROUND_TRIPS: u32 = 8;
/// A peer that echoes old timestamps does not make a round trip longer than this.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(8);
/// A little: less than this part of what it was grown for.
const LITTLE: u64 = 4;
/// Weight of a round-trip time among those before it; and the part of one by which a flight may come sooner than the one before.
const GAIN: u32 = 8;

/// What is known of how fast data comes and is read. Made for a peer that sends more than a segment at a time.
#[derive(Clone, Debug)]
pub(crate) struct RightSizing {
    /// Bytes of memory that are called for; 0 before the first reckoning.
    demand: usize,
    /// The most bytes that were read in a round trip that is over.
    read_at_most: u64,
    /// Since when bytes that are read are counted, from which stream offset and to which.
    since: Instant,
    from: u64,
    to: u64,
    /// The most bytes that were read in a round trip since a moment.
    lately: (Instant, u64),
    /// The round-trip time as the receiver sees it.
    round_trip: Option<Duration>,
    /// The window that was open at a moment, by its end's stream offset: it was filled a round trip later, or more.
    window: (Instant, u64),
    /// The last timestamp of ours that came back.
    echo_reply: u32,
}

impl RightSizing {
    fn new(now: Instant, read: u64, window_end: u64, window: u32, mss: u32) -> Self {
        Self {
            demand: 0,
            read_at_most: window.min(INITIAL_WINDOW * mss).max(1).into(),
            since: now,
            from: read,
            to: read,
            lately: (now, 0),
            round_trip: None,
            window: (now, window_end),
            echo_reply: 0,
        }
    }

    /// A round trip, as far as it is known.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// The most bytes that were read in one.
    pub(crate) fn space(&self) -> u32 {
        self.read_at_most.min(u32::MAX.into()) as u32
    }

    /// A round trip took `sample` at most. What timestamps say is `exact`; a window may also have taken longer, because the peer had nothing
    /// to say, and tells only that the path is faster.
    fn measured(&mut self, sample: Duration, exact: bool) {
        let sample = sample.min(LONGEST_ROUND_TRIP);
        self.round_trip = Some(match self.round_trip {
            Some(before) if sample >= before && !exact => before,
            Some(before) if sample >= before => before - before / GAIN + sample / GAIN,
            _ => sample,
        });
    }

    /// Everything up to the stream offset `arrived` has come, and the peer may send up to `window_end`.
    fn measure_by_window(&mut self, now: Instant, arrived: u64, window_end: u64) {
        let (began, end) = self.window;
        if arrived >= end {
            self.measured(now.since(began), false);
            self.window = (now, window_end);
        }
    }

    /// A full segment echoes what we sent.
    fn measure_by_echo(&mut self, clock: TimestampClock, echo_reply: u32, arrived: Instant) {
        if echo_reply == self.echo_reply {
            return;
        }
        self.echo_reply = echo_reply;
        if let Some(age) = clock.age(echo_reply, arrived) {
            self.measured(age, true);
        }
    }

    /// The memory that `read` bytes a round trip call for, where `waiting` bytes are out of order. A sender in slow start doubles what is on
    /// its way, and what is reckoned now reaches it when it has done so again: as much as will be read then, twice, and all of that may be
    /// here unread when the window is told (six times what is read now, as on Linux).
    fn wanted(&self, read: u64, waiting: u64, mss: u32) -> usize {
        let window = 2 * read as usize + TO_SPARE * mss as usize;
        let grown = read.saturating_sub(self.read_at_most);
        let growth = 2 * window as u128 * u128::from(grown) / u128::from(self.read_at_most);
        window + (2 * window).min(growth as usize) + waiting as usize
    }

    /// The backend has read up to the stream offset `read`. Says whether anything changed.
    ///
    /// More than ever before in a round trip needs no waiting until it is over (as Linux waits): where a flight comes all at once, one ACK
    /// answers much of it, and the window that this ACK tells is the one for the next flight.
    fn read(&mut self, now: Instant, read: u64, waiting: u64, mss: u32, most: usize) -> bool {
        let before = self.demand;
        let read_before = std::mem::replace(&mut self.to, read);
        let Some(round_trip) = self.round_trip else {
            return false;
        };
        if now.since(self.since) >= round_trip - round_trip / GAIN {
            let count = read_before - self.from;
            self.demand_for(count, waiting, mss, most);
            (self.since, self.from) = (now, read_before);
            self.round_trip_is_over(now, count, round_trip, waiting, mss);
        }
        self.demand_for(read - self.from, waiting, mss, most);
        self.demand != before
    }

    /// `count` bytes were read in a round trip, or less.
    fn demand_for(&mut self, count: u64, waiting: u64, mss: u32, most: usize) {
        if count > self.read_at_most {
            let wanted = self.wanted(count, waiting, mss);
            self.demand = self.demand.max(wanted).min(most);
        }
    }

    /// `count` bytes were read in a round trip; what is read from now on belongs to the next.
    fn round_trip_is_over(
        &mut self,
        now: Instant,
        count: u64,
        round_trip: Duration,
        waiting: u64,
        mss: u32,
    ) {
        self.read_at_most = self.read_at_most.max(count);
        let (began, lately) = self.lately;
        let lately = lately.max(count);
        self.lately = (began, lately);
        if now.since(began) >= LATELY.max(round_trip * LATELY_ROUND_TRIPS) {
            self.lately = (now, 0);
            if lately < self.read_at_most / LITTLE {
                self.read_at_most = lately.max(u64::from(INITIAL_WINDOW * mss));
                let wanted = self.wanted(self.read_at_most, waiting, mss);
                self.demand = self.demand.min(wanted);
            }
        }
    }
}

impl Connection {
    /// Bytes of memory that received data may hold (Linux's `sk_rcvbuf`, less what is there for overhead): what `SO_RCVBUF` asks for, or as
    /// much as was found to be needed; less where memory is scarce.
    #[inline]
    pub fn receive_limit(&self, sysctls: &Sysctls, memory: MemoryBudget) -> usize {
        match self.options.receive_buffer {
            // It is doubled for the overhead, and half of that is for the text.
            Some(asked) => {
                let asked = asked.min(sysctls.rmem_max);
                let share = memory.receive_share(0).min(sysctls.tcp_rmem.most);
                asked.min(share).max(crate::window::LEAST_CLAMP as usize)
            }
            None => {
                let demand = self.right_sizing.as_ref().map_or(0, |sizing| sizing.demand);
                let buffer = sysctls.tcp_rmem.usual.max(demand);
                memory.receive_share(demand).min(buffer)
            }
        }
    }

    /// Text came in order, `length` bytes in one segment.
    #[inline]
    pub(crate) fn measure_arrival(
        &mut self,
        context: &Context<'_>,
        segment: &Segment,
        length: u32,
    ) {
        let window_end = self.nxt_offset + u64::from(self.rcv.wnd());
        let Some(sizing) = &mut self.right_sizing else {
            return self.begin_to_measure(context, segment, length);
        };
        sizing.measure_by_window(context.now, self.nxt_offset, window_end);
        if let (Some(clock), Some(timestamps)) = (self.timestamps, segment.options.timestamps)
            && length >= self.delayed_ack.rcv_mss()
        {
            sizing.measure_by_echo(clock, timestamps.echo_reply, segment.time.arrived);
        }
    }

    /// Text came of a peer that is not measured yet.
    fn begin_to_measure(&mut self, context: &Context<'_>, segment: &Segment, length: u32) {
        let mss = u32::from(self.offer.mss);
        if self.nxt_offset < u64::from(INITIAL_WINDOW * mss) {
            return; // the usual is enough, and most clients never send as much
        }
        // Requests are short. Of one who sends more there is a full segment, or one that is not the last of what was written, or half of
        // the window is used up before it was told of more.
        let options = self.timestamps.map_or(0, |_| TIMESTAMPS_LENGTH.into());
        let more =
            !segment.has(TcpFlags::PSH) || length + options >= mss || self.is_half_used_up(context);
        if context.sysctls.tcp_moderate_rcvbuf && self.options.receive_buffer.is_none() && more {
            let (read, window) = (self.read_offset(), self.rcv.wnd());
            let window_end = self.nxt_offset + u64::from(window);
            let sizing = RightSizing::new(context.now, read, window_end, window, mss);
            self.right_sizing = Some(Box::new(sizing));
        }
    }

    /// Whether less is left than half of the window that would be offered.
    fn is_half_used_up(&self, context: &Context<'_>) -> bool {
        let left = self.rcv.wnd();
        left < self.rcv_ssthresh / 2 && {
            let limit = self.receive_limit(context.sysctls, context.memory);
            left < self.full_window(limit) / 2
        }
    }

    /// As much as it could ever become: the window's own growth does not wait for what is read.
    pub(crate) fn largest_receive_limit(&self, context: &Context<'_>) -> usize {
        let (sysctls, memory) = (context.sysctls, context.memory);
        if self.options.receive_buffer.is_some() || !sysctls.tcp_moderate_rcvbuf {
            return self.receive_limit(sysctls, memory);
        }
        memory
            .receive_share(sysctls.tcp_rmem.most)
            .min(sysctls.tcp_rmem.most)
    }

    /// Bytes that wait behind a hole are not read, and those after them need a window as well.
    pub(crate) fn grow_for_hole(&mut self, context: &Context<'_>) {
        let waiting = self.waiting();
        let mss = u32::from(self.offer.mss);
        if let Some(sizing) = &mut self.right_sizing
            && context.sysctls.tcp_moderate_rcvbuf
            && sizing.demand > 0
        {
            let wanted = sizing.wanted(sizing.read_at_most, waiting, mss);
            sizing.demand = sizing.demand.max(wanted).min(context.sysctls.tcp_rmem.most);
        }
    }

    /// Bytes from RCV.NXT to the last that is here.
    fn waiting(&self) -> u64 {
        let end = self.reassembly.end();
        end.map_or(0, |end| end.saturating_sub(self.nxt_offset))
    }

    /// The backend has read something: what it reads in a round trip says how much memory is worth having.
    pub(crate) fn right_size(&mut self, context: &Context<'_>) {
        let (read, waiting) = (self.read_offset(), self.waiting());
        let mss = u32::from(self.offer.mss);
        let sysctls = context.sysctls;
        let Some(sizing) = &mut self.right_sizing else {
            return;
        };
        if !sysctls.tcp_moderate_rcvbuf {
            return;
        }
        let before = sizing.demand;
        if !sizing.read(context.now, read, waiting, mss, sysctls.tcp_rmem.most) {
            return;
        }
        if sizing.demand > before {
            self.delayed_ack.keep_quick();
        } else {
            if sizing.demand <= sysctls.tcp_rmem.usual {
                self.right_sizing = None;
            }
            let limit = self.receive_limit(sysctls, context.memory);
            self.rcv_ssthresh = self.rcv_ssthresh.min(limit as u32);
        }
    }
}
