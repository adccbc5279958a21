//! A TCP segment in its frame, made or taken apart.

use periplus_wire::ethernet::{self, EtherType, EthernetAddress, EthernetHeader};
use periplus_wire::ipv4::{self, Ipv4Fields, Ipv4Header};
use periplus_wire::tcp::{self, TcpFields, TcpFlags, TcpHeader, TcpOptions};
use periplus_wire::{Ecn, SeqNum};
use std::net::SocketAddrV4;

/// A segment and between whom it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Who sends it.
    pub source: SocketAddrV4,
    /// Who gets it.
    pub destination: SocketAddrV4,
    /// SEG.SEQ.
    pub seq: SeqNum,
    /// SEG.ACK, written whatever the flags say.
    pub ack: SeqNum,
    /// Control bits.
    pub flags: TcpFlags,
    /// The window field, not scaled.
    pub window: u16,
    /// Options.
    pub options: TcpOptions,
    /// The ECN field of its packet.
    pub ecn: Ecn,
    /// Text.
    pub text: Vec<u8>,
}

impl Packet {
    /// A segment without anything but its numbers.
    pub fn new(source: SocketAddrV4, destination: SocketAddrV4, seq: SeqNum) -> Self {
        Self {
            source,
            destination,
            seq,
            ack: SeqNum(0),
            flags: TcpFlags::NONE,
            window: 0,
            options: TcpOptions::default(),
            ecn: Ecn::NotEct,
            text: Vec::new(),
        }
    }

    /// The segment in `frame`, if there is one and its checksums are right.
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let (link, packet) = EthernetHeader::parse(frame).ok()?;
        if link.ether_type() != EtherType::IPV4 || !ipv4::verify_checksum(packet) {
            return None;
        }
        let (ip, payload) = Ipv4Header::parse(packet).ok()?;
        let (from, to) = (ip.source(), ip.destination());
        if ip.protocol() != ipv4::TCP
            || ip.is_fragment()
            || !tcp::verify_checksum(from.into(), to.into(), payload)
        {
            return None;
        }
        let (header, options, text) = TcpHeader::parse(payload).ok()?;
        Some(Self {
            source: SocketAddrV4::new(from, header.source_port()),
            destination: SocketAddrV4::new(to, header.destination_port()),
            seq: header.sequence(),
            ack: header.acknowledgment(),
            flags: header.flags(),
            window: header.window(),
            options: TcpOptions::parse(options),
            ecn: ip.ecn(),
            text: text.to_vec(),
        })
    }

    /// Whether it has all of `flags`.
    pub fn has(&self, flags: TcpFlags) -> bool {
        self.flags.contains(flags)
    }

    /// SEG.LEN: SYN and FIN count.
    pub fn length(&self) -> u32 {
        let flags = [TcpFlags::SYN, TcpFlags::FIN];
        let counted = flags.iter().filter(|flag| self.has(**flag)).count();
        (self.text.len() + counted) as u32
    }

    /// The number after it.
    pub fn end(&self) -> SeqNum {
        self.seq + self.length()
    }

    /// As a frame, checksums complete.
    pub fn to_frame(&self, from: EthernetAddress, to: EthernetAddress) -> Vec<u8> {
        let mut options = [0; tcp::MAX_OPTIONS_LENGTH];
        let length = self.options.write(&mut options);
        self.to_frame_with(from, to, &options[..length])
    }

    /// The same with other option bytes, at most 40 and a multiple of 4, whatever they mean.
    pub fn to_frame_with(
        &self,
        from: EthernetAddress,
        to: EthernetAddress,
        options: &[u8],
    ) -> Vec<u8> {
        let header_length = tcp::HEADER_LENGTH + options.len();
        let tcp_length = header_length + self.text.len();
        let start = ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH;
        let mut frame = vec![0; start + tcp_length];
        ethernet::write(&mut frame, to, from, EtherType::IPV4);
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
        ip.write(&mut frame[ethernet::HEADER_LENGTH..]);
        let segment = &mut frame[start..];
        let fields = TcpFields {
            source_port: self.source.port(),
            destination_port: self.destination.port(),
            sequence: self.seq,
            acknowledgment: self.ack,
            flags: self.flags,
            window: self.window,
        };
        fields.write(segment, &TcpOptions::default());
        segment[12] = (header_length as u8 / 4) << 4;
        segment[tcp::HEADER_LENGTH..header_length].copy_from_slice(options);
        segment[header_length..].copy_from_slice(&self.text);
        sum(segment, self);
        frame
    }
}

/// Completes the checksum of `segment`, which is of `packet`.
fn sum(segment: &mut [u8], packet: &Packet) {
    let (source, destination) = (*packet.source.ip(), *packet.destination.ip());
    tcp::write_checksum(source.into(), destination.into(), segment);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn what_is_written_is_read_and_damage_is_seen() {
        let address = |n| SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, n), 80);
        let mut packet = Packet::new(address(1), address(2), SeqNum(7));
        packet.flags = TcpFlags::ACK | TcpFlags::FIN;
        packet.options.sack.push(SeqNum(1), SeqNum(2));
        packet.text = b"text".to_vec();
        let station = |n| EthernetAddress([2, 0, 0, 0, 0, n]);
        let mut frame = packet.to_frame(station(1), station(2));
        assert_eq!(Packet::parse(&frame).as_ref(), Some(&packet));
        assert_eq!(packet.end(), SeqNum(12));
        let last = frame.len() - 1;
        frame[last] ^= 1;
        assert_eq!(Packet::parse(&frame), None);
    }
}
