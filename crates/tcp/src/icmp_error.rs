//! What routers and hosts say by ICMP of segments we sent, believed as far as RFC 5927 advises.

use crate::{Connection, Context, State, StreamError};
use periplus_journey::Outcome;
use periplus_wire::SeqNum;

/// An ICMP error about a segment (RFC 1122 3.2.2.1, 4.2.3.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// What a connection that it ends fails with.
    pub error: StreamError,
    /// It will not get better by waiting: connecting is given up. Where the connection is established it is like any other,
    /// because whoever can guess a sequence number could send it (RFC 5927 5.2).
    pub hard: bool,
    /// Its word in the record.
    pub reason: &'static str,
}

impl Connection {
    /// Whether `seq` is that of something in flight: who quotes another number has not seen our segments (RFC 5927 4.1).
    pub fn is_in_flight(&self, seq: SeqNum) -> bool {
        self.state != State::Closed && seq.at_or_after(self.snd.una) && seq.before(self.snd.nxt)
    }

    /// An ICMP error about a segment [in flight](Connection::is_in_flight). It is kept, to be told if the connection times out
    /// in the end; a hard one ends the connecting.
    pub fn icmp_error(&mut self, context: &mut Context<'_>, icmp: IcmpError) {
        let opening = matches!(self.state, State::SynSent | State::SynReceived);
        if opening && icmp.hard {
            context.counters.tcp_attempt_fails += 1;
            self.fail(context, icmp.error, Outcome::Refused, Some(icmp.reason));
        } else {
            self.soft_error = Some(icmp.error);
        }
    }

    /// What ICMP said since it was last asked for, and that did not end the connection: it is told once, as by Linux's SO_ERROR.
    pub fn take_soft_error(&mut self) -> Option<StreamError> {
        self.soft_error.take()
    }
}
