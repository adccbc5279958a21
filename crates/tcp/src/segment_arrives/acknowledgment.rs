//! Fifth, check the ACK field (RFC 9293 3.10.7.4).

use crate::chronograph::Limit;
use crate::congestion::{ACK_TRAIN, AckSample};
use crate::connection::AckDue;
use crate::loss::{AckReport, TransmitTimer};
use crate::release::bound_to_half_window;
use crate::{CaState, Connection, Context, Disposition, Segment, SegmentHeader, State};
use periplus_journey::DropReason;
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
            if !(ack.after(self.snd.una) && ack.at_or_before(self.snd.nxt)) {
                return Some(Disposition::AnsweredByReset(SegmentHeader {
                    seq: ack,
                    ack: SeqNum::new(0),
                    flags: TcpFlags::RST,
                    wnd: 0,
                    options: TcpOptions::default(),
                    ecn: Ecn::NotEct,
                }));
            }
            self.state = State::Established;
            if self.close_queued {
                self.fin_follows(State::FinWait1);
            }
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
        let mut report = self.begin_report(segment);
        self.take_sack(context, segment, &mut report);
        self.note_echo(segment);
        if ack.after(self.snd.una) {
            self.new_acknowledgment(context, segment, &mut report);
        } else {
            self.old_acknowledgment(context, segment, &mut report);
        }
        self.update_window(context, segment, report.advanced);
        self.transmit_repair(context, report.repair);
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
        ack.at_or_before(self.snd.nxt) && ack.at_or_after(self.snd.una - oldest)
    }

    /// RFC 5681 2, the definition of a duplicate acknowledgment.
    fn is_duplicate(&self, segment: &Segment) -> bool {
        self.snd.una != self.snd.nxt
            && segment.is_empty()
            && u32::from(segment.wnd) << self.snd.wind_shift == self.snd.wnd
    }

    /// What this ACK tells is gathered in it.
    fn begin_report(&self, segment: &Segment) -> AckReport {
        let echoed = segment.options.timestamps.map(|echoed| echoed.echo_reply);
        AckReport {
            arrived: segment.time.arrived,
            min_rtt: self.retransmission_timer.min_rtt().unwrap_or_default(),
            echoed: self.timestamps.zip(echoed),
            high: self.recovery.high_seq(),
            highest_sacked: self.send_buffers.highest_sacked(),
            una: self.send_buffers.start(),
            ..AckReport::default()
        }
    }

    /// An ACK that acknowledges nothing new: it may SACK, or be a duplicate ACK.
    fn old_acknowledgment(
        &mut self,
        context: &mut Context<'_>,
        segment: &Segment,
        report: &mut AckReport,
    ) {
        if self.sack_permitted {
            self.counted_duplicate(report.sacked);
        } else if segment.ack == self.snd.una && self.is_duplicate(segment) {
            self.counted_duplicate(true);
            report.is_duplicate = true;
        }
        if self.recovery.state() == CaState::Open && !report.is_alarming() {
            if segment.is_empty() {
                self.note_probe_ack(context, self.send_buffers.start(), report, true);
            }
            return;
        }
        let has_progressed = self.measure_sacked(report);
        self.judge(context, segment, report);
        if has_progressed && !report.has_set_timer {
            self.set_transmit_timer(context);
        }
    }

    fn counted_duplicate(&mut self, is_one: bool) {
        if is_one {
            self.counted().dup_acks_in += 1;
        }
    }

    /// SACKed text that was sent once tells the round-trip time as well. Returns whether it was sent after the oldest that is out:
    /// only then may the timer begin anew, lest it be put off for as long as a recovery lasts (as on Linux).
    fn measure_sacked(&mut self, report: &AckReport) -> bool {
        let Some((oldest, newest)) = report.round_trips() else {
            return false;
        };
        let (una, nxt) = (self.snd.una, self.snd.nxt);
        let timer = &mut self.retransmission_timer;
        timer.acknowledged(una, nxt, report.arrived, Some((oldest, newest)), None);
        let first = self.send_buffers.oldest();
        first.is_some_and(|at| oldest > report.arrived.since(at))
    }

    fn new_acknowledgment(
        &mut self,
        context: &mut Context<'_>,
        segment: &Segment,
        report: &mut AckReport,
    ) {
        let ack = segment.ack;
        let acked = ack - self.snd.una;
        // The offset tells our SYN from the same number a time round the sequence space later.
        let syn = u32::from(self.una_offset == 0 && self.snd.una == self.snd.iss);
        let queued = self.send_queue.len() as u32;
        let text = (acked - syn).min(queued);
        let fin = acked - syn > queued;
        report.advanced = true;
        self.snd.una = ack;
        self.soft_error = None; // it arrives after all
        self.send_queue.acknowledge(text as usize, context.spare);
        self.una_offset += u64::from(text);
        self.send_buffers
            .acknowledge(self.una_offset + u64::from(fin), report);
        self.take_duplicates_off(report);
        report.delivered += syn;
        if self.send_queue.is_empty() {
            self.chronograph.turn(context.now, Limit::Idle);
        }
        self.measure_round_trip(segment, report.round_trips());
        self.unanswered.acknowledged();
        self.persisting = false;
        self.judge(context, segment, report);
        // RFC 6298 5.2 and 5.3.
        let all_acknowledged = self.snd.una == self.snd.nxt;
        if all_acknowledged {
            self.retransmit_at = None;
            self.transmit_timer = TransmitTimer::TimeOut;
        } else if !report.has_set_timer {
            self.set_transmit_timer(context);
        }
        self.journal_acknowledgment(context, segment, all_acknowledged);
        if fin {
            self.fin_acknowledged(context);
        }
    }

    /// SND.UNA moved, which ends the journeys of what lies before it.
    #[inline]
    pub(super) fn journal_acknowledgment(
        &mut self,
        context: &mut Context<'_>,
        segment: &Segment,
        all_acknowledged: bool,
    ) {
        if self.journal.is_none() {
            return;
        }
        let summary = self.summary();
        if let Some(journal) = &mut self.journal {
            let arrived = segment.time.arrived;
            journal.acknowledged(self.una_offset, arrived, summary, context.recorder);
            if all_acknowledged && self.receive_queue.is_empty() {
                journal.rest(!segment.payload.is_empty(), context.recorder);
            }
        }
    }

    /// The report is complete: what it means for the losses, and for the windows.
    fn judge(&mut self, context: &mut Context<'_>, segment: &Segment, report: &mut AckReport) {
        self.rack.update(report);
        self.note_reordering(context, report);
        self.activity.delivered = self.activity.delivered.wrapping_add(report.delivered);
        let is_duplicate = !report.advanced && segment.is_empty();
        self.note_probe_ack(context, self.send_buffers.start(), report, is_duplicate);
        if report.advanced {
            let rtt = report.round_trips().map(|(_, newest)| newest);
            self.tell_congestion_control(context, rtt);
        }
        report.repair = self.alert(context, report);
        self.adapt_window(report);
    }

    /// The round-trip time, as far as the segment's acknowledgment tells it.
    #[inline]
    pub(super) fn measure_round_trip(
        &mut self,
        segment: &Segment,
        round_trips: Option<(Duration, Duration)>,
    ) {
        let arrived = segment.time.arrived;
        let echoed = match (round_trips, self.timestamps, segment.options.timestamps) {
            (None, Some(clock), Some(echoed)) => clock.age(echoed.echo_reply, arrived),
            _ => None,
        };
        let (ack, nxt) = (segment.ack, self.snd.nxt);
        self.retransmission_timer
            .acknowledged(ack, nxt, arrived, round_trips, echoed);
    }

    /// What the congestion control makes of an ACK, which measured `rtt`.
    #[inline]
    pub(super) fn tell_congestion_control(&mut self, context: &Context<'_>, rtt: Option<Duration>) {
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
        let in_slow_start = self.congestion.is_in_slow_start();
        let limited = self
            .cwnd_validation
            .is_cwnd_limited(self.cwnd_segments(), in_slow_start);
        let ack = AckSample {
            now: context.now,
            una: self.snd.una,
            max: self.snd.nxt,
            rtt,
            burst: burst.unwrap_or_default(),
            paced: self.is_paced(context.sysctls),
            limited,
        };
        self.congestion.ack_arrives(&ack);
    }

    /// SND.WND by the rule that keeps old segments from changing it (RFC 9293 3.10.7.4, fifth). One that acknowledges something new is
    /// never old, though it may begin earlier: it fills a hole at this end. By the letter its window would be left out, and more be sent
    /// than the peer has ever offered; Linux and we take it (`tcp_may_update_window`).
    #[inline]
    pub(super) fn update_window(
        &mut self,
        context: &mut Context<'_>,
        segment: &Segment,
        advanced: bool,
    ) {
        let newer = advanced
            || self.snd.wl1.before(segment.seq)
            || (self.snd.wl1 == segment.seq && self.snd.wl2.at_or_before(segment.ack));
        // An ACK that another has overtaken says nothing of the window, whatever text came with it (SND.UNA =< SEG.ACK).
        if !newer || segment.ack.before(self.snd.una) {
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
            self.retransmit_at = (self.snd.una != self.snd.nxt)
                .then(|| context.now + self.retransmission_timer.rto());
        }
    }

    #[inline]
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
