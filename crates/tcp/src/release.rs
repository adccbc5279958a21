//! What of the send queue may go now, and in which pieces: Linux's `tcp_write_xmit`.
//!
//! Bytes are *released* here, by what the windows, Nagle's algorithm and the wait for a longer super-frame allow at the moment of
//! a write, an ACK or a time-out; they are sent when the ring has room ([`transmit`](Connection::transmit)), as Linux's queueing
//! discipline would. Where Linux departs from RFC 9293 3.8.6.2.1 (a rest of the window that is smaller than a segment is used
//! together with full segments before it), we side with Linux: the peer sees the same packets.

use crate::chronograph::Limit;
use crate::loss::INITIAL_RTO;
use crate::{Connection, Context, SocketOptions, State, Sysctls};
use std::time::Duration;

/// What holds small segments back (RFC 9293 3.7.4), or does not: the bits of Linux's `nonagle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nagle {
    /// A small segment waits while another is out (Minshall's modification: draft-minshall-nagle).
    On,
    /// It does not wait (`TCP_NODELAY`).
    Off,
    /// It waits for more in any case (`TCP_CORK`, `MSG_MORE`).
    Cork,
    /// Everything goes: no more can be appended, or the writer waits.
    Push,
}

/// The longest super-frame, in payload bytes: Linux's 65,536 less the headers.
const LONGEST: u32 = 65_536 - 321;
/// What a peer takes that says nothing (RFC 9293 3.7.1).
const DEFAULT_MSS: u32 = 536;
/// A super-frame waits for more only within this time of the last one.
const RECENTLY: Duration = Duration::from_millis(1);

/// The congestion window is given back no slower than by halves of this.
const MOST_IDLE: Duration = INITIAL_RTO.saturating_mul(120);

/// At most half of the largest window, lest the peer has to wait for the second half of what it has no room for.
pub(crate) fn bound_to_half_window(length: u32, max_wnd: u32) -> u32 {
    let cutoff = if max_wnd > DEFAULT_MSS {
        max_wnd / 2
    } else {
        max_wnd
    };
    if cutoff > 0 && length > cutoff {
        cutoff.max(68 - 20)
    } else {
        length
    }
}

impl Connection {
    /// By what the options say.
    pub(crate) fn nagle(&self) -> Nagle {
        if self.send_buffers.push_now {
            Nagle::Push
        } else {
            self.nagle_by_options()
        }
    }

    /// The same for a new buffer: that everything goes was meant for those before it.
    #[inline]
    pub(crate) fn nagle_by_options(&self) -> Nagle {
        if self.options.cork {
            Nagle::Cork
        } else if self.options.no_delay {
            Nagle::Off
        } else {
            Nagle::On
        }
    }

    /// The options were `before`: where they let more out now, all that waits goes, once.
    pub(crate) fn note_nagle(&mut self, before: &SocketOptions) {
        let now = &self.options;
        let no_delay = now.no_delay && !before.no_delay;
        let uncorked = before.cork && !now.cork;
        if no_delay || (uncorked && now.no_delay) {
            self.send_buffers.push_now = true;
        }
        if no_delay || uncorked {
            self.note_opportunity();
        }
    }

    /// Bytes that a buffer of the send queue is filled up to.
    pub(crate) fn size_goal(&self) -> u32 {
        let mss = self.current_segment_size();
        let goal = bound_to_half_window(LONGEST, self.snd.max_wnd);
        (goal / mss * mss).max(mss)
    }

    /// The congestion window in segments.
    pub(crate) fn cwnd_segments(&self) -> u32 {
        self.congestion.cwnd() / self.largest_segment.max(1)
    }

    /// Segments in flight.
    pub(crate) fn packets_in_flight(&self) -> u32 {
        self.send_buffers.packets_in_flight()
    }

    /// The stream offset of SND.NXT. The FIN has the place after the last byte.
    pub(crate) fn sent_to(&self) -> u64 {
        self.send_buffers.start() + u64::from(self.snd.nxt - self.snd.una)
    }

    /// Whether bytes, or the FIN after them, wait for their release.
    pub(crate) fn has_unreleased(&self) -> bool {
        self.send_buffers.end() > self.send_buffers.released
    }

    /// Whether there are bytes, or a FIN, that the peer has not acknowledged, sent or not.
    pub(crate) fn is_to_be_acknowledged(&self) -> bool {
        self.state != State::Closed
            && (!self.send_queue.is_empty() || self.state.is_fin_queued() && !self.fin_acknowledged)
    }

    /// Something came that may let more out, or make room for a writer.
    #[inline]
    pub(crate) fn note_opportunity(&mut self) {
        if self.has_unreleased() || self.wants.writable {
            self.send_buffers.push_due = true;
        }
    }

    /// Whether the peer's window has room for the segment that would go next, or for the FIN.
    pub(crate) fn has_room_for_next(&self) -> bool {
        let window_end = self.una_offset + u64::from(self.snd.wnd);
        let at = self.send_buffers.released;
        let next = self.send_buffers.next();
        let length = next.map_or(1, |(buffer, _)| {
            (buffer.end - at).min(self.current_segment_size().into())
        });
        at + length <= window_end
    }

    /// Releases what may go. Where nothing is out and nothing may go, nothing would bring an ACK either: the persist timer
    /// has to (RFC 9293 3.8.6.1).
    pub(crate) fn push(&mut self, context: &Context<'_>, nagle: Nagle) {
        // Before the handshake is over the SYN's timer is enough, and has nothing to do with a window.
        if !self.has_unreleased() || !self.state.is_synchronized() {
            return;
        }
        let paced = self.release_text(context, nagle, false);
        if self.has_unreleased() {
            self.note_blocked(context, paced);
        }
    }

    /// Releases what may go; only one super-frame, if `one`. Returns whether more might go if its time had come.
    pub(crate) fn release_text(&mut self, context: &Context<'_>, nagle: Nagle, one: bool) -> bool {
        if matches!(
            self.state,
            State::Closed | State::SynSent | State::SynReceived
        ) {
            return false;
        }
        let mss = self.current_segment_size();
        let cwnd = self.cwnd_segments();
        let window_end = self.una_offset + u64::from(self.snd.wnd);
        let nagle_at_the_end = if self.state.is_fin_queued() {
            Nagle::Push // no more will be appended
        } else {
            nagle
        };
        let mut most = None;
        let (mut released, mut cwnd_limited, mut paced) = (0, false, false);
        let (was_idle, latest) = (self.packets_in_flight() == 0, self.send_buffers.latest);
        while let Some((buffer, is_last)) = self.send_buffers.next() {
            let at = self.send_buffers.released;
            let text = self.send_buffers.written().saturating_sub(at);
            let length = (buffer.end - at).min(text) as u32;
            if length == 0 {
                break; // the FIN alone
            }
            let in_flight = self.packets_in_flight();
            let usable = window_end.saturating_sub(at).min(u64::from(u32::MAX)) as u32;
            if in_flight >= cwnd || length.min(mss) > usable {
                break;
            }
            let nagle = if is_last {
                nagle_at_the_end
            } else {
                Nagle::Push
            };
            let allowed = if length <= mss {
                if length < mss && self.holds_back(nagle) {
                    break;
                }
                length
            } else {
                let most = *most.get_or_insert_with(|| self.most_segments(context.sysctls, mss));
                let room = SendRoom {
                    usable,
                    congestion: (cwnd - in_flight) * mss,
                    length,
                    is_last,
                };
                if !one && self.should_wait_for_more(context, room, most, &mut cwnd_limited) {
                    break;
                }
                // At least two super-frames a window, so that the ACK of one keeps the other going.
                let quota = (cwnd / 2).max(1).min(cwnd - in_flight);
                self.split_point(room, mss * quota.min(most), mss, nagle)
            };
            if self.text_is_early(context.now) {
                paced = true;
                break;
            }
            let segments = allowed.div_ceil(mss);
            let ends = self.send_buffers.fin && u64::from(allowed) == text;
            let fin = u32::from(ends && allowed < usable);
            self.send_buffers
                .release(allowed + fin, segments, mss, context.now);
            self.text_departs(context, allowed);
            if allowed < segments * mss {
                self.send_buffers.small = self.send_buffers.released;
            }
            released += segments;
            if one {
                break;
            }
        }
        if self.send_buffers.unreleased() == 0 && self.has_unreleased() {
            // The congestion window is not asked for the FIN alone.
            let waits_for_ring = self.sent_to() < self.send_buffers.released;
            if self.send_buffers.released < window_end {
                if waits_for_ring {
                    self.send_buffers.release_fin_with_last();
                } else {
                    self.send_buffers.release(1, 1, mss, context.now);
                    released += 1;
                }
            }
        }
        cwnd_limited |= self.packets_in_flight() >= cwnd;
        self.recovery.sent(released);
        if released > 0
            && was_idle
            && let Some(latest) = latest
        {
            self.congestion.resumed(latest, context.now);
        }
        if released > 0 || cwnd_limited {
            let buffers = &self.send_buffers;
            self.cwnd_validation.note(
                cwnd_limited,
                buffers.packets_out,
                self.una_offset,
                buffers.released,
            );
        }
        paced
    }

    /// Nagle's algorithm as Minshall modified it: a small segment waits only for another small one.
    #[inline]
    pub(crate) fn holds_back(&self, nagle: Nagle) -> bool {
        match nagle {
            Nagle::Cork => true,
            Nagle::Push | Nagle::Off => false,
            Nagle::On => {
                self.send_buffers.packets_out > 0 && self.send_buffers.small > self.una_offset
            }
        }
    }

    /// Where the next buffer is cut that has more than a segment.
    fn split_point(&self, room: SendRoom, most: u32, mss: u32, nagle: Nagle) -> u32 {
        if most <= room.usable && !room.is_last {
            return most.min(room.length);
        }
        let needed = room.length.min(room.usable);
        if most <= needed {
            return most;
        }
        let partial = needed % mss;
        if partial > 0 && self.holds_back(nagle) {
            needed - partial
        } else {
            needed
        }
    }

    /// Segments of a super-frame: as many as the pace makes in a millisecond, and more where the path is short, for there bursts
    /// are soon over.
    fn most_segments(&self, sysctls: &Sysctls, mss: u32) -> u32 {
        let mut bytes = self
            .pacing_rate(sysctls)
            .map_or(LONGEST.into(), |rate| rate >> 10);
        if let Some(min_rtt) = self.retransmission_timer.min_rtt() {
            let doublings = min_rtt.as_micros() >> sysctls.tcp_tso_rtt_log.min(31);
            if doublings < 32 {
                bytes += u64::from(LONGEST) >> doublings;
            }
        }
        let segments = bytes.min(LONGEST.into()) as u32 / mss;
        segments.max(sysctls.tcp_min_tso_segs).max(1)
    }

    /// Whether a super-frame had better wait for the next ACK, to be longer then.
    fn should_wait_for_more(
        &self,
        context: &Context<'_>,
        room: SendRoom,
        most: u32,
        cwnd_limited: &mut bool,
    ) -> bool {
        let now = context.now;
        if self.recovery.is_repairing()
            || self
                .send_buffers
                .latest
                .is_none_or(|at| now.since(at) > RECENTLY)
        {
            return false;
        }
        let limit = room.usable.min(room.congestion);
        let mss = self.current_segment_size();
        if limit >= most.saturating_mul(mss) || (!room.is_last && limit >= room.length) {
            return false;
        }
        let window = self.snd.wnd.min(self.congestion.cwnd());
        let enough = match context.sysctls.tcp_tso_win_divisor {
            0 => limit > 3 * mss,
            divisor => limit >= window / divisor,
        };
        if enough {
            return false;
        }
        let Some(oldest) = self.send_buffers.containing(self.una_offset) else {
            return false;
        };
        let half_rtt = self.retransmission_timer.srtt().unwrap_or_default() / 2;
        if self.send_buffers.packets_out == 0 || now.since(oldest.at) < half_rtt {
            return false; // the next ACK would come too late
        }
        if room.congestion < room.usable {
            if room.congestion <= room.length {
                *cwnd_limited = true;
                return true;
            }
        } else if room.usable <= room.length {
            return true;
        }
        !self.state.is_fin_queued()
    }

    /// What is released when a window stays closed is up to the peer; what the cork or the silly window holds goes when the
    /// persist timer expires (Linux's `tcp_write_wakeup`). Returns whether something goes.
    pub(crate) fn release_held_back(&mut self, context: &Context<'_>) -> bool {
        let window_end = self.una_offset + u64::from(self.snd.wnd);
        let at = self.send_buffers.released;
        let text = self.send_buffers.written().saturating_sub(at);
        let next = self.send_buffers.next();
        let Some((buffer, _)) = next.filter(|_| at < window_end && text > 0) else {
            return false;
        };
        let size = self.current_segment_size();
        let usable = (window_end - at).min(size.into()).min(text);
        let length = (buffer.end - at).min(usable);
        let fin = u64::from(self.send_buffers.fin && length == text && at + length < window_end);
        let length = (length + fin) as u32;
        self.send_buffers.release(length, 1, size, context.now);
        self.send_buffers.push_released();
        true
    }

    /// Data waits and may not go: whose fault it is, and how it goes on. If it is `paced` it waits for nobody but us.
    fn note_blocked(&mut self, context: &Context<'_>, paced: bool) {
        let unsent = self.send_buffers.unreleased();
        if unsent > 0 {
            let sent = (self.send_buffers.released - self.una_offset) as u32;
            let room = u64::from(self.snd.wnd.saturating_sub(sent));
            let least = unsent.min(self.segment_size.into());
            let by_window = room < least && self.snd.wnd < self.congestion.cwnd();
            let limit = if by_window {
                Limit::ReceiveWindow
            } else {
                Limit::Busy
            };
            self.chronograph.turn(context.now, limit);
        }
        if let Some(journal) = &mut self.journal {
            if paced {
                journal.unblocked(context.now);
            } else {
                journal.blocked(context.now);
            }
        }
        let nothing_out = self.snd.una == self.snd.nxt
            && self.send_buffers.released == self.una_offset
            && !self.send_buffers.is_fin_released();
        if nothing_out && !paced && !self.persisting {
            self.persisting = true;
            self.retransmit_at = Some(context.now + self.retransmission_timer.rto());
        }
    }

    /// A new buffer begins after a time without a word: the window was measured for a path that may be another now (RFC 5681
    /// 4.1; Linux's `tcp_slow_start_after_idle`).
    pub(crate) fn restart_after_idle(&mut self, context: &Context<'_>) {
        if !context.sysctls.tcp_slow_start_after_idle || self.send_buffers.packets_out > 0 {
            return;
        }
        let Some(last) = self.send_buffers.latest else {
            return;
        };
        let rto = self.retransmission_timer.rto().min(MOST_IDLE);
        let idle = context.now.since(last);
        if idle > rto {
            let halvings = (idle.as_nanos() - 1) / rto.as_nanos().max(1);
            self.congestion.restart(halvings.min(31) as u32);
        }
    }
}

/// The room for the next buffer, and it.
#[derive(Clone, Copy, Debug)]
struct SendRoom {
    /// Bytes that the peer's window has room for.
    usable: u32,
    /// Bytes that the congestion window has room for.
    congestion: u32,
    /// Bytes of the buffer.
    length: u32,
    /// More may still be written to it.
    is_last: bool,
}
