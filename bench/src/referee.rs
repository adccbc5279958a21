//! The referee: looks at every frame that comes or leaves, with other code than either stack's.
//!
//! It holds every checksum, sequence number, acknowledgment and window against what went before, and the bytes of both
//! streams against what was sent and written. What it finds wrong ends the run.

use crate::bench::Watch;
use crate::client::{CLIENT, PORT, SERVER, WINDOW_SHIFT};
use crate::content::Random;
use etherparse::{NetSlice, SlicedPacket, TcpOptionElement, TcpSlice, TransportSlice};
use std::collections::VecDeque;
use std::net::Ipv4Addr;

/// What is known of the connection.
#[derive(Debug)]
pub(crate) struct Referee {
    /// A frame in so many comes damaged first; 0 for none.
    damaged_in: usize,
    random: Random,
    /// The next number of either side, as far as it has sent.
    client: u32,
    server: u32,
    /// How far either has acknowledged the other, and may be sent to.
    client_ack: u32,
    server_ack: u32,
    client_edge: u32,
    server_edge: Option<u32>,
    shift: u8,
    timestamps: bool,
    /// What the client sent and the backend has not read.
    unread: VecDeque<u8>,
    /// What the backend wrote and has not left.
    unsent: VecDeque<u8>,
    /// Bytes of the server that leave before those: written when nobody looked.
    unseen: u64,
    /// What was looked at.
    pub(crate) frames: u64,
    pub(crate) damaged: u64,
    pub(crate) bytes: u64,
}

impl Referee {
    /// A referee from the first frame on.
    pub(crate) fn new() -> Self {
        Self {
            damaged_in: 0,
            random: Random::new(3),
            client: 0,
            server: 0,
            client_ack: 0,
            server_ack: 0,
            client_edge: 0,
            server_edge: None,
            shift: 0,
            timestamps: false,
            unread: VecDeque::new(),
            unsent: VecDeque::new(),
            unseen: 0,
            frames: 0,
            damaged: 0,
            bytes: 0,
        }
    }

    /// Looks again, from here: the next number of the client and of the server, and the bytes that are written and have
    /// not left. One frame in `damaged_in` comes damaged first.
    pub(crate) fn resume(&mut self, client: u32, server: u32, unseen: u64, damaged_in: usize) {
        (self.client, self.server) = (client, server);
        (self.client_ack, self.server_ack) = (server, client);
        self.server_edge = None;
        self.unseen = unseen;
        self.unread.clear();
        self.unsent.clear();
        self.damaged_in = damaged_in;
    }

    /// The run is over: nothing that was sent may be unread.
    pub(crate) fn rest(&self) {
        assert!(
            self.unread.is_empty(),
            "{} bytes of the client were never read",
            self.unread.len()
        );
    }
}

impl Watch for Referee {
    fn came(&mut self, frame: &[u8]) {
        let Some((from, to, segment)) = read(frame) else {
            return;
        };
        assert_eq!((from, to), (CLIENT, SERVER), "the client's addresses");
        let (seq, length) = (segment.sequence_number(), segment.payload().len() as u32);
        if segment.syn() {
            self.rest();
            self.unsent.clear();
            self.client = seq.wrapping_add(1);
            self.client_edge = segment.window_size().into();
            self.timestamps = has_timestamps(&segment);
            return;
        }
        assert_eq!(seq, self.client, "the client's next number");
        self.client = seq.wrapping_add(length + u32::from(segment.fin()));
        if let Some(edge) = self.server_edge {
            assert!(is_within(self.client, edge), "the client minds the window");
        }
        self.client_ack = segment.acknowledgment_number();
        assert!(
            is_within(self.client_ack, self.server),
            "acknowledged by the client, not sent"
        );
        let window = u32::from(segment.window_size()) << WINDOW_SHIFT;
        self.client_edge = self.client_ack.wrapping_add(window);
        self.unread.extend(segment.payload());
    }

    fn left(&mut self, frame: &[u8]) {
        self.frames += 1;
        let Some((from, to, segment)) = read(frame) else {
            return;
        };
        assert_eq!((from, to), (SERVER, CLIENT), "the server's addresses");
        assert_eq!(segment.source_port(), PORT);
        assert!(segment.ack() && !segment.rst(), "flags of {segment:?}");
        assert_eq!(
            has_timestamps(&segment),
            self.timestamps,
            "timestamps if both agreed on them, in every segment"
        );
        let (seq, payload) = (segment.sequence_number(), segment.payload());
        let ack = segment.acknowledgment_number();
        let mut window = u32::from(segment.window_size());
        if segment.syn() {
            self.agree(&segment);
            self.server = seq.wrapping_add(1);
            self.server_ack = ack;
            self.server_edge = None;
        } else {
            window <<= self.shift;
            assert_eq!(seq, self.server, "the server's next number");
            let occupied = payload.len() as u32 + u32::from(segment.fin());
            self.server = seq.wrapping_add(occupied);
            let end = seq.wrapping_add(payload.len() as u32);
            assert!(
                is_within(end, self.client_edge),
                "beyond the client's window"
            );
            self.sent(payload);
        }
        assert!(
            is_within(ack, self.client),
            "acknowledged by the server, not sent"
        );
        assert!(
            is_within(self.server_ack, ack),
            "the acknowledgment went back"
        );
        self.server_ack = ack;
        let edge = ack.wrapping_add(window);
        if let Some(before) = self.server_edge {
            assert!(
                is_within(before, edge),
                "the window's right edge moved left"
            );
        }
        self.server_edge = Some(edge);
    }

    fn read(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let sent = self.unread.drain(..bytes.len().min(self.unread.len()));
        assert!(sent.eq(bytes.iter().copied()), "read is not what was sent");
    }

    fn wrote(&mut self, bytes: &[u8]) {
        self.unsent.extend(bytes);
    }

    fn wants_damage(&mut self) -> bool {
        self.damaged_in > 0 && self.random.below(self.damaged_in) == 0
    }

    fn damage(&mut self, frame: &mut [u8]) {
        // Ethernet's own checksum is the NIC's affair, so not in its header; nor in ARP, which has none at all.
        let bit = self.random.below((frame.len() - 14) * 8);
        frame[14 + bit / 8] ^= 1 << (bit % 8);
        self.damaged += 1;
    }
}

impl Referee {
    /// The server's SYN/ACK answers every option of the client's SYN that it understands.
    fn agree(&mut self, segment: &TcpSlice<'_>) {
        let (mut mss, mut scale) = (None, None);
        for option in segment.options_iterator().flatten() {
            match option {
                TcpOptionElement::MaximumSegmentSize(size) => mss = Some(size),
                TcpOptionElement::WindowScale(shift) => scale = Some(shift),
                _ => {}
            }
        }
        assert_eq!(mss, Some(1460), "the server's MSS");
        self.shift = scale.expect("window scale was offered");
    }

    fn sent(&mut self, payload: &[u8]) {
        self.bytes += payload.len() as u64;
        let unseen = payload.len().min(self.unseen as usize);
        self.unseen -= unseen as u64;
        let payload = &payload[unseen..];
        let written = self.unsent.drain(..payload.len().min(self.unsent.len()));
        assert!(
            written.eq(payload.iter().copied()),
            "sent is not what was written"
        );
    }
}

/// The TCP segment in a frame, checksums right; `None` for ARP.
fn read(frame: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr, TcpSlice<'_>)> {
    let packet = SlicedPacket::from_ethernet(frame).expect("a frame that can be parsed");
    let ip = match packet.net {
        Some(NetSlice::Ipv4(ip)) => ip,
        Some(NetSlice::Arp(_)) => return None,
        other => panic!("neither IPv4 nor ARP: {other:?}"),
    };
    let Some(TransportSlice::Tcp(segment)) = packet.transport else {
        panic!("not TCP: {frame:02x?}");
    };
    let header = ip.header();
    assert_eq!(
        header.header_checksum(),
        header.to_header().calc_header_checksum(),
        "the IPv4 checksum of {frame:02x?}"
    );
    assert_eq!(
        frame.len(),
        14 + usize::from(header.total_len()),
        "the frame's length"
    );
    let checksum = segment
        .calc_checksum_ipv4(header.source(), header.destination())
        .expect("a segment that fits");
    assert_eq!(
        segment.checksum(),
        checksum,
        "the TCP checksum of {frame:02x?}"
    );
    Some((header.source_addr(), header.destination_addr(), segment))
}

fn has_timestamps(segment: &TcpSlice<'_>) -> bool {
    let timestamps = |option: &TcpOptionElement| matches!(option, TcpOptionElement::Timestamp(..));
    segment
        .options_iterator()
        .flatten()
        .any(|option| timestamps(&option))
}

/// Whether `number` is at or before `edge`, in sequence space.
fn is_within(number: u32, edge: u32) -> bool {
    (edge.wrapping_sub(number) as i32) >= 0
}
