use super::*;
use crate::ethernet::{self, EtherType, EthernetAddress};
use crate::ipv4::Ipv4Fields;
use crate::tcp::{self, TcpFields, TcpOptions, Timestamps};
use proptest::prelude::*;
use std::net::Ipv4Addr;

const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const STATION: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);

/// A segment, as its frame is made.
#[derive(Clone)]
struct Sent {
    sequence: u32,
    acknowledgment: u32,
    flags: TcpFlags,
    window: u16,
    port: u16,
    timestamp: Option<u32>,
    ecn_dscp: u8,
    identification: u16,
    length: usize,
}

impl Sent {
    /// The first one: up to the end of the sequence space.
    fn first() -> Self {
        Self {
            sequence: u32::MAX - 999,
            acknowledgment: 2000,
            flags: TcpFlags::ACK,
            window: 512,
            port: 40_000,
            timestamp: Some(7),
            ecn_dscp: 0,
            identification: 7,
            length: 1000,
        }
    }

    /// What comes next after it.
    fn next() -> Self {
        Self {
            sequence: 0,
            identification: 8,
            ..Self::first()
        }
    }

    fn frame(&self) -> Vec<u8> {
        let options = TcpOptions {
            timestamps: self.timestamp.map(|value| Timestamps {
                value,
                echo_reply: 1,
            }),
            ..TcpOptions::default()
        };
        let header_length = tcp::HEADER_LENGTH + options.encoded_length();
        let mut frame = vec![0; TRANSPORT + header_length + self.length];
        ethernet::write(&mut frame, STATION, STATION, EtherType::IPV4);
        let ip = Ipv4Fields {
            source: CLIENT,
            destination: SERVER,
            protocol: ipv4::TCP,
            ttl: 64,
            identification: self.identification,
            dont_fragment: true,
            ecn_dscp: self.ecn_dscp,
            payload_length: (header_length + self.length) as u16,
        };
        ip.write(&mut frame[NETWORK..]);
        let fields = TcpFields {
            source_port: self.port,
            destination_port: 80,
            sequence: SeqNum(self.sequence),
            acknowledgment: SeqNum(self.acknowledgment),
            flags: self.flags,
            window: self.window,
        };
        fields.write(&mut frame[TRANSPORT..], &options);
        for (number, byte) in frame[TRANSPORT + header_length..].iter_mut().enumerate() {
            *byte = number as u8;
        }
        tcp::write_checksum(CLIENT.into(), SERVER.into(), &mut frame[TRANSPORT..]);
        frame
    }
}

fn of(frame: &[u8]) -> Continuation {
    let (headers, options) = OrdinaryHeaders::parse(frame, frame.len(), STATION).expect("ordinary");
    Continuation::of(headers, options)
}

/// The bytes of data that `frame` brings, if it continues the first segment and is not damaged.
fn found(frame: &[u8], most: usize) -> Option<usize> {
    let continuation = of(&Sent::first().frame());
    let found = continuation.find(frame, most)?;
    continuation
        .is_checksum_right(frame, &found)
        .then(|| found.text.len())
}

#[test]
fn the_next_text_continues_a_segment_whether_or_not_it_is_pushed_and_whatever_its_length() {
    for (length, flags) in [
        (1000, TcpFlags::ACK),
        (1, TcpFlags::ACK | TcpFlags::PSH),
        (1448, TcpFlags::ACK),
    ] {
        let next = Sent {
            length,
            flags,
            ..Sent::next()
        };
        assert_eq!(found(&next.frame(), length), Some(length));
        assert_eq!(found(&next.frame(), length - 1), None, "beyond the window");
        let mut padded = next.frame();
        padded.extend([0xee; 6]);
        assert_eq!(found(&padded, length), Some(length));
    }
}

#[test]
fn one_after_the_other_is_found() {
    let mut continuation = of(&Sent::first().frame());
    for sequence in [0, 1000, 2000] {
        let next = Sent {
            sequence,
            ..Sent::next()
        };
        let frame = next.frame();
        let found = continuation.find(&frame, 5000).expect("the next");
        continuation.advance(&found);
        assert!(continuation.find(&frame, 5000).is_none(), "again");
    }
}

#[test]
fn whatever_says_something_else_does_not_continue_it() {
    let next = Sent::next;
    let others = [
        Sent {
            sequence: 1,
            ..next()
        },
        Sent {
            sequence: u32::MAX,
            ..next()
        },
        Sent {
            acknowledgment: 2001,
            ..next()
        },
        Sent {
            flags: TcpFlags::ACK | TcpFlags::FIN,
            ..next()
        },
        Sent {
            flags: TcpFlags::ACK | TcpFlags::ECE,
            ..next()
        },
        Sent {
            flags: TcpFlags::ACK | TcpFlags::CWR,
            ..next()
        },
        Sent {
            flags: TcpFlags::ACK | TcpFlags::RST,
            ..next()
        },
        Sent {
            window: 513,
            ..next()
        },
        Sent {
            port: 40_001,
            ..next()
        },
        Sent {
            timestamp: Some(8),
            ..next()
        },
        Sent {
            timestamp: None,
            ..next()
        },
        Sent {
            ecn_dscp: 3,
            ..next()
        },
        Sent {
            length: 0,
            ..next()
        },
    ];
    for (number, other) in others.iter().enumerate() {
        assert_eq!(found(&other.frame(), 5000), None, "number {number}");
    }
}

proptest! {
    /// What flips is a header's word, the text's, or one of a sum over them: none of it passes.
    #[test]
    fn a_frame_with_a_flipped_bit_is_not_found_or_its_checksum_is_wrong(bit in 0..8 * 1066usize) {
        let mut frame = Sent::next().frame();
        prop_assert_eq!(frame.len(), 1066);
        frame[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(found(&frame, 5000), None);
    }

    #[test]
    fn a_frame_cut_short_is_not_found(length in 0..1066usize) {
        prop_assert_eq!(found(&Sent::next().frame()[..length], 5000), None);
    }

    #[test]
    fn any_bytes_are_looked_at_without_harm(frame in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(found(&frame, 5000), None);
    }
}
