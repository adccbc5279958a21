//! Datagrams on their way into the ring.

use super::Datagram;
use crate::Shard;
use crate::outbox::Message;
use crate::shard::{Ready, UdpId};
use crate::slab::Index;
use crate::transmit::QUANTUM;
use periplus_journey::Instant;
use periplus_ring::Device;
use periplus_tcp::RingFull;

impl Shard {
    /// Sends datagrams, about as many bytes of them as a connection may send in its turn.
    pub(crate) fn transmit_datagrams(
        &mut self,
        now: Instant,
        device: &mut dyn Device,
    ) -> Result<(), RingFull> {
        let mut budget = QUANTUM;
        while budget > 0
            && let Some((socket, datagram)) = self.udp_output.pop()
        {
            let charge = Datagram::charge_of(datagram.data.len());
            let message = Message::Datagram(datagram);
            if let Some(Message::Datagram(datagram)) = self.dispatch(now, device, message) {
                self.udp_output.put_back(socket, datagram);
                return Err(RingFull);
            }
            self.datagram_left(socket, charge);
            budget = budget.saturating_sub(charge);
        }
        Ok(())
    }

    /// A datagram of `socket` is sent, lost, or waits for a link address. A writer is woken when a good part of its bound is
    /// free again, not for every datagram.
    fn datagram_left(&mut self, index: Index, charge: usize) {
        let Some(socket) = self.udp_sockets.get_mut(index) else {
            return;
        };
        socket.sending -= charge;
        if socket.wants_send && socket.sending <= self.options.wmem_default / 2 {
            socket.wants_send = false;
            self.ready.push(Ready::Datagram {
                id: UdpId(index),
                readable: false,
                writable: true,
            });
        }
    }
}
