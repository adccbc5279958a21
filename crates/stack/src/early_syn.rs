//! The way of a SYN with ordinary headers to its listener. A flood is made of them: the headers that were read to find out that it is
//! one are not read again, and its frame is left where it is, because nothing of it is kept.
//!
//! What is not as it is for nearly every SYN (its flow is known, nobody listens, it is damaged) takes the long way.

use crate::Shard;
use crate::demux::is_checksum_right;
use crate::ipv4::count_ecn;
use crate::receive::Fate;
use periplus_journey::Instant;
use periplus_ring::{Arrival, RxChecksum};
use periplus_tcp::Ends;
use periplus_tcp::listen::Syn;
use periplus_wire::ordinary::OrdinaryHeaders;
use periplus_wire::tcp::{TcpFlags, TcpOptions};

impl Shard {
    /// Takes a segment with SYN that opens a connection at one of our listeners. `None` for any other.
    pub(crate) fn early_syn(
        &mut self,
        now: Instant,
        (headers, options): (&OrdinaryHeaders, &[u8]),
        arrival: &Arrival,
    ) -> Option<Fate> {
        let header = headers.tcp();
        let flags = header.flags();
        let (source, destination) = headers.addresses();
        // With FIN it opens nothing (RFC 9293 3.10.7.2, third; as on Linux).
        let may_open = !flags.intersects(TcpFlags::ACK | TcpFlags::RST | TcpFlags::FIN)
            && !self.routes.is_martian_source(source.into())
            && self.routes.is_ours(destination.into());
        if !may_open
            || arrival.checksum == RxChecksum::Unverified
                && !is_checksum_right(headers.addresses(), headers.segment(), arrival)
        {
            return None;
        }
        let flow = self.flow_table.hashed(Ends::V4(headers.four_tuple()));
        if self.flow_table.find(&flow).is_some() {
            return None;
        }
        let local = (destination, header.destination_port());
        let listener = self.listener_table.find(local.into())?;
        let counters = &mut self.environment.counters;
        counters.ip_in_receives += 1;
        count_ecn(counters, headers.ecn(), 1);
        counters.tcp_in_segs += 1;
        let mut said = TcpOptions::default();
        said.read(options);
        let syn = Syn {
            seq: header.sequence(),
            flags,
            options: &said,
            ecn: headers.ecn(),
            time: self.arrival_time(now, arrival),
        };
        Some(self.syn_arrives(now, &flow, listener, syn, None))
    }
}
