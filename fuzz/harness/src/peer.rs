//! What a peer says: a segment that the script chooses, its numbers counted from those of the flow as it is now.

use crate::content::contents;
use crate::flow::Flow;
use crate::input::Input;
use crate::knobs::Knobs;
use crate::segment::Segment;
use crate::stage::Stage;
use periplus_journey::Instant;
use periplus_wire::SeqNum;
use periplus_wire::tcp::TcpFlags;

/// The peers' clocks are ahead of the shard's by this, in milliseconds.
const CLOCK: u32 = 1 << 20;
/// What a peer says that it takes in a segment.
const MSS: u16 = 560;
/// The most text that one segment has.
const LONGEST: usize = 600;

/// The peer of a flow sends what it would send next, and the shard looks at it.
pub(crate) fn says(stage: &mut Stage, flow: usize, flags: TcpFlags, length: usize) {
    let mut segment = stage.flows[flow].segment(flags, length);
    segment.options = options(&stage.flows[flow], &stage.knobs, stage.now, flags);
    stage.bring(&segment.to_frame());
    stage.look();
}

/// The segment that the script describes.
pub(crate) fn described(stage: &Stage, flow: usize, input: &mut Input<'_>) -> Segment {
    let (flow, now) = (&stage.flows[flow], stage.now);
    // A script of zeros is made of ACKs.
    let flags = TcpFlags(input.byte() ^ TcpFlags::ACK.0);
    let numbers = input.byte();
    let shape = input.byte();
    let mut segment = flow.segment(flags, 0);
    segment.sequence = sequence(flow, numbers & 7, input);
    segment.acknowledgment = acknowledgment(flow, numbers >> 3 & 7, input);
    segment.ecn = numbers >> 6;
    segment.window = match shape >> 3 & 3 {
        0 => 8192,
        1 => 0,
        2 => 700,
        _ => input.u16(),
    };
    let text_start = segment.sequence + u32::from(flags.contains(TcpFlags::SYN));
    let length = match shape >> 5 {
        0 => 0,
        1 => 1,
        2 => 100,
        3 => 536,
        4 => 548,
        5 => input.byte().into(),
        6 => usize::from(input.u16()) % LONGEST,
        _ => (flow.edge - text_start) as usize % LONGEST,
    };
    segment.text = contents(text_start.0, length);
    segment.options = match shape & 7 {
        0 => options(flow, &stage.knobs, now, flags),
        1 => Vec::new(),
        2 => {
            let mut options = options(flow, &stage.knobs, now, flags);
            options.extend(sack(flow, input));
            options
        }
        3 => {
            let mss = input.u16();
            said(mss, input.byte(), &stage.knobs, now)
        }
        4 => {
            let length = input.byte() % 41;
            input.take(length.into()).to_vec()
        }
        5 => timestamps(clock(now).wrapping_add(signed(input.byte())), flow),
        6 => {
            let echo = flow
                .timestamp
                .unwrap_or(0)
                .wrapping_add(signed(input.byte()));
            timestamps_of(clock(now), echo)
        }
        _ => timestamps_of(input.u32(), input.u32()),
    };
    segment
}

fn sequence(flow: &Flow, choice: u8, input: &mut Input<'_>) -> SeqNum {
    match choice {
        0 => flow.nxt,
        1 => flow.told,
        2 => flow.told + signed(input.byte()),
        3 => flow.nxt + signed(input.byte()),
        4 => flow.told + u32::from(input.u16()),
        5 => flow.edge,
        6 => flow.edge + signed(input.byte()),
        _ => SeqNum(input.u32()),
    }
}

fn acknowledgment(flow: &Flow, choice: u8, input: &mut Input<'_>) -> SeqNum {
    match choice {
        0 => flow.stack_nxt,
        1 => flow.una,
        2 => flow.una + in_segments(flow, input.byte()),
        3 => flow.una + u32::from(input.u16()),
        4 => flow.stack_nxt + signed(input.byte()),
        5 => flow.una + signed(input.byte()),
        6 => SeqNum(input.u32()),
        _ => SeqNum(0),
    }
}

/// The options that an honest peer would send.
pub(crate) fn options(flow: &Flow, knobs: &Knobs, now: Instant, flags: TcpFlags) -> Vec<u8> {
    if flags.contains(TcpFlags::SYN) {
        return said(MSS, 2, knobs, now);
    }
    match flow.timestamp {
        Some(_) => timestamps(clock(now), flow),
        None => Vec::new(),
    }
}

/// What a SYN says.
fn said(mss: u16, scale: u8, knobs: &Knobs, now: Instant) -> Vec<u8> {
    let mut options = vec![2, 4];
    options.extend(mss.to_be_bytes());
    if knobs.window_scale {
        options.extend([1, 3, 3, scale]);
    }
    if knobs.sack {
        options.extend([1, 1, 4, 2]);
    }
    if knobs.timestamps {
        options.extend(timestamps_of(clock(now), 0));
    }
    options
}

/// Up to three SACK blocks, above what the peer has acknowledged.
fn sack(flow: &Flow, input: &mut Input<'_>) -> Vec<u8> {
    let count = 1 + input.place(3);
    let mut options = vec![1, 1, 5, 2 + 8 * count as u8];
    for _ in 0..count {
        let left = flow.una + in_segments(flow, input.byte());
        let right = left + in_segments(flow, input.byte());
        options.extend(left.0.to_be_bytes());
        options.extend(right.0.to_be_bytes());
    }
    options
}

fn timestamps(value: u32, flow: &Flow) -> Vec<u8> {
    timestamps_of(value, flow.timestamp.unwrap_or(0))
}

fn timestamps_of(value: u32, echo_reply: u32) -> Vec<u8> {
    let mut options = vec![1, 1, 8, 10];
    options.extend(value.to_be_bytes());
    options.extend(echo_reply.to_be_bytes());
    options
}

fn clock(now: Instant) -> u32 {
    (now.as_millis() as u32).wrapping_add(CLOCK)
}

/// So many segments of the stack's, and some quarters of one.
fn in_segments(flow: &Flow, count: u8) -> u32 {
    let options = if flow.timestamp.is_some() { 12 } else { 0 };
    let segment = u32::from(MSS) - options;
    u32::from(count & 15) * segment + u32::from(count >> 4 & 3) * segment / 4
}

/// A number around 0.
fn signed(byte: u8) -> u32 {
    i32::from(byte as i8) as u32
}
