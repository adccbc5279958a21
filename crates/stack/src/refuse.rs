//! No socket for the port: the request is dropped and its sender told.

use crate::Shard;
use crate::demux::SegmentParts;
use crate::flow_table::FlowKey;
use crate::ipv4::Ipv4Packet;
use crate::options::ClosedPortPolicy;
use crate::receive::Fate;
use periplus_journey::{
    Beginning, DropReason, Finished, Instant, Kind, Outcome, QueuesMet, Rare, Seen, TcpSummary,
};
use periplus_ring::Arrival;
use periplus_tcp::{ArrivalTime, reset};
use periplus_wire::tcp::TcpFlags;

impl Shard {
    /// A segment that is for no connection, and opens none.
    pub(crate) fn no_socket(
        &mut self,
        now: Instant,
        key: FlowKey,
        policy: ClosedPortPolicy,
        parts: &SegmentParts,
        packet: Ipv4Packet,
        arrival: &Arrival,
    ) -> Fate {
        let time = self.arrival_time(now, arrival);
        let is_knock = parts.segment.has(TcpFlags::SYN) && !parts.segment.has(TcpFlags::ACK);
        if parts.segment.has(TcpFlags::RST) {
            return Fate::Dropped(DropReason::NoSocket); // there is nothing to tell it (RFC 9293 3.10.7.1)
        }
        let mut fate = Fate::Dropped(DropReason::NoSocket);
        // ICMP answers a knock; a stray segment of a connection that is gone gets the RST alone. The RST goes first.
        let answer = reset::answer_to_length(&parts.segment, parts.seg_len(packet))
            .filter(|_| policy.resets());
        // Who acknowledges speaks of a connection, and goes on until it is told that there is none.
        let claims_connection = parts.segment.has(TcpFlags::ACK);
        if let Some(answer) = answer
            && (claims_connection || self.reset_limiter.allow(now, key.remote.ip()))
        {
            fate = self.send_reset(key, answer);
        }
        if policy.sends_icmp() && is_knock && self.send_port_unreachable(now, packet, arrival) {
            fate = Fate::Refused;
        }
        self.record_arrival(now, key, None, time, fate, QueuesMet::default());
        fate
    }

    /// A record of an arrival that found no connection, within its limit. `protocol` is told where it is not TCP's.
    pub(crate) fn record_arrival(
        &mut self,
        now: Instant,
        key: FlowKey,
        protocol: Option<&'static str>,
        time: ArrivalTime,
        fate: Fate,
        queues: QueuesMet,
    ) {
        let (outcome, reason) = match fate {
            Fate::Refused => (Outcome::Refused, DropReason::NoSocket.name()),
            Fate::Dropped(reason) => (Outcome::Dropped, reason.name()),
            Fate::Delivered | Fate::Consumed => return,
        };
        let recorder = &mut self.environment.recorder;
        if !recorder.is_enabled() || !self.arrival_records.take(now) {
            return;
        }
        let (id, device) = recorder.number();
        recorder.keep(Finished {
            kind: Kind::Arrival,
            outcome,
            coarse: false,
            status: None,
            id,
            device,
            peer: key.remote,
            local: key.local,
            protocol,
            request: None,
            bytes_in: 0,
            bytes_out: 0,
            acked: 0,
            seen: Seen {
                arrived: Some(time.arrived),
                taken: time.taken,
                ..Seen::default()
            },
            tcp: TcpSummary::default(),
            beginning: Some(Box::new(Beginning {
                queues,
                ..Beginning::default()
            })),
            rare: Some(Box::new(Rare {
                reason: Some(reason.into()),
                rx_ring_at_most: time.rx_ring_at_most,
                ..Rare::default()
            })),
        });
    }
}
