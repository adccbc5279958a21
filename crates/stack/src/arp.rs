//! ARP (RFC 826): who has which address on the link.

use crate::Shard;
use crate::outbox::Message;
use crate::receive::Fate;
use periplus_journey::{DropReason, Instant};
use periplus_wire::arp::{ArpPacket, Operation};
use periplus_wire::ethernet::EthernetAddress;
use std::net::IpAddr;

impl Shard {
    pub(crate) fn arp_arrives(&mut self, now: Instant, packet: &ArpPacket) -> Fate {
        let (sender, target) = (packet.sender_protocol(), packet.target_protocol());
        // On a link inside one host every address is ours, but only the link's own is answered for.
        let is_for_us = IpAddr::V4(target) == self.routes.address();
        // A probe for a duplicate address (RFC 5227 2.1.1) has no sender address to learn.
        if !sender.is_unspecified()
            && self
                .neighbours
                .learn(now, sender.into(), packet.sender_hardware(), is_for_us)
        {
            self.neighbour_is_known(sender.into());
        }
        match (packet.operation(), is_for_us) {
            (Operation::Request, true) => {
                let to = packet.sender_hardware();
                self.outbox.push(Message::Arp {
                    operation: Operation::Reply,
                    to,
                    source: target,
                    target: sender,
                });
                Fate::Consumed
            }
            (Operation::Reply, true) => Fate::Consumed,
            _ => Fate::Dropped(DropReason::ArpNotForUs),
        }
    }

    /// Asks the link who has `address`.
    pub(crate) fn ask_for(&mut self, address: IpAddr) {
        if let (IpAddr::V4(target), IpAddr::V4(source)) = (address, self.routes.address()) {
            let to = EthernetAddress::BROADCAST;
            self.outbox.push(Message::Arp {
                operation: Operation::Request,
                to,
                source,
                target,
            });
        }
    }

    /// The link address of `next_hop` is new or has changed: what waits for it can go.
    fn neighbour_is_known(&mut self, next_hop: IpAddr) {
        self.neighbour_epoch = self.neighbour_epoch.wrapping_add(1);
        self.outbox.resolved(next_hop);
        let mut waiting = std::mem::take(&mut self.unresolved);
        for (_, index) in waiting.extract_if(.., |(hop, _)| *hop == next_hop) {
            if let Some(flow) = self.flows.get_mut(index) {
                flow.is_unresolved = false;
                flow.retry_at = None;
                self.settle(index);
            }
        }
        self.unresolved = waiting;
    }

    /// Repeats the questions that are due, and lets go of what waits for hosts that do not answer.
    pub(crate) fn neighbours_time_out(&mut self, now: Instant) {
        let overdue = self.neighbours.timeout(now);
        for address in overdue.ask {
            self.ask_for(address);
        }
        for next_hop in overdue.given_up {
            self.neighbour_epoch = self.neighbour_epoch.wrapping_add(1);
            self.outbox.given_up(next_hop);
            let mut waiting = std::mem::take(&mut self.unresolved);
            for (_, index) in waiting.extract_if(.., |(hop, _)| *hop == next_hop) {
                if let Some(flow) = self.flows.get_mut(index) {
                    flow.is_unresolved = false;
                    flow.connection
                        .host_unreachable(&mut self.environment.context(now));
                    self.settle(index);
                }
            }
            self.unresolved = waiting;
        }
    }
}
