//! Traces as text, a line for each event:
//!
//! ```text
//! +0.2 < P. 1:1001 ack 1 win 500 ts 7 3     a segment comes to the host, 0.2 s after the line before
//! > . 1 ack 1001 sack 2001-3001             a segment leaves the host
//! | write 1000                              a call comes back
//! ```
//!
//! Numbers are counted from the sender's initial sequence number, which `isn` sets anew. The text at a place is always the
//! same; with `spoiled` it is another one, with `damaged` the checksum is wrong, with `evil` the reserved bit of the IP
//! header is set, which its checksum does not know of.

use super::super::{Call, Connection, Oracle};
use etherparse::{EtherType, IpNumber, Ipv4Header, TcpHeader};
use periplus_journey::Instant;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::str::SplitWhitespace;
use std::time::Duration;

const HOST: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 80);
const PEER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 40_000);
const CONNECTION: Connection = Connection {
    local: HOST,
    remote: PEER,
};
const HOST_ADDRESS: [u8; 6] = [2, 0, 0, 0, 0, 1];
const PEER_ADDRESS: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// The text from `place` on, of the host's stream or the peer's.
fn text(host: bool, place: u32, length: u32) -> Vec<u8> {
    (place..place + length)
        .map(|at| (at.wrapping_mul(37) >> 3) as u8 ^ if host { 0x55 } else { 0 })
        .collect()
}

struct Player {
    oracle: Oracle,
    now: Instant,
    /// The initial sequence numbers of the host and of the peer.
    initial: [u32; 2],
    written: u32,
    read: u32,
}

/// Plays a trace, and returns what the oracle says of it.
pub(super) fn complaints(trace: &str) -> Vec<String> {
    let mut player = Player {
        oracle: Oracle::new(),
        now: Instant::from_millis(1_000),
        initial: [4_294_967_000, 7_000_000],
        written: 1,
        read: 1,
    };
    for line in trace.lines() {
        let line = line.split('#').next().unwrap_or("");
        player.line(line.split_whitespace());
    }
    player.oracle.finish(player.now);
    let complaints = player.oracle.complaints();
    complaints.iter().map(|it| it.what.clone()).collect()
}

impl Player {
    fn line(&mut self, mut words: SplitWhitespace<'_>) {
        let Some(mut word) = words.next() else {
            return;
        };
        if let Some(later) = word.strip_prefix('+') {
            self.now += Duration::from_secs_f64(later.parse().unwrap());
            word = words.next().unwrap_or("wait");
        }
        match word {
            "<" | ">" => self.segment(word == ">", words),
            "|" => self.call(words),
            "wait" => self.oracle.finish(self.now),
            other => panic!("{other}?"),
        }
    }

    fn call(&mut self, mut words: SplitWhitespace<'_>) {
        let what = words.next().unwrap();
        let length = words.next().map_or(0, |word| word.parse().unwrap());
        let bytes;
        let call = match what {
            "listen" => Call::Listen(HOST, 16),
            "connect" => Call::Connect(CONNECTION),
            "accept" => Call::Accept(CONNECTION),
            "write" => {
                bytes = text(true, self.written, length);
                self.written += length;
                Call::Write(CONNECTION, &bytes)
            }
            "read" => {
                bytes = text(false, self.read, length);
                self.read += length;
                Call::Read(CONNECTION, &bytes)
            }
            // Bytes that the peer never sent.
            "misread" => {
                bytes = text(true, self.read, length);
                Call::Read(CONNECTION, &bytes)
            }
            "end" => Call::ReadEnd(CONNECTION),
            "failed" => Call::Failed(CONNECTION),
            "shutdown" => Call::ShutDown(CONNECTION),
            "close" => Call::Close(CONNECTION),
            "abort" => Call::Abort(CONNECTION),
            other => panic!("{other}?"),
        };
        self.oracle.call(self.now, call);
    }

    fn segment(&mut self, by_host: bool, mut words: SplitWhitespace<'_>) {
        let (source, destination) = if by_host { (HOST, PEER) } else { (PEER, HOST) };
        let flags = words.next().unwrap();
        let (first, last) = range(words.next().unwrap());
        let mut tcp = TcpHeader::new(source.port(), destination.port(), 0, 65_535);
        for flag in flags.chars() {
            match flag {
                'S' => tcp.syn = true,
                'F' => tcp.fin = true,
                'R' => tcp.rst = true,
                'P' => tcp.psh = true,
                '.' => tcp.ack = true,
                'E' => tcp.ece = true,
                'W' => tcp.cwr = true,
                other => panic!("{other}?"),
            }
        }
        let mut payload = text(by_host, first, last - first);
        let mut options = Vec::new();
        let mut evil = false;
        let (mut codepoint, mut damage, mut acknowledgment) = (0, 0, None);
        while let Some(word) = words.next() {
            let mut number = || -> u32 { words.next().unwrap().parse().unwrap() };
            match word {
                "ack" => acknowledgment = Some(number()),
                "win" => tcp.window_size = u16::try_from(number()).unwrap(),
                "isn" => self.initial[usize::from(!by_host)] = number(),
                "mss" => {
                    options.extend([2, 4]);
                    options.extend(u16::try_from(number()).unwrap().to_be_bytes());
                }
                "ws" => options.extend([1, 3, 3, u8::try_from(number()).unwrap()]),
                "sackok" => options.extend([1, 1, 4, 2]),
                "ts" => {
                    options.extend([1, 1, 8, 10]);
                    options.extend(number().to_be_bytes());
                    options.extend(number().to_be_bytes());
                }
                "sack" => self.blocks(by_host, words.next().unwrap(), &mut options),
                "option" => {
                    for byte in words.next().unwrap().split(',') {
                        options.push(byte.parse().unwrap());
                    }
                }
                "ect" => codepoint = 2,
                "ce" => codepoint = 3,
                "spoiled" => payload.iter_mut().for_each(|byte| *byte ^= 0xff),
                "damaged" => damage = 1,
                "evil" => evil = true,
                other => panic!("{other}?"),
            }
        }
        tcp.sequence_number = self.initial[usize::from(!by_host)].wrapping_add(first);
        let acknowledged = acknowledgment.unwrap_or(0);
        tcp.acknowledgment_number = match acknowledgment {
            Some(_) => self.initial[usize::from(by_host)].wrapping_add(acknowledged),
            None => 0,
        };
        tcp.set_options_raw(&options).unwrap();
        let length = u16::try_from(tcp.header_len() + payload.len()).unwrap();
        let mut ip = Ipv4Header::new(
            length,
            64,
            IpNumber::TCP,
            source.ip().octets(),
            destination.ip().octets(),
        )
        .unwrap();
        ip.ecn = etherparse::IpEcn::try_new(codepoint).unwrap();
        ip.header_checksum = ip.calc_header_checksum();
        tcp.checksum = tcp.calc_checksum_ipv4(&ip, &payload).unwrap() ^ damage;
        let mut ip = ip.to_bytes();
        if evil {
            ip[6] |= 0x80;
        }
        let addresses = [HOST_ADDRESS, PEER_ADDRESS];
        let mut frame = Vec::new();
        frame.extend(addresses[usize::from(by_host)]);
        frame.extend(addresses[usize::from(!by_host)]);
        frame.extend(EtherType::IPV4.0.to_be_bytes());
        frame.extend(ip);
        frame.extend(tcp.to_bytes());
        frame.extend(payload);
        if by_host {
            self.oracle.sent(self.now, &frame);
        } else {
            self.oracle.received(self.now, &frame);
        }
    }

    fn blocks(&self, by_host: bool, word: &str, options: &mut Vec<u8>) {
        let blocks: Vec<_> = word.split(',').collect();
        options.extend([1, 1, 5, u8::try_from(2 + 8 * blocks.len()).unwrap()]);
        for block in blocks {
            let (left, right) = block.split_once('-').unwrap();
            for edge in [left, right] {
                let place: u32 = edge.parse().unwrap();
                let number = self.initial[usize::from(by_host)].wrapping_add(place);
                options.extend(number.to_be_bytes());
            }
        }
    }
}

/// `1:1001`, or `1` for no text.
fn range(word: &str) -> (u32, u32) {
    match word.split_once(':') {
        Some((first, last)) => (first.parse().unwrap(), last.parse().unwrap()),
        None => (word.parse().unwrap(), word.parse().unwrap()),
    }
}
