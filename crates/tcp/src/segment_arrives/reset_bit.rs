//! Second, check the RST bit (RFC 9293 3.10.7.4, with RFC 5961 3).

use crate::{Connection, Context, Disposition, Segment, State, StreamError};
use periplus_journey::{DropReason, Outcome};

impl Connection {
    /// Only a RST that stands exactly at RCV.NXT is believed; any other in the window gets a challenge ACK, so that
    /// guessing the window is not enough to reset a connection.
    pub(super) fn check_reset_bit(
        &mut self,
        context: &mut Context<'_>,
        segment: &Segment,
    ) -> Disposition {
        if segment.seq != self.rcv.nxt {
            self.challenge(context);
            return Disposition::Dropped(DropReason::TcpInvalidReset);
        }
        match self.state {
            State::SynReceived => {
                context.counters.tcp_attempt_fails += 1;
                self.fail(
                    context,
                    StreamError::Refused,
                    Outcome::Reset,
                    Some("reset_by_peer"),
                );
            }
            State::Closing | State::LastAck | State::TimeWait => {
                self.error.get_or_insert(StreamError::Reset);
                // An answer that was not acknowledged yet is not delivered any more.
                self.end_journal(context, Outcome::Reset, Some("reset_by_peer"));
                self.finish(context);
            }
            state => {
                context.counters.tcp_estab_resets += u64::from(state.may_send());
                self.fail(
                    context,
                    StreamError::Reset,
                    Outcome::Reset,
                    Some("reset_by_peer"),
                );
            }
        }
        Disposition::Consumed
    }
}
