//! TCP segments as frames, with options that nobody has to be able to read.

use periplus_wire::ethernet::{self, EtherType, EthernetAddress, EthernetHeader};
use periplus_wire::ipv4::{self, Ipv4Fields, Ipv4Header};
use periplus_wire::tcp::{self, TcpFields, TcpFlags, TcpHeader, TcpOptions};
use periplus_wire::{SeqNum, icmpv4, udp};
use std::net::{Ipv4Addr, SocketAddrV4};

/// The shard's address.
pub(crate) const STACK: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The peers' address.
pub(crate) const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
pub(crate) const STACK_ETHERNET: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
pub(crate) const PEER_ETHERNET: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);

/// Where in a frame the IPv4 packet begins, and its payload where there are no options.
pub(crate) const NETWORK: usize = ethernet::HEADER_LENGTH;
pub(crate) const TRANSPORT: usize = NETWORK + ipv4::HEADER_LENGTH;

/// A TCP segment.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) source: SocketAddrV4,
    pub(crate) destination: SocketAddrV4,
    pub(crate) sequence: SeqNum,
    pub(crate) acknowledgment: SeqNum,
    pub(crate) flags: TcpFlags,
    pub(crate) window: u16,
    /// As they stand in the header, but for the padding to four bytes.
    pub(crate) options: Vec<u8>,
    pub(crate) ecn: u8,
    pub(crate) text: Vec<u8>,
}

impl Segment {
    /// The segment as a frame from the peers to the shard.
    pub(crate) fn to_frame(&self) -> Vec<u8> {
        let options = &self.options[..self.options.len().min(tcp::MAX_OPTIONS_LENGTH)];
        let header_length = tcp::HEADER_LENGTH + options.len().next_multiple_of(4);
        let mut frame = frame_of(
            (*self.source.ip(), *self.destination.ip()),
            ipv4::TCP,
            header_length + self.text.len(),
        );
        frame[NETWORK + 1] = self.ecn & 3;
        let segment = &mut frame[TRANSPORT..];
        let fields = TcpFields {
            source_port: self.source.port(),
            destination_port: self.destination.port(),
            sequence: self.sequence,
            acknowledgment: self.acknowledgment,
            flags: self.flags,
            window: self.window,
        };
        fields.write(segment, &TcpOptions::default());
        segment[12] = ((header_length / 4) << 4) as u8;
        segment[tcp::HEADER_LENGTH..][..options.len()].copy_from_slice(options);
        segment[header_length..].copy_from_slice(&self.text);
        repair(&mut frame);
        frame
    }

    /// The segment in a frame, if there is one.
    pub(crate) fn from_frame(frame: &[u8]) -> Option<Self> {
        let (ethernet, packet) = EthernetHeader::parse(frame).ok()?;
        if ethernet.ether_type() != EtherType::IPV4 {
            return None;
        }
        let (ip, payload) = Ipv4Header::parse(packet).ok()?;
        if ip.protocol() != ipv4::TCP || ip.is_fragment() {
            return None;
        }
        let (header, options, text) = TcpHeader::parse(payload).ok()?;
        Some(Self {
            source: SocketAddrV4::new(ip.source(), header.source_port()),
            destination: SocketAddrV4::new(ip.destination(), header.destination_port()),
            sequence: header.sequence(),
            acknowledgment: header.acknowledgment(),
            flags: header.flags(),
            window: header.window(),
            options: options.to_vec(),
            ecn: ip.ecn() as u8,
            text: text.to_vec(),
        })
    }

    pub(crate) fn has(&self, flag: TcpFlags) -> bool {
        self.flags.contains(flag)
    }
}

/// A frame from the peers' host with an IPv4 header, between these two, and room for `length` bytes.
pub(crate) fn frame_of(
    (source, destination): (Ipv4Addr, Ipv4Addr),
    protocol: u8,
    length: usize,
) -> Vec<u8> {
    let mut frame = vec![0; TRANSPORT + length];
    ethernet::write(&mut frame, STACK_ETHERNET, PEER_ETHERNET, EtherType::IPV4);
    let ip = Ipv4Fields {
        source,
        destination,
        protocol,
        ttl: 64,
        identification: 0,
        dont_fragment: true,
        ecn_dscp: 0,
        payload_length: length as u16,
    };
    ip.write(&mut frame[NETWORK..]);
    frame
}

/// Puts right what checksums the frame has, as far as it can be read.
pub(crate) fn repair(frame: &mut [u8]) {
    let Some(packet) = frame.get_mut(NETWORK..) else {
        return;
    };
    let Ok((header, _)) = Ipv4Header::parse_quoted(packet) else {
        return;
    };
    let (source, destination) = (header.source().into(), header.destination().into());
    let (start, end) = (header.header_length(), header.total_length());
    let protocol = header.protocol();
    if packet.len() >= start {
        ipv4::write_checksum(packet);
    }
    let Some(payload) = packet.get_mut(start..end) else {
        return;
    };
    match protocol {
        ipv4::TCP if payload.len() >= tcp::HEADER_LENGTH => {
            tcp::write_checksum(source, destination, payload);
        }
        ipv4::UDP => repair_datagram(payload, source, destination),
        ipv4::ICMP if payload.len() >= icmpv4::HEADER_LENGTH => {
            payload[2..4].fill(0);
            let mut sum = periplus_wire::checksum::Sum::new();
            sum.add(payload);
            payload[2..4].copy_from_slice(&sum.finish().to_be_bytes());
        }
        _ => {}
    }
}

fn repair_datagram(payload: &mut [u8], source: std::net::IpAddr, destination: std::net::IpAddr) {
    let Ok((header, _)) = udp::UdpHeader::parse(payload) else {
        return;
    };
    let (from, to, length) = (
        header.source_port(),
        header.destination_port(),
        header.length(),
    );
    let datagram = &mut payload[..length];
    udp::write(datagram, (source, from).into(), (destination, to).into());
}
