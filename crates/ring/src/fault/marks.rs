//! What a congested router does to packets whose senders understand it: it marks instead of losing them (RFC 3168 5).

use super::random::Random;
use periplus_wire::Ecn;
use periplus_wire::ethernet::{self, EtherType, EthernetHeader};
use periplus_wire::ipv4::{self, Ipv4Header};

/// Marks by chance, with numbers of its own.
#[derive(Debug)]
pub(super) struct Marker(Random);

impl Marker {
    pub(super) fn new(seed: u64) -> Self {
        Self(Random::new(seed ^ 0x6d61_726b_7321_2121))
    }

    /// Marks `frame` with `probability`, if it may be marked. Returns whether it did.
    pub(super) fn mark(&mut self, frame: &mut [u8], probability: f64) -> bool {
        if probability == 0.0 || !self.0.chance(probability) || !may_be_marked(frame) {
            return false;
        }
        let packet = &mut frame[ethernet::HEADER_LENGTH..];
        ipv4::write_ecn(packet, Ecn::Ce);
        ipv4::write_checksum(packet);
        true
    }
}

fn may_be_marked(frame: &[u8]) -> bool {
    let Ok((header, packet)) = EthernetHeader::parse(frame) else {
        return false;
    };
    header.ether_type() == EtherType::IPV4
        && Ipv4Header::parse(packet).is_ok_and(|(ip, _)| matches!(ip.ecn(), Ecn::Ect0 | Ecn::Ect1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::segment;

    fn packet(ecn: Ecn) -> Vec<u8> {
        let mut frame = segment(b"text");
        let packet = &mut frame[ethernet::HEADER_LENGTH..];
        ipv4::write_ecn(packet, ecn);
        ipv4::write_checksum(packet);
        frame
    }

    #[test]
    fn only_who_says_so_is_marked_and_the_header_stays_right() {
        let mut marker = Marker::new(1);
        for (ecn, expected) in [(Ecn::Ect0, true), (Ecn::Ect1, true), (Ecn::NotEct, false)] {
            let mut frame = packet(ecn);
            assert_eq!(marker.mark(&mut frame, 1.0), expected);
            let packet = &frame[ethernet::HEADER_LENGTH..];
            let marked = Ipv4Header::parse(packet).unwrap().0.ecn() == Ecn::Ce;
            assert_eq!(marked, expected);
            assert!(ipv4::verify_checksum(packet));
        }
    }

    #[test]
    fn with_no_probability_nothing_is() {
        assert!(!Marker::new(1).mark(&mut packet(Ecn::Ect0), 0.0));
        assert!(!Marker::new(1).mark(&mut [0; 3], 1.0));
    }
}
