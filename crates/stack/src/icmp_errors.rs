//! ICMP errors about segments of ours (RFC 792, RFC 1122 3.2.2 and 4.2.3.9, RFC 5927).

use crate::Shard;
use crate::flow_table::FlowKey;
use crate::handle::Tag;
use crate::passive_open::unpack;
use crate::receive::Fate;
use crate::slab::Index;
use periplus_journey::{DropReason, Instant, Outcome};
use periplus_tcp::{IcmpError, StreamError};
use periplus_wire::SeqNum;
use periplus_wire::icmpv4::{Icmpv4Header, MessageType, unreachable};
use periplus_wire::ipv4::{self, Ipv4Header};
use periplus_wire::tcp::QuotedSegment;
use std::net::SocketAddr;

/// What an error says.
#[derive(Clone, Copy, Debug)]
enum Said {
    /// The packet was too long for a link of so many bytes.
    FragmentationNeeded(u16),
    /// The packet did not arrive.
    Lost(IcmpError),
}

/// The message's meaning. Hard are the errors that RFC 1122 4.2.3.9 calls so, and those of later codes that Linux calls so:
/// somebody knows that the other end cannot be reached, or forbids it. `None`: nothing to act on. Source Quench is none of
/// these (RFC 6633).
fn meaning(header: &Icmpv4Header) -> Option<Said> {
    use StreamError::{HostUnreachable, NetworkUnreachable, ProtocolUnreachable, Refused};
    let (error, hard, reason) = match (header.message_type(), header.code()) {
        (MessageType::DESTINATION_UNREACHABLE, code) => match code {
            unreachable::FRAGMENTATION_NEEDED => {
                return Some(Said::FragmentationNeeded(header.next_hop_mtu()));
            }
            unreachable::NET | unreachable::NET_FOR_SERVICE => {
                (NetworkUnreachable, false, "icmp_net_unreachable")
            }
            unreachable::HOST | unreachable::HOST_FOR_SERVICE | unreachable::SOURCE_ROUTE => {
                (HostUnreachable, false, "icmp_host_unreachable")
            }
            unreachable::PROTOCOL => (ProtocolUnreachable, true, "icmp_protocol_unreachable"),
            unreachable::PORT => (Refused, true, "icmp_port_unreachable"),
            unreachable::NET_UNKNOWN | unreachable::NET_PROHIBITED => {
                (NetworkUnreachable, true, "icmp_net_prohibited")
            }
            unreachable::HOST_UNKNOWN
            | unreachable::HOST_PROHIBITED
            | unreachable::COMMUNICATION_PROHIBITED
            | unreachable::PRECEDENCE_VIOLATION
            | unreachable::PRECEDENCE_CUTOFF => (HostUnreachable, true, "icmp_host_prohibited"),
            _ => return None,
        },
        (MessageType::TIME_EXCEEDED, _) => (HostUnreachable, false, "icmp_time_exceeded"),
        (MessageType::PARAMETER_PROBLEM, _) => {
            (ProtocolUnreachable, false, "icmp_parameter_problem")
        }
        _ => return None,
    };
    Some(Said::Lost(IcmpError {
        error,
        hard,
        reason,
    }))
}

impl Shard {
    /// An ICMP error that quotes `quoted`. Whoever sent it must have seen the segment: its sequence number is looked at, whatever
    /// kind of record the segment was of.
    pub(crate) fn icmp_error_arrives(
        &mut self,
        now: Instant,
        header: &Icmpv4Header,
        quoted: &[u8],
    ) -> Fate {
        let unhandled = Fate::Dropped(DropReason::IcmpUnhandled);
        let Ok((packet, segment)) = Ipv4Header::parse_quoted(quoted) else {
            self.environment.counters.icmp_in_errors += 1;
            return unhandled;
        };
        if packet.protocol() != ipv4::TCP {
            return unhandled;
        }
        let (Some(said), Ok(segment)) = (meaning(header), QuotedSegment::parse(segment)) else {
            self.environment.counters.icmp_in_errors += 1;
            return unhandled;
        };
        let key = FlowKey {
            local: SocketAddr::new(packet.source().into(), segment.source_port()),
            remote: SocketAddr::new(packet.destination().into(), segment.destination_port()),
        };
        let Some(handle) = self.flow_table.get(&key) else {
            self.environment.counters.icmp_in_errors += 1;
            return unhandled;
        };
        let (index, seq) = (handle.index(), segment.sequence());
        let in_window = match handle.tag() {
            Tag::Established => self.tell_connection(now, index, seq, packet.total_length(), said),
            Tag::HalfOpen => self.tell_half_open(now, index, seq, said),
            // All that it sent is acknowledged; of its last ACK there is nothing to be told.
            Tag::TimeWait => return unhandled,
        };
        if in_window {
            return Fate::Consumed;
        }
        self.environment.counters.out_of_window_icmps += 1;
        unhandled
    }

    fn tell_connection(
        &mut self,
        now: Instant,
        index: Index,
        seq: SeqNum,
        length: usize,
        said: Said,
    ) -> bool {
        let Some(flow) = self.flows.get_mut(index) else {
            return false;
        };
        let connection = &mut flow.connection;
        if !connection.is_in_flight(seq) {
            return false;
        }
        let context = &mut self.environment.context(now);
        match said {
            Said::FragmentationNeeded(mtu) => {
                connection.fragmentation_needed(context, length, mtu);
            }
            Said::Lost(error) => connection.icmp_error(context, error),
        }
        self.settle(index);
        true
    }

    /// The SYN/ACK does not arrive: its record makes room for another, as on Linux.
    fn tell_half_open(&mut self, now: Instant, index: Index, seq: SeqNum, said: Said) -> bool {
        let Some(entry) = self.half_open.get(index) else {
            return false;
        };
        if entry.record.iss != seq {
            return false;
        }
        if let Said::Lost(icmp) = said {
            let listener = unpack(entry.record.listener);
            if let Some(bound) = self.listeners.get_mut(listener) {
                bound.listener.drop_one(&mut self.environment.counters);
            }
            self.forget_half_open(now, index, Outcome::Refused, icmp.reason);
        }
        true
    }
}
