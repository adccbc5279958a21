//! Tail loss probes (RFC 8985 7): where the last segments of a flight are lost no ACK tells of it. So one more segment is sent
//! after about two round trips: a new one, or the last one again. What the peer SACKs then shows the loss long before the
//! retransmission timer would.

use super::round_trip_time::MINIMUM_RTO;
use super::{AckReport, TransmitTimer};
use crate::{CaState, Connection, Context, Emit, RingFull};
use periplus_journey::Instant;
use std::time::Duration;

/// What a probe waits for beyond two round trips where several segments are out, whose ACKs are not delayed (Linux's
/// TCP_TIMEOUT_MIN).
const LEAST_WAIT: Duration = Duration::from_millis(2);

/// The probe of a flight's tail.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TailLossProbe {
    /// The probe is to be sent.
    due: bool,
    /// A probe was sent when everything up to this stream offset was (TLP.end_seq), and what came of it is not known.
    end: Option<u64>,
    /// It was the last segment again.
    is_copy: bool,
}

impl TailLossProbe {
    /// Whether a probe is to be sent.
    pub(crate) fn is_due(&self) -> bool {
        self.due
    }

    /// Whether nothing is known of a probe that was sent.
    pub(crate) fn is_idle(&self) -> bool {
        self.end.is_none()
    }

    /// Whether a copy is in the network that was sent as a probe.
    pub(super) fn is_copy_out(&self) -> bool {
        self.end.is_some() && self.is_copy
    }

    /// Whether something that ends at the stream offset `end` is what was sent again as a probe.
    pub(crate) fn was_copy_of(&self, end: u64) -> bool {
        self.is_copy && self.end == Some(end)
    }

    /// The window is being reduced: a loss that the probe repaired costs nothing more (Linux's `tcp_init_cwnd_reduction`).
    pub(crate) fn is_answered(&mut self) {
        self.end = None;
    }

    /// The retransmission timer expired, or there is nothing in flight: what was known of a probe means nothing any more.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Connection {
    /// Sets the timer for a probe of what is in flight, an ACK having come or something new been sent, if there may be one
    /// (RFC 8985 7.2). `rto_at` is when the retransmission timer would expire.
    pub(crate) fn arm_probe(&mut self, context: &Context<'_>, rto_at: Instant) -> bool {
        let packets_out = self.send_buffers.packets_out;
        let may_probe = matches!(context.sysctls.tcp_early_retrans, 3 | 4)
            && self.sack_permitted
            && packets_out > 0
            && self.tail_loss_probe.end.is_none()
            && matches!(self.recovery.state(), CaState::Open | CaState::Cwr);
        if !may_probe {
            return false;
        }
        let wait = match self.retransmission_timer.srtt() {
            None => super::INITIAL_RTO,
            // One segment's ACK may be delayed.
            Some(srtt) if packets_out <= 1 => 2 * srtt + MINIMUM_RTO,
            Some(srtt) => 2 * srtt + LEAST_WAIT,
        };
        self.transmit_timer = TransmitTimer::Probe;
        self.retransmit_at = Some(rto_at.min(context.now + wait));
        true
    }

    /// Something new was sent: a probe waits two round trips from here on, and a timer that is not set is.
    pub(crate) fn put_probe_off(&mut self, context: &Context<'_>) {
        let rto_at = self.time_out_of_oldest(context.now);
        if !self.arm_probe(context, rto_at) && self.retransmit_at.is_none() {
            self.restart_retransmission_timer(context);
        }
    }

    /// The timer expired that was set for a probe.
    pub(crate) fn probe_timeout(&mut self, context: &Context<'_>) {
        self.transmit_timer.expired();
        self.tail_loss_probe.due = true;
        // RFC 8985 7.3: the retransmission timer begins anew behind the probe.
        self.retransmit_at = Some(context.now + self.retransmission_timer.rto());
    }

    /// Sends the probe: one segment of new data, whatever the congestion window says, or else the last segment again.
    pub(crate) fn transmit_probe(
        &mut self,
        context: &mut Context<'_>,
        emit: &mut dyn Emit,
    ) -> Result<(), RingFull> {
        if !self.tail_loss_probe.due {
            return Ok(());
        }
        let sent = self.sent_to();
        if sent == self.send_buffers.start() || self.recovery.is_repairing() {
            self.tail_loss_probe.due = false;
            return Ok(());
        }
        let is_copy = self.send_buffers.released == sent && !self.release_probe(context);
        if is_copy {
            // Its end, if options have become longer since.
            let most = u64::from(self.current_segment_size());
            let last = self.send_buffers.last_segment(sent);
            let last = last.map(|start| start.max(sent.saturating_sub(most)));
            // A peer that has taken back its window may have no room for it, and a part of it would not be known again by its D-SACK:
            // the timer is set for the first one, which goes in any case.
            let fits = |&start: &u64| u64::from(self.offered_at(start)) >= sent - start;
            let Some(start) = last.filter(fits) else {
                self.tail_loss_probe.due = false;
                return Ok(());
            };
            self.transmit_again(context, emit, start, true)?;
        }
        self.tail_loss_probe = TailLossProbe {
            due: false,
            end: Some(self.send_buffers.released),
            is_copy,
        };
        context.counters.tcp_loss_probes += 1;
        Ok(())
    }

    /// Releases a segment of new data that the peer's window allows, and says whether there is one.
    fn release_probe(&mut self, context: &Context<'_>) -> bool {
        let window_end = self.una_offset + u64::from(self.snd.wnd);
        let size = self.current_segment_size();
        let at = self.send_buffers.released;
        let text = self.send_buffers.written().saturating_sub(at);
        let Some((buffer, _)) = self.send_buffers.next().filter(|_| text > 0) else {
            return false;
        };
        let length = (buffer.end - at).min(text).min(size.into()) as u32;
        if at + u64::from(length) > window_end {
            return false;
        }
        // The FIN goes with the last bytes.
        let fin = u32::from(self.send_buffers.fin && u64::from(length) == text);
        self.send_buffers
            .release(length + fin, 1, size, context.now);
        if length < size {
            self.send_buffers.small = self.send_buffers.released;
        }
        true
    }

    /// An ACK came while the outcome of a probe was open (RFC 8985 7.4). A loss that the probe repaired is one for the
    /// congestion control as well. `is_duplicate`: it says nothing new at all.
    pub(crate) fn note_probe_ack(
        &mut self,
        context: &mut Context<'_>,
        ack: u64,
        report: &AckReport,
        is_duplicate: bool,
    ) {
        let probe = self.tail_loss_probe;
        let Some(end) = probe.end.filter(|&end| ack >= end) else {
            return;
        };
        if !probe.is_copy || report.probe_came_twice {
            // New data, and all before it arrived; or the last segment and its copy both did.
            self.tail_loss_probe.end = None;
        } else if ack > end {
            self.tail_loss_probe.end = None;
            let _ = self.congestion.reduce();
            self.congestion.keep_reduction(); // the copy told that it was a loss
            self.congestion.is_reduced();
            self.ecn.queue_cwr();
            context.counters.tcp_loss_probe_recovery += 1;
        } else if is_duplicate && !report.sacked {
            self.tail_loss_probe.end = None; // the same without D-SACK
        }
    }
}
