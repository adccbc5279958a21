//! A TCP segment, taken out of a frame or put into one.

use periplus_wire::ethernet::{self, EtherType, EthernetAddress, EthernetHeader};
use periplus_wire::ipv4::{self, Ipv4Fields, Ipv4Header};
use periplus_wire::tcp::{self, TcpFields, TcpFlags, TcpHeader, TcpOptions};
use periplus_wire::{Ecn, SeqNum, checksum, udp};
use std::net::SocketAddrV4;

/// A TCP segment and between whom it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Sender.
    pub source: SocketAddrV4,
    /// Receiver.
    pub destination: SocketAddrV4,
    /// SEG.SEQ.
    pub sequence: SeqNum,
    /// SEG.ACK, if [`flags`](Self::flags) has ACK.
    pub acknowledgment: SeqNum,
    /// Control bits.
    pub flags: TcpFlags,
    /// SEG.WND as it stands in the header, unscaled.
    pub window: u16,
    /// Options.
    pub options: TcpOptions,
    /// Options as they were on the wire; empty where the segment was not there yet.
    pub option_bytes: Vec<u8>,
    /// The ECN field of its packet.
    pub ecn: Ecn,
    /// Data.
    pub data: Vec<u8>,
}

impl Segment {
    /// The segment in an Ethernet frame, if there is one. Checksums are not looked at.
    pub fn from_frame(frame: &[u8]) -> Option<Self> {
        let (ethernet, packet) = EthernetHeader::parse(frame).ok()?;
        if ethernet.ether_type() != EtherType::IPV4 {
            return None;
        }
        let (ip, payload) = Ipv4Header::parse(packet).ok()?;
        if ip.protocol() != ipv4::TCP {
            return None;
        }
        let (header, options, data) = TcpHeader::parse(payload).ok()?;
        Some(Self {
            source: SocketAddrV4::new(ip.source(), header.source_port()),
            destination: SocketAddrV4::new(ip.destination(), header.destination_port()),
            sequence: header.sequence(),
            acknowledgment: header.acknowledgment(),
            flags: header.flags(),
            window: header.window(),
            options: TcpOptions::parse(options),
            option_bytes: options.to_vec(),
            ecn: ip.ecn(),
            data: data.to_vec(),
        })
    }

    /// The segment as an Ethernet frame, checksums complete.
    pub fn to_frame(&self, from: EthernetAddress, to: EthernetAddress) -> Vec<u8> {
        let tcp_length = tcp::HEADER_LENGTH + self.options.encoded_length() + self.data.len();
        let mut frame = vec![0; ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH + tcp_length];
        ethernet::write(&mut frame, to, from, EtherType::IPV4);
        let packet = &mut frame[ethernet::HEADER_LENGTH..];
        let ip = Ipv4Fields {
            source: *self.source.ip(),
            destination: *self.destination.ip(),
            protocol: ipv4::TCP,
            ttl: 64,
            identification: 0,
            dont_fragment: true,
            ecn_dscp: self.ecn as u8,
            payload_length: tcp_length as u16,
        };
        ip.write(packet);
        let segment = &mut packet[ipv4::HEADER_LENGTH..];
        let fields = TcpFields {
            source_port: self.source.port(),
            destination_port: self.destination.port(),
            sequence: self.sequence,
            acknowledgment: self.acknowledgment,
            flags: self.flags,
            window: self.window,
        };
        let header_length = fields.write(segment, &self.options);
        segment[header_length..].copy_from_slice(&self.data);
        let (source, destination) = ((*self.source.ip()).into(), (*self.destination.ip()).into());
        tcp::write_checksum(source, destination, segment);
        frame
    }

    /// Whether the segment's flags are exactly these.
    pub fn is(&self, flags: TcpFlags) -> bool {
        self.flags == flags
    }

    /// Whether the segment carries data.
    pub fn has_data(&self) -> bool {
        !self.data.is_empty()
    }
}

/// Whether the IPv4 and TCP, UDP or ICMP checksums in a frame are right.
pub(crate) fn checksums_are_right(frame: &[u8]) -> bool {
    let Ok((ethernet, packet)) = EthernetHeader::parse(frame) else {
        return false;
    };
    if ethernet.ether_type() != EtherType::IPV4 {
        return true;
    }
    let Ok((ip, payload)) = Ipv4Header::parse(packet) else {
        return false;
    };
    let (source, destination) = (ip.source().into(), ip.destination().into());
    ipv4::verify_checksum(packet)
        && match ip.protocol() {
            ipv4::TCP => tcp::verify_checksum(source, destination, payload),
            // The stack always makes one (RFC 1122 4.1.3.4).
            ipv4::UDP => {
                let made = udp::UdpHeader::parse(payload).is_ok_and(|(udp, _)| udp.checksum() != 0);
                made && udp::verify_checksum(source, destination, payload)
            }
            _ => {
                let mut sum = checksum::Sum::new();
                sum.add(payload);
                sum.finish() == 0
            }
        }
}
