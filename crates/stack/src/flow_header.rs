//! The headers of a flow's segments, ready but for what differs from one to the next, and summed as far as they are.

use crate::frame_writer::{DEFAULT_TTL, NETWORK, TRANSPORT};
use periplus_tcp::{Ends, SegmentHeader};
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet::{self, EtherType, EthernetAddress};
use periplus_wire::ipv4;
use periplus_wire::{Ecn, tcp};
use std::net::IpAddr;

/// Bytes of Ethernet, IPv4 and TCP headers without options.
pub(crate) const HEADERS: usize = TRANSPORT + tcp::HEADER_LENGTH;

/// Where the IPv4 header's ECN field is (the rest of the DS field is 0), its total length and its checksum.
const DS_FIELD: usize = NETWORK + 1;
const TOTAL_LENGTH: usize = NETWORK + 2;
const NETWORK_CHECKSUM: usize = NETWORK + 10;
/// Where the addresses are, ours first, and behind them the ports, as [`Ends`] has them.
const ADDRESSES: usize = NETWORK + 12;
/// Where the TCP header goes on behind the ports, which belong to the flow.
pub(crate) const SEQUENCE: usize = TRANSPORT + 4;
const CHECKSUM_AND_URGENT: usize = TRANSPORT + 16;

/// The front without link addresses, network addresses and ports. The packet is never cut: see [`ip_fields`].
///
/// [`ip_fields`]: crate::frame_writer::ip_fields
const FRONT: [u8; SEQUENCE] = {
    let mut front = [0; SEQUENCE];
    front[NETWORK] = 0x45;
    front[TOTAL_LENGTH + 1] = ipv4::HEADER_LENGTH as u8;
    front[NETWORK + 6] = 0x40; // Don't Fragment
    front[NETWORK + 8] = DEFAULT_TTL;
    front[NETWORK + 9] = ipv4::TCP;
    front
};

/// The sum of what of the IPv4 header is in there.
const SUM_OF_FRONT: u16 =
    0x4500 + ipv4::HEADER_LENGTH as u16 + 0x4000 + u16::from_be_bytes([DEFAULT_TTL, ipv4::TCP]);

/// Ready headers. What is summed is summed once, when the next hop's address is known; a segment's own fields are added
/// while they are in registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlowHeader {
    /// Up to and with TCP's ports. The IPv4 header is that of a packet without payload, its ECN field and its checksum 0.
    front: [u8; SEQUENCE],
    sums: FrontSums,
}

/// What is summed of a front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrontSums {
    /// The folded sum of the IPv4 header in there.
    network: u16,
    /// The folded sum of the pseudo-header without its length, and of the ports.
    transport: u16,
}

/// Writes the front of the headers of a segment between these ends of IPv4, from one station to the other.
#[inline]
pub(crate) fn write_front(
    out: &mut [u8; SEQUENCE],
    ends: &[u8; 12],
    from: EthernetAddress,
    to: EthernetAddress,
) -> FrontSums {
    *out = FRONT;
    ethernet::write(out, to, from, EtherType::IPV4);
    out[ADDRESSES..].copy_from_slice(ends);
    let [addresses @ .., a, b, c, d] = ends;
    let mut network = Sum::new();
    network.add_array::<8>(addresses);
    let mut transport = network;
    network.add_u16(SUM_OF_FRONT);
    transport.add_u16(ipv4::TCP.into());
    transport.add_array(&[*a, *b, *c, *d]);
    FrontSums {
        network: network.partial(),
        transport: transport.partial(),
    }
}

impl FlowHeader {
    /// The headers of a flow whose next hop is at `to`. `None` for IPv6, which the stack does not carry yet.
    pub(crate) fn new(ends: &Ends, from: EthernetAddress, to: EthernetAddress) -> Option<Self> {
        let Ends::V4(ends) = ends else {
            return None;
        };
        let mut front = FRONT;
        let sums = write_front(&mut front, ends, from, to);
        Some(Self { front, sums })
    }

    /// [Writes](FrontSums::write) the headers of a segment behind a copy of the front.
    #[inline]
    pub(crate) fn write(
        &self,
        out: &mut [u8; HEADERS],
        header: &SegmentHeader,
        header_length: usize,
        payload_length: usize,
    ) -> Sum {
        out[..SEQUENCE].copy_from_slice(&self.front);
        self.sums.write(out, header, header_length, payload_length)
    }

    /// The folded sum of the pseudo-header of a segment of `length` bytes, which is all that an offloading device wants.
    #[inline(never)]
    pub(crate) fn pseudo_header(&self, length: usize) -> u16 {
        let [.., a, b, c, d, e, f, g, h, _, _, _, _] = self.front;
        let [source, destination] = [[a, b, c, d], [e, f, g, h]].map(IpAddr::from);
        Sum::pseudo_header(source, destination, ipv4::TCP, length as u32).partial()
    }
}

impl FrontSums {
    /// Writes the headers of a segment behind its front, but for the TCP header's options, which are counted in `header_length`, and its
    /// checksum, which is left 0. Returns the sum of what was written of the TCP header, and of the pseudo-header.
    #[inline]
    pub(crate) fn write(
        self,
        out: &mut [u8; HEADERS],
        header: &SegmentHeader,
        header_length: usize,
        payload_length: usize,
    ) -> Sum {
        let length = (header_length + payload_length) as u16;
        self.write_network(out, length, header.ecn);

        let [window_high, window_low] = header.wnd.to_be_bytes();
        let data_offset = (header_length as u8 / 4) << 4;
        let words = [
            header.seq.0,
            header.ack.0,
            u32::from_be_bytes([data_offset, header.flags.0, window_high, window_low]),
        ];
        let mut sum = Sum::new();
        sum.add_u16(self.transport);
        sum.add_u16(length);
        let places = out[SEQUENCE..].as_chunks_mut::<4>().0;
        for (place, word) in places.iter_mut().zip(words) {
            *place = word.to_be_bytes();
            sum.add_u32(word);
        }
        out[CHECKSUM_AND_URGENT..].fill(0);
        sum
    }

    /// The IPv4 header's ECN field, total length and checksum.
    #[inline]
    fn write_network(self, out: &mut [u8; HEADERS], payload_length: u16, ecn: Ecn) {
        let total_length = ipv4::HEADER_LENGTH as u16 + payload_length;
        let mut sum = Sum::new();
        sum.add_u16(self.network);
        sum.add_u16(payload_length);
        sum.add_u16(u16::from(ecn as u8));
        out[DS_FIELD] = ecn as u8;
        out[TOTAL_LENGTH..TOTAL_LENGTH + 2].copy_from_slice(&total_length.to_be_bytes());
        out[NETWORK_CHECKSUM..NETWORK_CHECKSUM + 2].copy_from_slice(&sum.finish().to_be_bytes());
    }
}
