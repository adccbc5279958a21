//! A UDP datagram, taken out of a frame or put into one.

use periplus_wire::ethernet::{self, EtherType, EthernetAddress, EthernetHeader};
use periplus_wire::ipv4::{self, Ipv4Fields, Ipv4Header};
use periplus_wire::udp::{self, UdpHeader};
use std::net::SocketAddrV4;

/// A UDP datagram and between whom it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Sender.
    pub source: SocketAddrV4,
    /// Receiver.
    pub destination: SocketAddrV4,
    /// Data.
    pub data: Vec<u8>,
}

impl Datagram {
    /// The datagram in an Ethernet frame, if there is one. Checksums are not looked at.
    pub fn from_frame(frame: &[u8]) -> Option<Self> {
        let (ethernet, packet) = EthernetHeader::parse(frame).ok()?;
        if ethernet.ether_type() != EtherType::IPV4 {
            return None;
        }
        let (ip, payload) = Ipv4Header::parse(packet).ok()?;
        if ip.protocol() != ipv4::UDP {
            return None;
        }
        let (header, data) = UdpHeader::parse(payload).ok()?;
        Some(Self {
            source: SocketAddrV4::new(ip.source(), header.source_port()),
            destination: SocketAddrV4::new(ip.destination(), header.destination_port()),
            data: data.to_vec(),
        })
    }

    /// The datagram as an Ethernet frame, checksums complete.
    pub fn to_frame(&self, from: EthernetAddress, to: EthernetAddress) -> Vec<u8> {
        let udp_length = udp::HEADER_LENGTH + self.data.len();
        let mut frame = vec![0; ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH + udp_length];
        ethernet::write(&mut frame, to, from, EtherType::IPV4);
        let packet = &mut frame[ethernet::HEADER_LENGTH..];
        let ip = Ipv4Fields {
            source: *self.source.ip(),
            destination: *self.destination.ip(),
            protocol: ipv4::UDP,
            ttl: 64,
            identification: 0,
            dont_fragment: true,
            ecn_dscp: 0,
            payload_length: udp_length as u16,
        };
        ip.write(packet);
        let datagram = &mut packet[ipv4::HEADER_LENGTH..];
        datagram[udp::HEADER_LENGTH..].copy_from_slice(&self.data);
        udp::write(datagram, self.source.into(), self.destination.into());
        frame
    }
}
