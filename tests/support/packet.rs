//! Frames that are neither TCP nor UDP.

use crate::{PEER, PEER_ETHERNET, STACK, STACK_ETHERNET};
use periplus_wire::ethernet::{self, EtherType};
use periplus_wire::ipv4::{self, Ipv4Fields};

/// The frame of a packet of `protocol` from the peers' host.
pub fn packet(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH];
    ethernet::write(&mut frame, STACK_ETHERNET, PEER_ETHERNET, EtherType::IPV4);
    let fields = Ipv4Fields {
        source: PEER,
        destination: STACK,
        protocol,
        ttl: 64,
        identification: 0,
        dont_fragment: true,
        ecn_dscp: 0,
        payload_length: payload.len() as u16,
    };
    fields.write(&mut frame[ethernet::HEADER_LENGTH..]);
    frame.extend_from_slice(payload);
    frame
}
