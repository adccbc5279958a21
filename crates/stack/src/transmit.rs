//! The verb that lets frames out: messages without a connection first, then the sockets' datagrams and the connections in
//! turn.

use crate::Shard;
use crate::flow::{Flow, ReadyHeader};
use crate::flow_header::FlowHeader;
use crate::frame_writer;
use crate::lone_segment::write_lone_segment;
use crate::neighbours::{Neighbours, Resolution};
use crate::outbox::Message;
use crate::routes::Routes;
use crate::segment_writer::SegmentWriter;
use crate::slab::Index;
use periplus_journey::{Counters, Instant};
use periplus_ring::{Capabilities, Device, TxDescriptor};
use periplus_tcp::{RingFull, Turn};
use periplus_wire::ethernet::{self, EtherType, EthernetAddress};
use periplus_wire::{arp, ipv4};
use std::net::IpAddr;
use std::time::Duration;

/// Payload bytes a connection may send in its turn.
pub(crate) const QUANTUM: usize = 64 * 1024;
/// How long a flow's headers are used before its neighbour is looked up again. Without it a busy connection would never
/// notice that its neighbour has gone stale, and go on writing to a link address that has moved (RFC 1122 2.3.2.1).
const HEADER_LIFETIME: Duration = Duration::from_secs(1);
/// How long a connection waits whose next hop was asked for in vain.
const UNREACHABLE_RETRY: Duration = Duration::from_secs(1);
/// How long a connection waits at most for an answer or for the questions to end: the question itself may have been pushed
/// out of a full table of neighbours.
const UNANSWERED_RETRY: Duration = Duration::from_secs(5);

/// How a look at the transmit ring ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransmitOutcome {
    /// Nothing is left to send.
    Done,
    /// The ring is full; what is left goes when it has room.
    RingFull,
}

impl Shard {
    /// Writes what is to be sent into the device's ring, until nothing is left or the ring is full.
    pub fn transmit(&mut self, now: Instant, device: &mut dyn Device) -> TransmitOutcome {
        self.flows.rest_woken();
        loop {
            if self.transmit_messages(now, device).is_err()
                || self.transmit_datagrams(now, device).is_err()
            {
                return TransmitOutcome::RingFull;
            }
            let Some(index) = self.transmit_queue.pop_front() else {
                if self.has_output() {
                    continue; // more datagrams, or the question where to send one
                }
                return TransmitOutcome::Done;
            };
            if self.transmit_connection(now, device, index).is_err() {
                return TransmitOutcome::RingFull;
            }
        }
    }

    fn transmit_connection(
        &mut self,
        now: Instant,
        device: &mut dyn Device,
        index: Index,
    ) -> Result<(), RingFull> {
        let epoch = self.neighbour_epoch;
        let Some(mut flow) = self.flows.get_mut(index) else {
            return Ok(());
        };
        let ready = flow.header.as_ref();
        if !ready.is_some_and(|ready| ready.is_good(now, epoch)) {
            self.make_header(now, index);
            match self.flows.get_mut(index) {
                Some(again) => flow = again,
                None => return Ok(()),
            }
        }
        // Disjoint parts of the shard: the connection, its headers, its surroundings, and what the device can do.
        let Flow {
            connection,
            header: Some(ready),
            is_queued,
            is_unresolved: false,
            ..
        } = flow
        else {
            return Ok(());
        };
        let mut emit = SegmentWriter {
            device,
            capabilities: &self.capabilities,
            header: &ready.header,
            now,
            sent: 0,
        };
        let turn = connection.transmit(&mut self.environment.context(now), &mut emit, QUANTUM);
        self.environment.counters.ip_out_requests += emit.sent;
        match turn {
            Ok(Turn::Done) => *is_queued = false,
            Ok(Turn::More) => self.transmit_queue.push_back(index),
            Err(RingFull) => self.transmit_queue.push_front(index),
        }
        // Noted, not settled: what it may not send now, it is not asked about again until something happens.
        self.note(index);
        turn.map(|_| ())
    }

    /// Makes the flow's headers, if its next hop's link address is known; else the flow is put aside.
    #[cold]
    fn make_header(&mut self, now: Instant, index: Index) {
        let Some(flow) = self.flows.get_mut(index) else {
            return;
        };
        flow.header = None;
        let key = flow.key;
        let next_hop = self.routes.next_hop(key.remote.ip());
        let resolution = next_hop.map_or(Resolution::Unreachable, |hop| {
            self.neighbours.resolve(now, hop)
        });
        if let Resolution::Known(to) = resolution {
            // Who wakes makes new headers: it is not to find out earlier than who has them ready.
            let goes_stale = next_hop.and_then(|hop| self.neighbours.goes_stale(now, hop));
            let until = now + HEADER_LIFETIME;
            let header = FlowHeader::new(&key.ends(), self.options.ethernet, to);
            flow.header = header.map(|header| ReadyHeader {
                header,
                epoch: self.neighbour_epoch,
                until: goes_stale.map_or(until, |stale| stale.min(until)),
            });
            return;
        }
        flow.is_queued = false;
        flow.is_unresolved = true;
        match (resolution, next_hop) {
            (Resolution::Ask | Resolution::Waiting, Some(hop)) => {
                flow.retry_at = Some(now + UNANSWERED_RETRY);
                self.unresolved.push((hop, index));
                if resolution == Resolution::Ask {
                    self.ask_for(hop);
                }
            }
            _ => {
                flow.connection
                    .host_unreachable(&mut self.environment.context(now));
                flow.retry_at = Some(now + UNREACHABLE_RETRY);
            }
        }
        self.settle(index);
    }

    fn transmit_messages(&mut self, now: Instant, device: &mut dyn Device) -> Result<(), RingFull> {
        while let Some(message) = self.outbox.first() {
            let (hop, resolution) = find_way(message, &self.routes, &mut self.neighbours, now);
            if let Resolution::Known(to) = resolution {
                let link = (self.options.ethernet, to);
                let counters = &mut self.environment.counters;
                write_message(message, link, &self.capabilities, counters, now, device)?;
                self.outbox.drop_first();
            } else if let Some(message) = self.outbox.pop() {
                self.put_aside(message, hop, resolution);
            }
        }
        Ok(())
    }

    /// Sends a message, or has it wait for the link address of its next hop, or loses it if that does not answer. Gives it
    /// back if the ring is full.
    pub(crate) fn dispatch(
        &mut self,
        now: Instant,
        device: &mut dyn Device,
        message: Message,
    ) -> Option<Message> {
        let (hop, resolution) = find_way(&message, &self.routes, &mut self.neighbours, now);
        let Resolution::Known(to) = resolution else {
            self.put_aside(message, hop, resolution);
            return None;
        };
        let link = (self.options.ethernet, to);
        let counters = &mut self.environment.counters;
        let sent = write_message(&message, link, &self.capabilities, counters, now, device);
        sent.is_err().then_some(message)
    }

    /// A message waits for the link address of its next hop, or is lost.
    fn put_aside(&mut self, message: Message, hop: Option<IpAddr>, resolution: Resolution) {
        match (resolution, hop) {
            (Resolution::Ask | Resolution::Waiting, Some(hop)) => {
                self.outbox.wait_for(hop, message);
                if resolution == Resolution::Ask {
                    self.ask_for(hop);
                }
            }
            _ => self.outbox.lose(),
        }
    }
}

/// The next hop of a message, and what is known of it.
fn find_way(
    message: &Message,
    routes: &Routes,
    neighbours: &mut Neighbours,
    now: Instant,
) -> (Option<IpAddr>, Resolution) {
    let Some(destination) = message.destination() else {
        return (None, Resolution::Known(EthernetAddress::BROADCAST));
    };
    match routes.next_hop(destination) {
        Some(hop) => (Some(hop), neighbours.resolve(now, hop)),
        None => (None, Resolution::Unreachable),
    }
}

/// Writes a message into the ring, from the first address on the link to the second.
fn write_message(
    message: &Message,
    link: (EthernetAddress, EthernetAddress),
    capabilities: &Capabilities,
    counters: &mut Counters,
    now: Instant,
    device: &mut dyn Device,
) -> Result<(), RingFull> {
    match message {
        Message::Arp {
            operation,
            to,
            source,
            target,
        } => {
            let length = ethernet::HEADER_LENGTH + arp::LENGTH;
            let frame = device.reserve(length).ok_or(RingFull)?;
            ethernet::write(frame, *to, link.0, EtherType::ARP);
            let asked = if to.is_broadcast() {
                EthernetAddress::default()
            } else {
                *to
            };
            arp::write(
                &mut frame[ethernet::HEADER_LENGTH..],
                *operation,
                (link.0, *source),
                (asked, *target),
            );
            device.commit(now, TxDescriptor::complete(length));
            return Ok(());
        }
        Message::Segment { ends, header } => {
            if !write_lone_segment(device, capabilities, now, link, ends, header)? {
                return Ok(());
            }
            counters.tcp_out_segs += 1;
        }
        Message::Icmp {
            source,
            destination,
            message,
        } => {
            let addresses = (*source, *destination);
            frame_writer::write_packet(device, now, link, addresses, ipv4::ICMP, message)?;
        }
        Message::Datagram(datagram) => {
            frame_writer::write_datagram(device, capabilities, now, link, datagram)?;
            counters.udp_out_datagrams += 1;
        }
    }
    counters.ip_out_requests += 1;
    Ok(())
}
