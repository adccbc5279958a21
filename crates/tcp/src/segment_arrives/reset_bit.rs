//! Second, check the RST bit (RFC 9293 3.10.7.4, with RFC 5961 3).

use crate::{Connection, Context, Disposition, Segment, State, StreamError};
use periplus_journey::{DropReason, Outcome};
use periplus_wire::SeqNum;

impl Connection {
    /// Only a RST that stands exactly at RCV.NXT is believed; any other in the window gets a challenge ACK, so that
    /// guessing the window is not enough to reset a connection. What lies outside is dropped in silence. Only the RST's own
    /// number counts, whatever it carries, and PAWS does not (RFC 7323 5.2): whoever sends it may have forgotten his clock.
    pub(super) fn check_reset_bit(
        &mut self,
        context: &mut Context<'_>,
        segment: &Segment,
    ) -> Disposition {
        if !self.is_where_the_peer_resets(segment.seq) {
            if segment.seq.after(self.rcv.nxt) && segment.seq.before(self.rcv.edge) {
                self.challenge(context);
            }
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
                // As on Linux: who has read the end may only be surprised when it writes.
                let error = match state {
                    State::CloseWait => StreamError::BrokenPipe,
                    _ => StreamError::Reset,
                };
                self.fail(context, error, Outcome::Reset, Some("reset_by_peer"));
            }
        }
        Disposition::Consumed
    }

    /// RCV.NXT; and, as on Linux, two numbers more that RFC 5961 3.2 leaves no room for, and a stranger guesses no better. The
    /// one before it once the peer's FIN is received: some (macOS) do not count their FIN in a RST that follows it. And the end
    /// of what is told by SACK: the peer's SND.NXT, if what is missing was lost.
    fn is_where_the_peer_resets(&self, seq: SeqNum) -> bool {
        let after_fin = matches!(
            self.state,
            State::CloseWait | State::Closing | State::LastAck
        );
        let end = self.reassembly.end().filter(|_| self.sack_permitted);
        let sacked = end.map(|end| self.rcv.nxt + (end - self.nxt_offset) as u32);
        seq == self.rcv.nxt || after_fin && seq + 1 == self.rcv.nxt || sacked == Some(seq)
    }
}
