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
        let mut same_flow = 0;
        if burst.len() > 1 {
            same_flow = self.look_ahead(burst.as_slice());
        }
        let (mut number, mut flows, mut found) = (0, 0, None);
        while let Some((arrival, mut behind)) = burst.as_mut_slice()[number..].split_first_mut() {
            if same_flow & 1 == 0 {
                found = self.ahead.get(flows).copied().flatten();
                flows += 1;
            }
            same_flow >>= 1;
            if same_flow & 1 == 0 {
                behind = &mut [];
            }
            let mut frames = u64::from(arrival.segments);
            number += 1;
            let fate = match self.early_demux(now, found, arrival, behind) {
                Some((fate, continued)) => {
                    number += continued;
                    same_flow >>= continued;
                    frames += continued as u64;
                    fate
                }
                None => self.frame_arrives(now, arrival.take()),
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
        burst.clear();
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
        arrival_time(now, self.ring_seen_empty, arrival)
    }

    /// The pool is low: data queued longest moves to the heap, and its frames go back to the ring.
    fn give_frames_back(&mut self) {
        for _ in 0..COMPACTED_A_BURST {
            let Some(flow) = self.flows.unpin_first() else {
                return;
            };
            self.environment.counters.rcv_collapsed += flow.connection.compact() as u64;
            self.environment.reckon(flow);
        }
    }
}

/// When an arrival came. Where the device says nothing: between when the ring was last seen empty, and now.
#[inline]
pub(crate) fn arrival_time(
    now: Instant,
    ring_seen_empty: Instant,
    arrival: &Arrival,
) -> ArrivalTime {
    match arrival.arrived {
        Some(arrived) => ArrivalTime {
            arrived,
            taken: Some(now),
            rx_ring_at_most: None,
        },
        None => ArrivalTime {
            arrived: now,
            taken: None,
            rx_ring_at_most: Some(now.since(ring_seen_empty)),
        },
    }
}
