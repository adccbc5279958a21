//! UDP (RFC 768): a datagram that arrives finds its socket, or its sender is told that there is none.
//!
//! A datagram's data is copied once, into the socket's own memory, and its frame goes back to the ring at once. A TCP
//! connection keeps frames because its window says how many there can be; here the senders alone decide, all of them share
//! one queue, and what a queue may hold should be used up by data, not by the size of the ring's buffers.

use crate::Shard;
use crate::flow_table::FlowKey;
use crate::ipv4::Ipv4Packet;
use crate::receive::Fate;
use crate::shard::{Ready, UdpId};
use crate::slab::Index;
use periplus_journey::{DropReason, Instant, QueuesMet};
use periplus_ring::{Arrival, RxChecksum};
use periplus_wire::checksum::Sum;
use periplus_wire::ipv4;
use periplus_wire::udp::{self, UdpHeader};
use std::net::{SocketAddr, SocketAddrV4};
use std::ops::Range;

mod calls;
mod receive_queue;
mod send_queue;
mod socket;
mod transmit;

pub use calls::{BindError, Closed, ReceiveFrom, SendError, SendTo};
pub use receive_queue::ReceiveQueue;
pub use socket::UdpSocket;

pub(crate) use send_queue::{Datagram, SendQueue};

impl Shard {
    pub(crate) fn udp_arrives(
        &mut self,
        now: Instant,
        packet: Ipv4Packet,
        arrival: &Arrival,
    ) -> Fate {
        let Some((header, datagram)) = read_header(packet, arrival) else {
            self.environment.counters.udp_in_errors += 1;
            return Fate::Dropped(DropReason::PktTooSmall);
        };
        if !is_checksum_right(packet, header, datagram.clone(), arrival) {
            self.environment.counters.udp_in_errors += 1;
            self.environment.counters.udp_in_csum_errors += 1;
            return Fate::Dropped(DropReason::UdpCsum);
        }
        let local = SocketAddr::new(packet.destination.into(), header.destination_port());
        let source = SocketAddrV4::new(packet.source, header.source_port());
        match self.udp_table.find(local) {
            Some(index) => {
                let data = datagram.start + udp::HEADER_LENGTH..datagram.end;
                self.datagram_for_socket(index, source, data, arrival)
            }
            None => {
                let remote = source.into();
                self.no_udp_socket(now, FlowKey { local, remote }, packet, arrival)
            }
        }
    }

    /// A train of datagrams that was never cut finds room as a whole or not at all, so that all its frames have one fate.
    fn datagram_for_socket(
        &mut self,
        index: Index,
        source: SocketAddrV4,
        data: Range<usize>,
        arrival: &Arrival,
    ) -> Fate {
        let Some(socket) = self.udp_sockets.get_mut(index) else {
            return Fate::Dropped(DropReason::NoSocket);
        };
        let size = arrival.segmentation.map_or(data.len(), usize::from);
        if !socket.receive_queue.has_room(data.len(), size) {
            socket.receive_queue.refused += u64::from(arrival.segments);
            self.environment.counters.udp_in_errors += u64::from(arrival.segments);
            self.environment.counters.udp_rcvbuf_errors += u64::from(arrival.segments);
            return Fate::Dropped(DropReason::SocketRcvbuff);
        }
        let mut bytes = Vec::with_capacity(data.len());
        arrival
            .pieces(data)
            .for_each(|piece| bytes.extend_from_slice(piece));
        socket.receive_queue.push(source, bytes, size);
        if std::mem::take(&mut socket.wants_receive) {
            self.ready.push(Ready::Datagram {
                id: UdpId(index),
                readable: true,
                writable: false,
            });
        }
        Fate::Delivered
    }

    fn no_udp_socket(
        &mut self,
        now: Instant,
        key: FlowKey,
        packet: Ipv4Packet,
        arrival: &Arrival,
    ) -> Fate {
        self.environment.counters.udp_no_ports += u64::from(arrival.segments);
        let told = self.options.on_closed_udp_port.sends_icmp()
            && self.send_port_unreachable(now, packet, arrival);
        let fate = if told {
            Fate::Refused
        } else {
            Fate::Dropped(DropReason::NoSocket)
        };
        let time = self.arrival_time(now, arrival);
        let queues = QueuesMet::default();
        self.record_arrival(now, key, Some("udp"), time, fate, queues);
        fate
    }
}

/// The header, which lies in the first buffer, and where in the chain the datagram is. What the packet holds beyond the
/// datagram's own length is not looked at.
fn read_header(packet: Ipv4Packet, arrival: &Arrival) -> Option<(&UdpHeader, Range<usize>)> {
    let header = UdpHeader::parse_quoted(arrival.frame.get(packet.payload_start..)?).ok()?;
    let datagram = packet.payload_start..packet.payload_start + header.length();
    (header.length() <= packet.payload_length).then_some((header, datagram))
}

/// A sender may do without a checksum; a datagram that has a wrong one is dropped in silence (RFC 1122 4.1.3.4).
fn is_checksum_right(
    packet: Ipv4Packet,
    header: &UdpHeader,
    datagram: Range<usize>,
    arrival: &Arrival,
) -> bool {
    if arrival.checksum != RxChecksum::Unverified || header.checksum() == 0 {
        return true;
    }
    let (source, destination) = (packet.source.into(), packet.destination.into());
    let mut sum = Sum::pseudo_header(source, destination, ipv4::UDP, header.length() as u32);
    arrival.pieces(datagram).for_each(|piece| sum.add(piece));
    sum.finish() == 0
}
