//! Fifth, check the ACK field (RFC 9293 3.10.7.4).

use crate::chronograph::Limit;
use crate::congestion::{ACK_TRAIN, AckSample};
use crate::connection::AckDue;
use crate::loss::{AckVerdict, SackedAck};
use crate::release::bound_to_half_window;
use crate::{Connection, Context, Disposition, Segment, SegmentHeader, State};
use periplus_journey::{DropReason, Instant};
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};
use std::time::Duration;

impl Connection {
    /// Returns the segment's fate where the ACK field decides it, `None` where processing goes on.
    pub(super) fn check_acknowledgment(
        &mut self,
        context: &mut Context<'_>,
        segment: &Segment,
    ) -> Option<Disposition> {
        let ack = segment.ack;
        if self.state == State::SynReceived {
            if !(ack.after(self.snd.una) && ack.at_or_before(self.snd.max)) {
                return Some(Disposition::AnsweredByReset(SegmentHeader {
                    seq: ack,
                    ack: SeqNum::new(0),
                    flags: TcpFlags::RST,
                    wnd: 0,
                    options: TcpOptions::default(),
                    ecn: Ecn::NotEct,
                }));
            }
            self.state = if self.close_queued {
                State::FinWait1
            } else {
                State::Established
            };
            self.snd.wl1 = segment.seq;
            self.snd.wl2 = ack;
            self.set_window(segment);
            self.retransmission_timer.established();
            self.start_keepalive(context);
            self.wake_writer();
        }
        if !self.is_believable(ack) {
            self.challenge(context);
            return Some(Disposition::Dropped(DropReason::TcpInvalidAckSequence));
        }
        let probed = self.unanswered.heard();
        self.keepalive.heard(context.now);
        self.activity.ack_received(context.now);
        let sacked = self.take_sack(context, segment);
        self.note_echo(segment);
        if ack.after(self.snd.una) {
            self.new_acknowledgment(context, segment, sacked);
        } else if self.sack_permitted {
            if sacked > 0 {
                self.counted().dup_acks_in += 1;
                self.note_sacked(context, 0, sacked);
            } else if segment.is_empty() {
                self.note_probe_ack(context, ack, true);
            }
        } else if ack == self.snd.una && self.is_duplicate(segment) {
            self.counted().dup_acks_in += 1;
            let verdict =
                self.recovery
                    .duplicate_ack(self.snd.una, self.snd.max, &mut self.congestion);
            if verdict == AckVerdict::RetransmitFirst {
                context.counters.tcp_reno_recovery += 1;
                self.ecn.queue_cwr();
            }
            self.heed(context, verdict);
        }
        self.update_window(context, segment);
        if self.persisting && probed {
            // The wait for the next probe begins with the answer to the last one, as on Linux. Other ACKs do not put it off, or
            // a peer could keep an orphan for ever.
            let rto = self.retransmission_timer.rto();
            self.retransmit_at = Some(self.not_after_user_timeout(rto, context));
        }
        None
    }

    /// RFC 5961 5: an ACK for what was never sent, or older than the largest window, is a stranger's guess; so is one for what
    /// lies before our SYN, as on Linux.
    pub(super) fn is_believable(&self, ack: SeqNum) -> bool {
        let ever_acknowledged = self.una_offset.saturating_add(1);
        let oldest = u64::from(self.snd.max_wnd).min(ever_acknowledged) as u32;
        ack.at_or_before(self.snd.max) && ack.at_or_after(self.snd.una - oldest)
    }

    /// RFC 5681 2, the definition of a duplicate acknowledgment.
    fn is_duplicate(&self, segment: &Segment) -> bool {
        self.snd.una != self.snd.max
            && segment.is_empty()
            && u32::from(segment.wnd) << self.snd.wind_shift == self.snd.wnd
    }

    fn new_acknowledgment(&mut self, context: &mut Context<'_>, segment: &Segment, sacked: u32) {
        let ack = segment.ack;
        let acked = ack - self.snd.una;
        // The offset tells our SYN from the same number a time round the sequence space later.
        let syn = u32::from(self.una_offset == 0 && self.snd.una == self.snd.iss);
        let queued = self.send_queue.len() as u32;
        let text = (acked - syn).min(queued);
        let fin = acked - syn > queued;
        self.snd.una = ack;
        self.soft_error = None; // it arrives after all
        self.snd.nxt = self.snd.nxt.max(ack);
        self.send_queue.acknowledge(text as usize);
        self.una_offset += u64::from(text);
        let packets_out = self.send_buffers.packets_out;
        let let_out = self
            .send_buffers
            .acknowledge(self.una_offset, self.segment_size)
            .filter(|_| text > 0);
        let arrived = packets_out.saturating_sub(self.send_buffers.packets_out);
        self.activity.delivered += arrived + syn + u32::from(fin && text == 0);
        if self.send_queue.is_empty() {
            self.chronograph.turn(context.now, Limit::Idle);
        }
        self.measure_round_trip(segment, let_out.as_ref().map(|times| *times.start()));
        self.unanswered.acknowledged();
        self.persisting = false;
        let newest = let_out.map(|times| *times.end());
        if self.shows_spurious_repair(segment) {
            self.undo_reduction(context, ack - acked);
        }
        self.tell_congestion_control(context, segment, newest);
        if self.sack_permitted {
            self.note_sacked(context, acked, sacked);
        } else {
            let flight_size = self.snd.flight_size();
            let congestion = &mut self.congestion;
            let verdict = self.recovery.new_ack(ack, acked, flight_size, congestion);
            self.follow_reduction(acked, true);
            self.heed(context, verdict);
        }
        self.recovery.repair_ended(&mut self.congestion);
        // RFC 6298 5.2 and 5.3.
        let all_acknowledged = self.snd.una == self.snd.max;
        let wait = self.wait_for_reneged();
        self.note_probe_ack(context, ack, false);
        self.retransmit_at = None;
        if all_acknowledged {
            self.tail_loss_probe.disarm();
        } else if let Some(wait) = wait {
            self.tail_loss_probe.disarm();
            self.retransmit_at = Some(context.now + wait);
        } else {
            self.arm_probe_or(context, context.now + self.retransmission_timer.rto());
        }
        let summary = self.summary();
        if let Some(journal) = &mut self.journal {
            journal.acknowledged(
                self.una_offset,
                segment.time.arrived,
                summary,
                context.recorder,
            );
            if all_acknowledged && self.receive_queue.is_empty() {
                journal.rest();
            }
        }
        if fin {
            self.fin_acknowledged(context);
        }
    }

    /// The round-trip time, as far as the segment's acknowledgment tells it.
    pub(super) fn measure_round_trip(&mut self, segment: &Segment, oldest: Option<Instant>) {
        let arrived = segment.time.arrived;
        let echo_reply = segment.options.timestamps.map(|echoed| echoed.echo_reply);
        let echoed = self
            .timestamps
            .zip(echo_reply)
            .and_then(|(clock, echo_reply)| clock.age(echo_reply, arrived));
        self.retransmission_timer
            .acknowledged(segment.ack, self.snd.max, arrived, oldest, echoed);
    }

    /// What the congestion control makes of an ACK; the newest of what it acknowledges was let out at `newest`.
    fn tell_congestion_control(
        &mut self,
        context: &Context<'_>,
        segment: &Segment,
        newest: Option<Instant>,
    ) {
        /// What Linux takes for the length of a burst: four super-frames, and no more than this.
        const BURST: u64 = 4 * 65_536;
        const LONGEST_BURST: Duration = Duration::from_millis(1);
        // Asked with every ACK: two divisions, for who looks at trains of them.
        let looks_at_trains = context.sysctls.hystart_detect & ACK_TRAIN != 0;
        let rate = looks_at_trains.then(|| self.pacing_rate(context.sysctls));
        let burst = rate.flatten().map(|rate| {
            let nanoseconds = BURST * 1_000_000_000 / rate.max(1);
            Duration::from_nanos(nanoseconds).min(LONGEST_BURST)
        });
        let arrived = segment.time.arrived;
        let ack = AckSample {
            now: context.now,
            una: self.snd.una,
            max: self.snd.max,
            rtt: newest.and_then(|at| self.retransmission_timer.round_trip(at, arrived)),
            burst: burst.unwrap_or_default(),
            paced: self.is_paced(context.sysctls),
        };
        let in_slow_start = self.congestion.is_in_slow_start();
        let limited = self
            .cwnd_validation
            .is_cwnd_limited(self.cwnd_segments(), in_slow_start);
        self.congestion.ack_arrives(&ack, limited);
    }

    /// An ACK of a peer with SACK acknowledged and SACKed so many bytes.
    fn note_sacked(&mut self, context: &mut Context<'_>, acked: u32, sacked: u32) {
        let una = self.snd.una;
        let ack = SackedAck {
            una,
            max: self.snd.max,
            acked,
            sacked,
            known: self
                .recovery
                .scoreboard_acknowledged(una - acked, una, self.segment_size),
            smss: self.segment_size,
        };
        let segments = |bytes: u32| bytes.div_ceil(ack.smss);
        self.activity.delivered =
            (self.activity.delivered + segments(sacked)).saturating_sub(segments(ack.known));
        let verdict = self.recovery.sacked_ack(ack, &mut self.congestion);
        self.follow_reduction(acked - ack.known + sacked, acked > 0);
        if verdict == AckVerdict::RetransmitFirst {
            context.counters.tcp_sack_recovery += 1;
            self.ecn.queue_cwr();
        }
        self.heed(context, verdict);
    }

    fn heed(&mut self, context: &mut Context<'_>, verdict: AckVerdict) {
        if verdict == AckVerdict::RetransmitFirst {
            self.retransmit_first = true;
            self.recovery.repair_began(context.now);
            self.tail_loss_probe.is_answered();
            self.counted().tcp_fast_retrans += 1;
            context.counters.tcp_fast_retrans += 1;
        }
    }

    /// SND.WND by the rule that keeps old segments from changing it (RFC 9293 3.10.7.4, fifth).
    fn update_window(&mut self, context: &mut Context<'_>, segment: &Segment) {
        let newer = self.snd.wl1.before(segment.seq)
            || (self.snd.wl1 == segment.seq && self.snd.wl2.at_or_before(segment.ack));
        if !newer {
            return;
        }
        self.snd.wl1 = segment.seq;
        self.snd.wl2 = segment.ack;
        let before = self.snd.wnd;
        self.set_window(segment);
        // Only for room that is used: a peer could put the timer off for ever by a window that flutters (`tcp_ack_probe`).
        if self.snd.wnd > before && self.persisting && self.has_room_for_next() {
            self.persisting = false;
            self.retransmission_timer.starts_anew();
            self.unanswered.acknowledged();
            self.retransmit_at = (self.snd.una != self.snd.max)
                .then(|| context.now + self.retransmission_timer.rto());
        }
    }

    pub(crate) fn set_window(&mut self, segment: &Segment) {
        self.snd.wnd = u32::from(segment.wnd) << self.snd.wind_shift;
        if self.snd.wnd > self.snd.max_wnd {
            self.snd.max_wnd = self.snd.wnd;
            self.segment_size = bound_to_half_window(self.largest_segment, self.snd.max_wnd);
        }
    }

    /// TIME-WAIT, from where the last ACK can be repeated (RFC 9293 3.6.1). 2 MSL are a minute, as on Linux.
    pub(crate) fn enter_time_wait(&mut self, context: &mut Context<'_>) {
        self.state = State::TimeWait;
        self.retransmit_at = None;
        self.keepalive.stop();
        self.state_ends_at = Some(context.now + crate::time_wait::TIME_WAIT_LENGTH);
        self.end_journal(context, periplus_journey::Outcome::Closed, None);
    }

    /// Owes an ACK at once.
    pub(super) fn acknowledge_now(&mut self) {
        self.ack_due = AckDue::Now;
    }
}
