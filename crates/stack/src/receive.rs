//! The first verb: frames come in.

use crate::Shard;
use periplus_journey::{DropReason, Instant};
use periplus_ring::{Arrival, PoolLevel, RxBurst};
use periplus_tcp::ArrivalTime;
use periplus_wire::arp::ArpPacket;
use periplus_wire::ethernet::{self, EtherType, EthernetHeader};

/// Connections whose frames are moved to the heap after one burst, while the pool is low.
const COMPACTED_A_BURST: usize = 64;

/// How a frame ended: exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered,
    Consumed,
    Refused,
    Dropped(DropReason),
}

impl Shard {
    /// Takes a burst of arrivals; `level` says how full the device's pool is. Answers wait for [`Shard::transmit`].
    pub fn receive(&mut self, now: Instant, burst: &mut RxBurst, level: PoolLevel) {
        self.environment.frames.level = level;
        self.ring_may_hold_more = burst.is_full();
        self.ahead.clear();
        if burst.len() > 1 {
            self.look_ahead(burst.as_slice());
        }
        for (number, arrival) in burst.drain().enumerate() {
            let frames = u64::from(arrival.segments);
            let found = self.ahead.get(number).copied().flatten();
            let fate = match self.early_demux(now, found, arrival) {
                Ok(fate) => fate,
                Err(arrival) => self.frame_arrives(now, arrival),
            };
            let ledger = &mut self.environment.ledger;
            ledger.received += frames;
            match fate {
                Fate::Delivered => ledger.delivered += frames,
                Fate::Consumed => ledger.consumed += frames,
                Fate::Refused => ledger.refused += frames,
                Fate::Dropped(reason) => ledger.drop_frames(reason, frames),
            }
        }
        if !self.ring_may_hold_more {
            self.ring_seen_empty = now;
        }
        if level != PoolLevel::Ample {
            self.give_frames_back();
        }
    }

    fn frame_arrives(&mut self, now: Instant, arrival: Arrival) -> Fate {
        let Ok((header, _)) = EthernetHeader::parse(&arrival.frame) else {
            return Fate::Dropped(DropReason::PktTooSmall);
        };
        let to_all = header.destination().is_broadcast();
        if header.destination() != self.options.ethernet && !to_all {
            return Fate::Dropped(DropReason::OtherHost);
        }
        match header.ether_type() {
            EtherType::ARP => match ArpPacket::parse(&arrival.frame[ethernet::HEADER_LENGTH..]) {
                Ok(packet) => self.arp_arrives(now, packet),
                Err(_) => Fate::Dropped(DropReason::PktTooSmall),
            },
            EtherType::IPV4 => self.ipv4_arrives(now, arrival, to_all),
            _ => Fate::Dropped(DropReason::UnhandledProto),
        }
    }

    /// When an arrival came, as far as the device says.
    #[inline]
    pub(crate) fn arrival_time(&self, now: Instant, arrival: &Arrival) -> ArrivalTime {
        match arrival.arrived {
            Some(arrived) => ArrivalTime {
                arrived,
                taken: Some(now),
                rx_ring_at_most: None,
            },
            None => ArrivalTime {
                arrived: now,
                taken: None,
                rx_ring_at_most: Some(now.since(self.ring_seen_empty)),
            },
        }
    }

    /// The pool is low: data queued longest moves to the heap, and its frames go back to the ring.
    fn give_frames_back(&mut self) {
        for _ in 0..COMPACTED_A_BURST {
            let Some(index) = self.pinning.pop_front(&mut self.flows) else {
                return;
            };
            if let Some(flow) = self.flows.get_mut(index) {
                flow.is_pinning = false;
                self.environment.counters.rcv_collapsed += flow.connection.compact() as u64;
                self.environment.reckon(flow);
            }
        }
    }
}
