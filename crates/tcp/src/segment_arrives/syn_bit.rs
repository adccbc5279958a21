//! Fourth, check the SYN bit (RFC 9293 3.10.7.4, with RFC 5961 4).

use crate::{Connection, Context, Disposition};
use periplus_journey::DropReason;

impl Connection {
    /// A SYN on a synchronized connection gets a challenge ACK, whatever its sequence number, and is dropped: a peer that
    /// really lost the connection answers it by a RST that stands exactly where it must.
    pub(super) fn check_syn_bit(&mut self, context: &mut Context<'_>) -> Disposition {
        context.counters.tcp_syn_challenge += 1;
        self.challenge(context);
        Disposition::Dropped(DropReason::TcpInvalidSyn)
    }
}
