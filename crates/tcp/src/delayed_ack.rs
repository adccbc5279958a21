//! When data is acknowledged: at once, or after a while in which an answer may come to travel with (RFC 9293 3.8.6.3).
//!
//! A sender in slow start needs its ACKs; a client that waits for an answer does not. As on Linux, a connection begins in
//! *quick ACK mode* and leaves it for *ping-pong mode* when it answers; the wait adapts to the time between segments.

use crate::connection::AckDue;
use crate::{Connection, Context};
use periplus_journey::Instant;
use periplus_wire::SeqNum;
use periplus_wire::tcp::TcpFlags;
use std::time::Duration;

/// The least wait, and the one a connection begins with (Linux's `TCP_ATO_MIN`, `TCP_DELACK_MIN`), in milliseconds.
const LEAST: u16 = 40;
/// The longest (`TCP_DELACK_MAX`; RFC 9293 3.8.6.3 allows 500).
const LONGEST: u16 = 200;
/// The longest while nothing says that the sender waits.
const PATIENT: u16 = 500;
/// Segments acknowledged at once in quick ACK mode, at most.
const QUICK_ACKS: u8 = 16;
/// A peer's full segment is taken for this long at first, unless less was agreed on.
const FIRST_GUESS: u32 = 536;
/// No peer's full segment is taken for less (Linux's `TCP_MIN_MSS`).
const LEAST_GUESS: u32 = 88;
/// Shorter text is no sign of a sender that fills the window.
const WORTH_GROWING: u32 = 128;

/// What is known of the peer as a sender, and of the backend as one who answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DelayedAck {
    /// What a full segment of the peer seems to carry.
    rcv_mss: u16,
    /// The length of the last segment, if that may become the guess.
    last_segment: u16,
    /// The wait in milliseconds; 0 before the first data.
    ato: u16,
    /// ACKs that still go at once.
    quick: u8,
    /// Answers given within the wait.
    pingpong: u8,
    /// When data last came, in milliseconds that come round.
    received: u32,
    /// An ACK is to be thought of when the segment is processed.
    scheduled: bool,
    /// A small segment, or a full one with PSH, is not acknowledged: its sender may wait for that. And another.
    pushed: bool,
    pushed_twice: bool,
    /// What was in order before a hole showed, where that was more than a segment.
    pub(crate) before_hole: Option<SeqNum>,
}

/// What a connection [at rest](crate::Parked) keeps of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParkedDelayedAck {
    received: u32,
    rcv_mss: u16,
    last_segment: u16,
    ato: u16,
    quick: u8,
    pingpong: u8,
}

impl ParkedDelayedAck {
    pub(crate) fn of(ack: &DelayedAck) -> Self {
        Self {
            received: ack.received,
            rcv_mss: ack.rcv_mss,
            last_segment: ack.last_segment,
            ato: ack.ato,
            quick: ack.quick,
            pingpong: ack.pingpong,
        }
    }

    pub(crate) fn wake(self) -> DelayedAck {
        DelayedAck {
            rcv_mss: self.rcv_mss,
            last_segment: self.last_segment,
            ato: self.ato,
            quick: self.quick,
            pingpong: self.pingpong,
            received: self.received,
            scheduled: false,
            pushed: false,
            pushed_twice: false,
            before_hole: None,
        }
    }
}

impl DelayedAck {
    /// Whether nothing that came waits for its ACK.
    pub(crate) fn is_at_rest(&self) -> bool {
        !self.scheduled && !self.pushed && !self.pushed_twice && self.before_hole.is_none()
    }

    pub(crate) fn new(now: Instant) -> Self {
        Self {
            rcv_mss: 0,
            last_segment: 0,
            ato: 0,
            quick: 0,
            pingpong: 0,
            received: now.as_millis() as u32,
            scheduled: false,
            pushed: false,
            pushed_twice: false,
            before_hole: None,
        }
    }

    /// What the peer's full segments seem to carry.
    pub(crate) fn rcv_mss(&self) -> u32 {
        self.rcv_mss.into()
    }

    /// How long an ACK waits for data to travel with; `None` before the first data.
    pub(crate) fn ato(&self) -> Option<Duration> {
        (self.ato > 0).then(|| Duration::from_millis(self.ato.into()))
    }

    /// No ACK goes at once that could go with data.
    fn enter_pingpong(&mut self, threshold: u8) {
        self.pingpong = threshold;
    }

    fn is_pingpong(&self, threshold: u8) -> bool {
        self.pingpong >= threshold
    }

    /// The window grew: the next ACK tells so at once, in quick ACK mode.
    pub(crate) fn keep_quick(&mut self) {
        self.quick |= 1;
    }

    fn quicken(&mut self, window: u32) {
        let quick = match window / (2 * self.rcv_mss()).max(1) {
            0 => 2,
            quick => quick.min(QUICK_ACKS.into()) as u8,
        };
        self.quick = self.quick.max(quick);
    }

    /// Something shows that the sender needs its ACKs.
    pub(crate) fn enter_quick_ack_mode(&mut self, window: u32) {
        self.quicken(window);
        self.pingpong = 0;
        self.ato = LEAST;
    }

    /// `length` bytes of text came. `header` is what options take of each segment, `most` what we said a segment may carry,
    /// `window` what the peer was told.
    fn measure(&mut self, length: u32, flags: TcpFlags, header: u32, most: u32, window: u32) {
        if self.rcv_mss == 0 {
            let guess = most.min(window / 2).clamp(LEAST_GUESS, FIRST_GUESS);
            self.rcv_mss = guess as u16;
        }
        let before = std::mem::take(&mut self.last_segment);
        if length >= self.rcv_mss() {
            self.rcv_mss = length.min(most) as u16;
            self.pushed |= flags.contains(TcpFlags::PSH);
            return;
        }
        // Options come and go: a length that comes twice is the peer's, if it is not the end of something.
        let ends = flags.intersects(TcpFlags::PSH | TcpFlags::FIN | TcpFlags::URG);
        let with_header = length + header;
        if with_header >= FIRST_GUESS || (with_header >= LEAST_GUESS && !ends) {
            self.last_segment = length as u16;
            if self.last_segment == before {
                self.rcv_mss = before;
                return;
            }
        }
        self.pushed_twice |= self.pushed;
        self.pushed = true;
    }

    /// The wait follows the time between segments.
    fn adapt(&mut self, now: Instant, rto: Duration, window: u32) {
        let now = now.as_millis() as u32;
        let rto = rto.as_millis().min(u16::MAX.into()) as u16;
        let since = now.wrapping_sub(self.received).min(u16::MAX.into()) as u16;
        if self.ato == 0 {
            self.quicken(window);
            self.ato = LEAST;
        } else if since <= LEAST / 2 {
            self.ato = self.ato / 2 + LEAST / 2;
        } else if since < self.ato {
            self.ato = (self.ato / 2 + since).min(rto);
        } else if since > rto {
            self.quicken(window); // the sender has not restarted its window
        }
        self.received = now;
    }

    /// The same for a segment that came at the moment of the one before.
    #[inline]
    fn adapt_again(&mut self) {
        self.ato = self.ato / 2 + LEAST / 2;
    }

    /// The segment is processed, and its ACK due already.
    #[inline]
    pub(crate) fn decided(&mut self) {
        self.scheduled = false;
    }

    /// The moment by which to send it. `None`: now.
    fn deadline(
        &self,
        now: Instant,
        due: AckDue,
        srtt: Option<Duration>,
        is_pingpong: bool,
    ) -> Option<Instant> {
        let mut ato = self.ato;
        if ato > LEAST {
            let mut most = if is_pingpong || self.pushed {
                LONGEST
            } else {
                PATIENT
            };
            if let Some(srtt) = srtt {
                most = most.min((srtt.as_millis().min(u16::MAX.into()) as u16).max(LEAST));
            }
            ato = ato.min(most);
        }
        let ato = Duration::from_millis(ato.min(LONGEST).into());
        let at = now + ato;
        match due {
            AckDue::By(earlier) if earlier <= now + ato / 4 => None,
            AckDue::By(earlier) => Some(at.min(earlier)),
            _ if ato.is_zero() => None,
            _ => Some(at),
        }
    }
}

impl Connection {
    /// Text came in order.
    pub(crate) fn text_received(&mut self, context: &Context<'_>, length: u32, flags: TcpFlags) {
        self.measure_text(length, flags);
        let window = self.rcv.edge - self.rcv.last_ack_sent;
        let rto = self.retransmission_timer.rto();
        self.delayed_ack.adapt(context.now, rto, window);
        if length >= WORTH_GROWING {
            self.grow_window(context, length);
        }
    }

    /// More came at the same moment, when the window may grow up to `largest_window`.
    #[inline]
    pub(crate) fn more_text_received(
        &mut self,
        context: &Context<'_>,
        length: u32,
        flags: TcpFlags,
        largest_window: u32,
    ) {
        self.measure_text(length, flags);
        self.delayed_ack.adapt_again();
        if length >= WORTH_GROWING && self.rcv_ssthresh < largest_window {
            self.grow_window(context, length);
        }
    }

    #[inline]
    fn measure_text(&mut self, length: u32, flags: TcpFlags) {
        let header = if self.timestamps.is_some() { 12 } else { 0 };
        let most = u32::from(self.offer.mss) - header;
        let window = self.rcv.edge - self.rcv.last_ack_sent;
        let ack = &mut self.delayed_ack;
        ack.scheduled = true;
        ack.measure(length, flags, header, most, window);
    }

    /// A FIN came in order: the backend will probably answer it.
    pub(crate) fn fin_received(&mut self, context: &Context<'_>) {
        let ack = &mut self.delayed_ack;
        ack.enter_pingpong(context.sysctls.tcp_pingpong_thresh);
        ack.scheduled = true;
    }

    /// What came does not advance the window: its sender needs its ACKs.
    pub(crate) fn quicken_acks(&mut self) {
        let window = self.rcv.edge - self.rcv.last_ack_sent;
        self.delayed_ack.enter_quick_ack_mode(window);
    }

    /// A segment is processed: whether its ACK goes now or waits (Linux's `__tcp_ack_snd_check`). RFC 9293 3.8.6.3 asks for one
    /// for every second full segment at least.
    pub(crate) fn decide_ack(&mut self, context: &Context<'_>) {
        if !std::mem::take(&mut self.delayed_ack.scheduled) || self.ack_due == AckDue::Now {
            return;
        }
        let ack = &self.delayed_ack;
        let threshold = context.sysctls.tcp_pingpong_thresh;
        let is_pingpong = ack.is_pingpong(threshold);
        let window = self.rcv.edge - self.rcv.last_ack_sent;
        let at_once = match self.options.quick_ack {
            Some(true) => true,
            Some(false) => false,
            None => ack.quick > 0 && !is_pingpong,
        };
        if at_once
            || (self.unacknowledged() > ack.rcv_mss()
                && self.right_edge(context) - self.rcv.nxt >= window)
        {
            self.ack_due = AckDue::Now;
            return;
        }
        let srtt = self.retransmission_timer.srtt();
        self.ack_due = match ack.deadline(context.now, self.ack_due, srtt, is_pingpong) {
            Some(at) => AckDue::By(at),
            None => AckDue::Now,
        };
    }

    /// Text comes that is the first behind a hole. What came in order before it, in the same burst, keeps an ACK of its own, if more than a
    /// segment: to that the peer sends more, before it hears of the loss. One ACK for both would have it lose the growth of its window
    /// and what it may send meanwhile (RFC 5681 3.1, 3.2, 4.2).
    pub(crate) fn keep_ack_before_hole(&mut self) {
        let unacknowledged = self.unacknowledged();
        let ack = &mut self.delayed_ack;
        if unacknowledged > ack.rcv_mss() && self.reassembly.is_empty() {
            ack.before_hole = ack.before_hole.or(Some(self.rcv.nxt));
        }
    }

    /// Sequence numbers received since the last ACK.
    fn unacknowledged(&self) -> u32 {
        self.rcv.nxt - self.rcv.last_ack_sent
    }

    /// Something with an ACK goes out, `texts` of it with text.
    #[inline]
    pub(crate) fn ack_sent(&mut self, context: &Context<'_>, texts: u32) {
        let was_due = std::mem::replace(&mut self.ack_due, AckDue::No) != AckDue::No;
        let ack = &mut self.delayed_ack;
        if was_due && ack.quick > 0 {
            ack.quick -= 1;
            if ack.quick == 0 {
                ack.ato = LEAST;
            }
        }
        (ack.pushed, ack.pushed_twice) = (false, false);
        let since = (context.now.as_millis() as u32).wrapping_sub(ack.received);
        if texts > 0 && since < ack.ato.into() {
            ack.pingpong = ack.pingpong.saturating_add(texts.min(u8::MAX.into()) as u8);
        }
    }

    /// The wait is over and nothing came to travel with: the next is longer, or the backend does not answer after all.
    pub(crate) fn delayed_ack_missed(&mut self, context: &Context<'_>) {
        let rto = self.retransmission_timer.rto().as_millis();
        let ack = &mut self.delayed_ack;
        if ack.is_pingpong(context.sysctls.tcp_pingpong_thresh) {
            ack.pingpong = 0;
            ack.ato = LEAST;
        } else {
            ack.ato = ack
                .ato
                .saturating_mul(2)
                .min(rto.min(u16::MAX.into()) as u16);
        }
    }

    /// The backend has read `count` bytes: whether that is a reason for an ACK (Linux's `tcp_cleanup_rbuf`).
    pub(crate) fn acknowledge_read(&mut self, context: &Context<'_>, count: usize) {
        if matches!(self.ack_due, AckDue::By(_)) {
            let ack = &self.delayed_ack;
            let threshold = context.sysctls.tcp_pingpong_thresh;
            let is_waited_for = ack.pushed_twice || (ack.pushed && !ack.is_pingpong(threshold));
            let is_drained = self.receive_queue.is_empty() && self.reassembly.is_empty();
            if self.unacknowledged() > ack.rcv_mss() || (count > 0 && is_waited_for && is_drained) {
                self.ack_due = AckDue::Now;
            }
        }
        if count > 0 && self.state.may_receive() {
            self.offer_freed_window(context);
        }
    }

    /// `TCP_QUICKACK`: quick ACK mode is entered, and an ACK that waits goes if all was read; or left (`on` false). As on Linux it lasts until the
    /// connection itself has reason for the other mode.
    pub fn set_quick_ack(&mut self, context: &Context<'_>, on: bool) {
        if on {
            self.delayed_ack.pingpong = 0;
            if matches!(self.ack_due, AckDue::By(_)) {
                self.delayed_ack.pushed = true;
                self.acknowledge_read(context, 1);
            }
        } else {
            self.delayed_ack
                .enter_pingpong(context.sysctls.tcp_pingpong_thresh);
        }
    }

    /// Whether it is in quick ACK mode, as `TCP_QUICKACK` tells.
    pub fn is_quick_ack(&self, pingpong_thresh: u8) -> bool {
        !self.delayed_ack.is_pingpong(pingpong_thresh)
    }
}
