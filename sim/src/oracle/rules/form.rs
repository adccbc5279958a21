//! Frames are well formed.

use crate::oracle::frame::Packet;
use crate::oracle::segment::Segment;
use etherparse::TcpSlice;

/// What is wrong with the IP header of a packet that the host sent.
pub(in crate::oracle) fn internet(packet: &Packet<'_>, wrong: &mut Vec<String>) {
    let header = &packet.header;
    if !packet.header_is_whole() {
        wrong.push("RFC 791 3.1: the IP header's checksum is wrong".into());
    }
    if header.slice()[6] & 0x80 != 0 {
        wrong.push("RFC 791 3.1: the reserved bit of the IP header is set".into());
    }
    if header.ttl() == 0 {
        wrong.push("RFC 1122 3.2.1.7: sent with a time to live of 0".into());
    }
    if header.dont_fragment() && header.is_fragmenting_payload() {
        wrong.push("RFC 791 2.3: a fragment of what must not be fragmented".into());
    }
    let source = header.source_addr();
    if source.is_multicast() || source.is_broadcast() {
        wrong.push(format!("RFC 1122 3.2.1.3: {source} cannot be a source"));
    }
}

/// What is wrong with a TCP header by itself.
pub(in crate::oracle) fn transport(
    packet: &Packet<'_>,
    tcp: &TcpSlice<'_>,
    segment: &Segment<'_>,
    wrong: &mut Vec<String>,
) {
    if !packet.tcp_is_whole(tcp) {
        wrong.push("RFC 9293 3.1 (MUST-2): TCP's checksum is wrong".into());
    }
    if tcp.source_port() == 0 || tcp.destination_port() == 0 {
        wrong.push("RFC 6335 6: port 0 is nobody's".into());
    }
    // NS was one of the reserved bits, and is one again (RFC 8311 3.3).
    if tcp.header_slice()[12] & 0x0e != 0 {
        wrong.push("RFC 9293 3.1: reserved control bits are set".into());
    }
    let flags = segment.flags;
    let combined = u8::from(flags.syn) + u8::from(flags.fin) + u8::from(flags.rst);
    if combined > 1 {
        wrong.push(format!("RFC 9293 3.10: no state sends {flags:?}"));
    }
    if !flags.ack && !flags.rst && !flags.syn {
        wrong.push("RFC 9293 3.1: once a connection is established, ACK is always sent".into());
    }
}
