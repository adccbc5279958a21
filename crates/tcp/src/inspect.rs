//! A connection, to be looked at: what its queues hold, and what it waits for.

use crate::connection::AckDue;
use crate::loss::TransmitTimer;
use crate::{Connection, State};
use periplus_journey::Instant;

/// What a connection holds, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueLengths {
    /// In order, not yet read by the backend.
    pub receive_queue: usize,
    /// Out of order.
    pub reassembly_queue: usize,
    /// The memory that both of these pin; the window closes where it reaches
    /// [`receive_limit`](crate::MemoryBudget::receive_limit).
    pub receive_memory: usize,
    /// Written by the backend, never yet sent.
    pub send_queue: usize,
    /// Sent, not yet acknowledged. [`send_limit`](crate::MemoryBudget::send_limit) bounds it together with the send queue.
    pub retransmit_queue: usize,
}

/// A timer of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// What is not acknowledged will be sent again (RFC 6298).
    Retransmission,
    /// What was only perhaps late will count as lost (RFC 8985 6.3).
    Reordering,
    /// The tail of what is not acknowledged will be probed (RFC 8985 7.2).
    TailLossProbe,
    /// The peer's closed window will be probed (RFC 9293 3.8.6.1).
    Persist,
    /// The peer will be asked whether it is there (RFC 9293 3.8.4).
    Keepalive,
    /// An ACK will no longer wait for data to travel with (RFC 9293 3.8.6.3).
    DelayedAck,
    /// An orphan will no longer wait for the peer's FIN.
    FinWait2,
    /// The connection will be forgotten.
    TimeWait,
}

impl Timer {
    /// Its name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Timer::Retransmission => "retransmission",
            Timer::Reordering => "reordering",
            Timer::TailLossProbe => "tail_loss_probe",
            Timer::Persist => "persist",
            Timer::Keepalive => "keepalive",
            Timer::DelayedAck => "delayed_ack",
            Timer::FinWait2 => "fin_wait_2",
            Timer::TimeWait => "time_wait",
        }
    }
}

impl Connection {
    /// What it holds now.
    pub fn queue_lengths(&self) -> QueueLengths {
        let queued = self.send_queue.len();
        // A SYN is no byte, and a FIN comes after all of them.
        let sent = match self.state {
            State::SynSent | State::SynReceived | State::Closed => 0,
            _ => (self.snd.nxt - self.snd.una) as usize,
        };
        let retransmit_queue = sent.min(queued);
        QueueLengths {
            receive_queue: self.receive_queue.len(),
            reassembly_queue: self.reassembly.len(),
            receive_memory: self.held(),
            send_queue: queued - retransmit_queue,
            retransmit_queue,
        }
    }

    /// The timer that expires next, and when.
    pub fn next_timer(&self) -> Option<(Timer, Instant)> {
        let resend = match self.transmit_timer {
            _ if self.persisting => Timer::Persist,
            TransmitTimer::TimeOut => Timer::Retransmission,
            TransmitTimer::Reordering => Timer::Reordering,
            TransmitTimer::Probe => Timer::TailLossProbe,
        };
        let state_ends = if self.state == State::TimeWait {
            Timer::TimeWait
        } else {
            Timer::FinWait2
        };
        let delayed_ack = match self.ack_due {
            AckDue::By(at) => Some(at),
            _ => None,
        };
        [
            (resend, self.retransmit_at),
            (state_ends, self.state_ends_at),
            (Timer::DelayedAck, delayed_ack),
            (Timer::Keepalive, self.keepalive.at),
        ]
        .into_iter()
        .filter_map(|(timer, at)| Some((timer, at?)))
        .min_by_key(|&(_, at)| at)
    }
}
