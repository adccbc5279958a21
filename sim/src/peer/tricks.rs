//! A segment is sent otherwise than it should be.

use super::connection::PeerConnection;
use super::{Trick, lie};
use crate::packet::Packet;
use crate::random::Random;
use crate::world::ethernet_address;
use periplus_wire::SeqNum;
use periplus_wire::ethernet;
use periplus_wire::ipv4;
use periplus_wire::tcp::{SackBlocks, TcpFlags};
use std::time::Duration;

/// What becomes of an honest segment: frames, each to be sent so much later.
pub(super) type Frames = Vec<(Duration, Vec<u8>)>;

/// The frame of an honest segment from the peer, which stands beside the first host.
pub(super) fn honest(packet: &Packet) -> Vec<u8> {
    packet.to_frame(ethernet_address(1), ethernet_address(0))
}

/// `packet` is sent by `trick`.
pub(super) fn play(
    random: &mut Random,
    connection: &mut PeerConnection,
    mut packet: Packet,
    trick: Trick,
) -> Frames {
    let is_syn = packet.has(TcpFlags::SYN);
    // a handshake that is never understood shows nothing
    if is_syn
        && !matches!(
            trick,
            Trick::Again | Trick::Late | Trick::Nothing | Trick::Damage
        )
    {
        return now(honest(&packet));
    }
    connection.tainted |= trick.breaks();
    match trick {
        Trick::Damage => return now(damaged(random, honest(&packet))),
        Trick::Cut => {
            let mut frame = honest(&packet);
            frame.truncate(random.below(frame.len() as u64) as usize);
            return now(frame);
        }
        Trick::Fragment => return now(fragment(random, honest(&packet))),
        Trick::Again => {
            let frame = honest(&packet);
            let many = random.magnitude(2..=50);
            let later = |_| (random.time(MICROSECOND..=SECOND), frame.clone());
            return (0..many).map(later).collect();
        }
        Trick::Late => {
            let late = random.time(Duration::from_millis(1)..=SECOND * 10);
            return vec![(late, honest(&packet))];
        }
        Trick::Nothing => return Vec::new(),
        Trick::OddOptions => {
            let many = random.between(0..=10) as usize * 4;
            let mut options: Vec<_> = (0..many).map(|_| random.number() as u8).collect();
            // often enough ones that mean something, of a wrong length
            for kind in options.iter_mut().step_by(4) {
                *kind = random.pick(&[0, 1, 2, 3, 4, 5, 8, 28, 254, *kind]);
            }
            let (from, to) = (ethernet_address(1), ethernet_address(0));
            return now(packet.to_frame_with(from, to, &options));
        }
        Trick::Renege => connection.beyond.clear(),
        _ => numbers(random, connection, &mut packet, trick),
    }
    now(honest(&packet))
}

const MICROSECOND: Duration = Duration::from_micros(1);
const SECOND: Duration = Duration::from_secs(1);

fn now(frame: Vec<u8>) -> Frames {
    vec![(Duration::ZERO, frame)]
}

/// The tricks that change what a segment says.
fn numbers(
    random: &mut Random,
    connection: &mut PeerConnection,
    packet: &mut Packet,
    trick: Trick,
) {
    let far = random.number() as u32;
    let near = random.magnitude(1..=100_000) as u32;
    match trick {
        Trick::AckOfTheFuture => {
            packet.ack = connection.seen + random.pick(&[1, near, 1 << 30]);
            connection.guessed.push(packet.ack);
        }
        Trick::OldAck => packet.ack = packet.ack - random.pick(&[1, near, 1 << 30]),
        Trick::Optimist => {
            let unseen = connection.seen - connection.next;
            packet.ack = connection.next + random.between(0..=unseen.into()) as u32;
            connection.claimed = connection.claimed.max(packet.ack);
        }
        Trick::Window => packet.window = random.pick(&[0, 0, 1, 10, 700, u16::MAX]),
        Trick::WildSack => packet.options.sack = wild(random, connection),
        Trick::FalseSack => {
            // where segments end, as an honest block would
            let size = connection.segment.max(1);
            let start = connection.next + size * random.between(1..=4) as u32;
            let end = start + size * random.between(1..=3) as u32;
            packet.options.sack.push(start, end.min(connection.seen));
        }
        Trick::OldText | Trick::Overlap | Trick::Ahead | Trick::OtherText => {
            other_place(random, connection, packet, trick);
        }
        Trick::EarlyFin => packet.flags |= TcpFlags::FIN,
        Trick::Reset => packet.flags |= TcpFlags::RST,
        Trick::Syn => packet.flags |= TcpFlags::SYN,
        Trick::OddFlags => packet.flags = odd(random, packet.flags),
        Trick::NoTimestamps => packet.options.timestamps = None,
        _ => {
            if let Some(timestamps) = &mut packet.options.timestamps {
                match trick {
                    Trick::OldTimestamp => timestamps.value -= random.between(1..=900) as u32,
                    Trick::FutureTimestamp => timestamps.value += random.pick(&[near, 1 << 30]),
                    _ => {
                        timestamps.echo_reply =
                            random.pick(&[0, far, timestamps.echo_reply.wrapping_add(1)])
                    }
                }
            }
        }
    }
}

/// Text from another place of the stream than the next.
fn other_place(
    random: &mut Random,
    connection: &mut PeerConnection,
    packet: &mut Packet,
    trick: Trick,
) {
    let first = connection.iss + 1;
    let so_far = u64::from(connection.max.min(connection.fin()) - first);
    let all = connection.sends.1;
    if all == 0 {
        return;
    }
    let (start, length) = match trick {
        Trick::OldText => (random.between(0..=so_far), random.between(1..=1400)),
        Trick::Overlap => {
            let before = random.between(0..=so_far.min(3000));
            (so_far - before, before + random.between(0..=1400))
        }
        _ => (
            so_far + random.magnitude(1..=60_000),
            random.pick(&[1, 1, 10, 1400]),
        ),
    };
    let start = start.min(all - 1);
    let length = length.min(all - start).min(1400) as u32;
    let changed = connection.text_at(first + start as u32, length);
    packet.seq = changed.seq;
    packet.text = changed.text;
    packet.flags = changed.flags;
    connection.max = connection.max.max(packet.end());
    if trick == Trick::OtherText {
        packet.text.iter_mut().for_each(|byte| *byte = lie(*byte));
    }
}

fn wild(random: &mut Random, connection: &PeerConnection) -> SackBlocks {
    let mut blocks = SackBlocks::new();
    for _ in 0..random.between(1..=4) {
        let start = match random.below(3) {
            0 => SeqNum(random.number() as u32),
            _ => connection.irs + random.below(100_000) as u32,
        };
        let length = random.pick(&[0, 1, 1000, 60_000, u32::MAX]);
        blocks.push(start, start + length);
    }
    blocks
}

/// Flags besides FIN, SYN and RST.
fn odd(random: &mut Random, flags: TcpFlags) -> TcpFlags {
    let harmless = TcpFlags::PSH | TcpFlags::URG | TcpFlags::ECE | TcpFlags::CWR;
    let drawn = TcpFlags(random.number() as u8 & harmless.0);
    if random.one_in(3) {
        flags.without(TcpFlags::ACK) | drawn
    } else {
        flags | drawn
    }
}

fn damaged(random: &mut Random, mut frame: Vec<u8>) -> Vec<u8> {
    let place = random.below(frame.len() as u64) as usize;
    frame[place] ^= 1 << random.below(8);
    frame
}

/// The packet says that it is a fragment, the first or a later one.
fn fragment(random: &mut Random, mut frame: Vec<u8>) -> Vec<u8> {
    let packet = &mut frame[ethernet::HEADER_LENGTH..];
    let fields = random.pick(&[0x2000_u16, 0x0001, 0x2010, 0x1fff]);
    packet[6..8].copy_from_slice(&fields.to_be_bytes());
    ipv4::write_checksum(packet);
    frame
}
