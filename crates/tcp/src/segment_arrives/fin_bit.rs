//! Eighth, check the FIN bit (RFC 9293 3.10.7.4).

use crate::{Connection, Context, State};
use periplus_wire::SeqNum;

impl Connection {
    /// `fin` is where the FIN of the segment just processed stands, if it had one. A FIN that came before the bytes ahead
    /// of it waits with them.
    pub(super) fn check_fin_bit(&mut self, context: &mut Context<'_>, fin: Option<SeqNum>) {
        if let Some(at) = fin {
            // Before RCV.NXT where text from beyond it was here already.
            let ahead = u64::from(at.max(self.rcv.nxt) - self.rcv.nxt);
            self.reassembly.set_fin(self.nxt_offset + ahead);
        }
        // At the next byte; or before it, where a peer broke its word and sent text beyond its own FIN.
        if self
            .reassembly
            .fin()
            .is_none_or(|fin| fin > self.nxt_offset)
        {
            if fin.is_some() {
                self.acknowledge_now(); // early (RFC 5681 4.2)
            }
            return;
        }
        self.reassembly.clear();
        self.report_in_order();
        self.rcv.nxt += 1;
        // The edge never moves left, and there is nothing more to receive.
        self.rcv.edge = self.rcv.edge.max(self.rcv.nxt);
        self.wake_reader();
        if self.state == State::Established {
            self.state = State::CloseWait;
            self.fin_received(context); // as Linux does: a FIN of ours will probably take its ACK along
            return;
        }
        self.acknowledge_now();
        match self.state {
            // Our FIN is not acknowledged (the fifth step would have moved on to FIN-WAIT-2): simultaneous close.
            State::FinWait1 => self.state = State::Closing,
            State::FinWait2 => self.enter_time_wait(context),
            _ => {}
        }
    }
}
