//! Datagrams that were never cut (`UDP_SEGMENT` of udp(7)): a sender on the host hands over many as one, a NIC would cut them,
//! and so do we, because the boundaries between datagrams mean something to their receiver.

use super::ring::Slot;
use periplus_wire::checksum::Sum;
use periplus_wire::ethernet::{self, EtherType, EthernetHeader};
use periplus_wire::ipv4::{self, Ipv4Header};
use periplus_wire::udp;
use std::net::Ipv4Addr;

const NETWORK: usize = ethernet::HEADER_LENGTH;
const LONGEST_HEADERS: usize = NETWORK + ipv4::MAX_HEADER_LENGTH + udp::HEADER_LENGTH;

/// A frame that stands for several, each with one datagram.
#[derive(Debug)]
pub(super) struct Datagrams<'a> {
    headers: &'a [u8],
    data: &'a [u8],
    /// Bytes of data in each datagram but the last.
    size: usize,
    /// Where in the headers UDP's begins.
    transport: usize,
    source: Ipv4Addr,
    destination: Ipv4Addr,
}

/// The headers of one of the frames.
#[derive(Debug)]
pub(super) struct Headers {
    bytes: [u8; LONGEST_HEADERS],
    length: usize,
}

impl Headers {
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl<'a> Datagrams<'a> {
    /// The datagrams in `slot`, if it holds several. IPv6 is left as it is: the stack does not speak it.
    pub(super) fn of(slot: &Slot<'a>) -> Option<Self> {
        Self::in_frame(slot.frame, slot.virtio.udp_segmentation()?.into())
    }

    fn in_frame(frame: &'a [u8], size: usize) -> Option<Self> {
        let (header, packet) = EthernetHeader::parse(frame).ok()?;
        if header.ether_type() != EtherType::IPV4 {
            return None;
        }
        let (header, payload) = Ipv4Header::parse(packet).ok()?;
        let transport = NETWORK + header.header_length();
        let start = transport + udp::HEADER_LENGTH;
        if header.protocol() != ipv4::UDP || payload.len() <= udp::HEADER_LENGTH {
            return None;
        }
        Some(Self {
            headers: &frame[..start],
            data: &payload[udp::HEADER_LENGTH..],
            size,
            transport,
            source: header.source(),
            destination: header.destination(),
        })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.data.len().div_ceil(self.size)
    }

    /// The headers and the data of one of them, its checksum partial: it never left the host, or was verified.
    pub(super) fn get(&self, index: usize) -> (Headers, &'a [u8]) {
        let start = (index * self.size).min(self.data.len());
        let end = (start + self.size).min(self.data.len());
        let data = &self.data[start..end];
        let mut headers = Headers {
            bytes: [0; LONGEST_HEADERS],
            length: self.headers.len(),
        };
        headers.bytes[..headers.length].copy_from_slice(self.headers);
        let (network, datagram) = headers.bytes[NETWORK..].split_at_mut(self.transport - NETWORK);

        let length = (udp::HEADER_LENGTH + data.len()) as u16;
        let total_length = network.len() as u16 + length;
        network[2..4].copy_from_slice(&total_length.to_be_bytes());
        let identification = u16::from_be_bytes([network[4], network[5]]);
        let identification = identification.wrapping_add(index as u16);
        network[4..6].copy_from_slice(&identification.to_be_bytes());
        ipv4::write_checksum(network);

        let (source, destination) = (self.source.into(), self.destination.into());
        let sum = Sum::pseudo_header(source, destination, ipv4::UDP, length.into());
        datagram[4..6].copy_from_slice(&length.to_be_bytes());
        datagram[6..8].copy_from_slice(&sum.partial().to_be_bytes());
        (headers, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use periplus_ring::complete_checksum;
    use periplus_wire::ethernet::EthernetAddress;
    use periplus_wire::ipv4::Ipv4Fields;

    const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    fn frame(data: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 34 + udp::HEADER_LENGTH + data.len()];
        let station = |n| EthernetAddress([2, 0, 0, 0, 0, n]);
        ethernet::write(&mut frame, station(2), station(1), EtherType::IPV4);
        let fields = Ipv4Fields {
            source: CLIENT,
            destination: SERVER,
            protocol: ipv4::UDP,
            ttl: 64,
            identification: 0xffff,
            dont_fragment: true,
            ecn_dscp: 0,
            payload_length: (udp::HEADER_LENGTH + data.len()) as u16,
        };
        fields.write(&mut frame[NETWORK..]);
        frame[34 + udp::HEADER_LENGTH..].copy_from_slice(data);
        udp::write(&mut frame[34..], (CLIENT, 5000).into(), (SERVER, 53).into());
        frame
    }

    #[test]
    fn each_is_a_packet_of_its_own() {
        let whole = frame(b"first.second.rest");
        let datagrams = Datagrams::in_frame(&whole, 6).unwrap();
        assert_eq!(datagrams.count(), 3);
        for (index, expected) in [&b"first."[..], b"second", b".rest"]
            .into_iter()
            .enumerate()
        {
            let (headers, data) = datagrams.get(index);
            assert_eq!(data, expected);
            let mut one = [headers.as_slice(), data].concat();
            complete_checksum(&mut one, 34, 6);
            let (_, packet) = EthernetHeader::parse(&one).unwrap();
            assert!(ipv4::verify_checksum(packet));
            let (header, datagram) = Ipv4Header::parse(packet).unwrap();
            assert_eq!(header.total_length(), packet.len());
            assert!(udp::verify_checksum(CLIENT.into(), SERVER.into(), datagram));
            let (_, payload) = udp::UdpHeader::parse(datagram).unwrap();
            assert_eq!(payload, expected);
        }
    }

    #[test]
    fn what_is_no_datagram_is_left_as_it_is() {
        assert!(Datagrams::in_frame(&[0; 60], 6).is_none());
        assert!(Datagrams::in_frame(&frame(b""), 6).is_none());
        let mut tcp = frame(b"data");
        tcp[NETWORK + 9] = ipv4::TCP;
        assert!(Datagrams::in_frame(&tcp, 6).is_none());
    }
}
