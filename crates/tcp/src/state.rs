//! The states of RFC 9293, section 3.3.2, that have a connection.

/// A connection's state (RFC 9293 3.3.2). LISTEN is a [listener](crate::listen), CLOSED is no connection at all; a passive
/// SYN-RECEIVED is a [`HalfOpen`](crate::listen::HalfOpen) record and an unattended TIME-WAIT a
/// [`TimeWait`](crate::TimeWait) record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// We sent a SYN.
    SynSent,
    /// Both sent a SYN at once (RFC 9293 3.5, figure 7): ours is not acknowledged yet.
    SynReceived,
    /// Data flows both ways.
    Established,
    /// We sent FIN, or will after the queued data; it is not acknowledged.
    FinWait1,
    /// Our FIN is acknowledged; the peer still sends.
    FinWait2,
    /// The peer sent FIN; we still send.
    CloseWait,
    /// Both sent FIN at once; ours is not acknowledged.
    Closing,
    /// The peer sent FIN, then we: ours is not acknowledged.
    LastAck,
    /// Both are closed; kept so that the last ACK can be repeated and old segments die out.
    TimeWait,
    /// Over. Only the backend's handle keeps it here.
    Closed,
}

impl State {
    /// Its name as `ss` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            State::SynSent => "SYN-SENT",
            State::SynReceived => "SYN-RECV",
            State::Established => "ESTAB",
            State::FinWait1 => "FIN-WAIT-1",
            State::FinWait2 => "FIN-WAIT-2",
            State::CloseWait => "CLOSE-WAIT",
            State::Closing => "CLOSING",
            State::LastAck => "LAST-ACK",
            State::TimeWait => "TIME-WAIT",
            State::Closed => "UNCONN",
        }
    }

    /// An ABORT tells the peer by a RST (RFC 9293 3.10.5). In the states left out it has not heard of us yet, or both
    /// have closed.
    pub const fn needs_reset(self) -> bool {
        matches!(
            self,
            State::SynReceived
                | State::Established
                | State::FinWait1
                | State::FinWait2
                | State::CloseWait
        )
    }

    /// Both SYNs are acknowledged, and it is not over (RFC 9293 3.5.1).
    pub const fn is_synchronized(self) -> bool {
        !matches!(self, State::SynSent | State::SynReceived | State::Closed)
    }

    /// The peer may still send data: its FIN has not come.
    pub const fn may_receive(self) -> bool {
        matches!(self, State::Established | State::FinWait1 | State::FinWait2)
    }

    /// The backend may still write.
    pub const fn may_send(self) -> bool {
        matches!(self, State::Established | State::CloseWait)
    }

    /// We closed our direction: a FIN is sent, or follows the queued data.
    pub const fn is_fin_queued(self) -> bool {
        matches!(
            self,
            State::FinWait1 | State::FinWait2 | State::Closing | State::LastAck | State::TimeWait
        )
    }
}
