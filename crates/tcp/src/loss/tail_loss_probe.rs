//! Tail loss probes (RFC 8985 7): where the last segments of a flight are lost no ACK tells of it. So one more segment is sent
//! after about two round trips: a new one, or the last one again. What the peer SACKs then shows the loss long before the
//! retransmission timer would.

use super::round_trip_time::MINIMUM_RTO;
use crate::{CaState, Connection, Context, Emit, RingFull, State};
use periplus_journey::Instant;
use periplus_wire::SeqNum;
use std::time::Duration;

/// What a probe waits for beyond two round trips where several segments are out, whose ACKs are not delayed (Linux's
/// TCP_TIMEOUT_MIN).
const LEAST_WAIT: Duration = Duration::from_millis(2);

/// The probe of a flight's tail.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TailLossProbe {
    /// The timer is set for a probe, and not for a time-out. When that would be: then.
    rto_at: Option<Instant>,
    /// The probe is to be sent.
    due: bool,
    /// A probe was sent when everything up to here was (TLP.end_seq), and what came of it is not known.
    end: Option<SeqNum>,
    /// It was the last segment again.
    is_copy: bool,
}

impl TailLossProbe {
    /// Whether the timer is set for a probe.
    pub(crate) fn is_armed(&self) -> bool {
        self.rto_at.is_some()
    }

    /// Whether a probe is to be sent.
    pub(crate) fn is_due(&self) -> bool {
        self.due
    }

    /// There is nothing to probe for, or something else to wait for.
    pub(crate) fn disarm(&mut self) {
        self.rto_at = None;
        self.due = false;
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
    /// Sets the timer for what is in flight, an ACK having come or something new been sent: for a probe, if there may be one
    /// (RFC 8985 7.2). `rto_at` is when the retransmission timer would expire.
    pub(crate) fn arm_probe_or(&mut self, context: &Context<'_>, rto_at: Instant) {
        let may_probe = context.sysctls.tcp_early_retrans >= 3
            && self.sack_permitted
            && self.tail_loss_probe.end.is_none()
            && !matches!(self.state, State::SynSent | State::SynReceived)
            && self.snd.nxt == self.snd.max
            && matches!(self.recovery.ca_state(), CaState::Open | CaState::Cwr);
        if !may_probe {
            self.tail_loss_probe.rto_at = None;
            self.retransmit_at = Some(rto_at);
            return;
        }
        let wait = match self.retransmission_timer.srtt() {
            None => super::INITIAL_RTO,
            // One segment's ACK may be delayed.
            Some(srtt) if self.packets_in_flight() <= 1 => 2 * srtt + MINIMUM_RTO,
            Some(srtt) => 2 * srtt + LEAST_WAIT,
        };
        self.tail_loss_probe.rto_at = Some(rto_at);
        self.retransmit_at = Some(rto_at.min(context.now + wait));
    }

    /// Something new was sent: a probe waits two round trips from here on.
    pub(crate) fn put_probe_off(&mut self, context: &Context<'_>) {
        if let Some(rto_at) = self.tail_loss_probe.rto_at {
            self.arm_probe_or(context, rto_at);
        }
    }

    /// The timer expired that was set for a probe.
    pub(crate) fn probe_timeout(&mut self, context: &Context<'_>) {
        self.tail_loss_probe.rto_at = None;
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
        if self.snd.una == self.snd.max || self.snd.nxt != self.snd.max {
            self.tail_loss_probe.due = false;
            return Ok(());
        }
        let released = self.release_probe(context);
        let end = self.snd.max;
        if released == 0 {
            let start = self.snd.una + self.last_segment();
            self.transmit_again(context, emit, start..end)?;
        }
        let probe = &mut self.tail_loss_probe;
        probe.due = false;
        probe.end = Some(end + released);
        probe.is_copy = released == 0;
        context.counters.tcp_loss_probes += 1;
        Ok(())
    }

    /// Where the last segment in flight begins, after SND.UNA.
    fn last_segment(&self) -> u32 {
        let size = u64::from(self.current_segment_size());
        let mut start = self.una_offset;
        let end = start + u64::from(self.text_in_flight());
        while start < end
            && let Some(buffer) = self.send_buffers.containing(start)
        {
            let sent = buffer.end.min(end);
            if sent == end {
                start += (sent - start - 1) / size * size;
                break;
            }
            start = sent;
        }
        (start - self.una_offset) as u32
    }

    /// Releases a segment of new data that the peer's window allows, and says how long it is.
    fn release_probe(&mut self, context: &Context<'_>) -> u32 {
        let window_end = self.una_offset + u64::from(self.snd.wnd);
        let size = self.current_segment_size();
        let Some((buffer, _)) = self.send_buffers.next() else {
            return 0;
        };
        let at = self.send_buffers.released;
        let length = ((buffer.end - at) as u32).min(size);
        if at + u64::from(length) > window_end {
            return 0;
        }
        self.send_buffers.release(length, 1, context.now);
        if length < size {
            self.send_buffers.small = self.send_buffers.released;
        }
        length
    }

    /// An ACK came while the outcome of a probe was open (RFC 8985 7.4). A loss that the probe repaired is one for the
    /// congestion control as well. `is_duplicate`: it says nothing new at all.
    pub(crate) fn note_probe_ack(
        &mut self,
        context: &mut Context<'_>,
        ack: SeqNum,
        is_duplicate: bool,
    ) {
        let probe = self.tail_loss_probe;
        let Some(end) = probe.end.filter(|&end| ack.at_or_after(end)) else {
            return;
        };
        if !probe.is_copy {
            self.tail_loss_probe.end = None; // new data, and all before it arrived
        } else if ack.after(end) {
            self.tail_loss_probe.end = None;
            let _ = self.congestion.reduce();
            self.congestion.keep_reduction(); // the copy told that it was a loss
            self.congestion.is_reduced();
            context.counters.tcp_loss_probe_recovery += 1;
        } else if is_duplicate {
            self.tail_loss_probe.end = None; // the last segment and its copy both arrived
        }
    }
}
