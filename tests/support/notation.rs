//! Segments as packetdrill writes them: `P. 1:11(10) ack 1 win 65535 <mss 1460,sackOK,wscale 7>`.
//!
//! Sequence numbers count from the SYN of the side they belong to; those of `sack` blocks from the other side's. The dot is
//! ACK, `E` is ECE and `W` is CWR. Options stand in the order `mss`, `sackOK`, `TS val … ecr …`, `wscale`, `sack 1:11 21:31`,
//! whatever their order on the wire. Before a segment whose packet has an ECN field stands `[ect0]`, `[ect1]` or `[ce]`.

use crate::{Segment, content};
use periplus_wire::tcp::{TcpFlags, TcpOptions, Timestamps};
use periplus_wire::{Ecn, SeqNum};
use std::fmt::Write;
use std::net::SocketAddrV4;
use std::str::SplitWhitespace;

const FLAGS: [(char, TcpFlags); 8] = [
    ('F', TcpFlags::FIN),
    ('S', TcpFlags::SYN),
    ('R', TcpFlags::RST),
    ('P', TcpFlags::PSH),
    ('U', TcpFlags::URG),
    ('E', TcpFlags::ECE),
    ('W', TcpFlags::CWR),
    ('.', TcpFlags::ACK),
];

/// The segment in notation. `own` is the sender's initial sequence number, `other` the receiver's.
pub fn write(segment: &Segment, own: SeqNum, other: SeqNum) -> String {
    let present = FLAGS
        .iter()
        .filter(|(_, flag)| segment.flags.contains(*flag));
    let mut text = ecn_mark(segment.ecn).to_owned();
    text.extend(present.map(|(letter, _)| letter));
    let start = segment.sequence - own;
    let length = segment.data.len() as u32;
    let _ = write!(text, " {start}:{}({length})", start.wrapping_add(length));
    if segment.flags.contains(TcpFlags::ACK) {
        let _ = write!(text, " ack {}", segment.acknowledgment - other);
    }
    let _ = write!(text, " win {}", segment.window);
    let options = write_options(&segment.options, other);
    if !options.is_empty() {
        let _ = write!(text, " <{options}>");
    }
    text
}

fn ecn_mark(ecn: Ecn) -> &'static str {
    match ecn {
        Ecn::NotEct => "",
        Ecn::Ect0 => "[ect0] ",
        Ecn::Ect1 => "[ect1] ",
        Ecn::Ce => "[ce] ",
    }
}

fn write_options(options: &TcpOptions, other: SeqNum) -> String {
    let mss = options.mss.map(|mss| format!("mss {mss}"));
    let sack_permitted = options.sack_permitted.then(|| "sackOK".to_owned());
    let timestamps = options.timestamps;
    let timestamps = timestamps.map(|ts| format!("TS val {} ecr {}", ts.value, ts.echo_reply));
    let window_scale = options.window_scale.map(|shift| format!("wscale {shift}"));
    let blocks = options.sack.iter();
    let blocks = blocks.map(|(left, right)| format!(" {}:{}", left - other, right - other));
    let sack = (!options.sack.is_empty()).then(|| format!("sack{}", blocks.collect::<String>()));
    let all = [mss, sack_permitted, timestamps, window_scale, sack];
    all.into_iter().flatten().collect::<Vec<_>>().join(",")
}

/// Reads a segment. Its data is the sender's [`content`]: byte 0 of the stream follows the SYN.
///
/// # Panics
/// If `text` is not in this notation: a script with a mistake is no test.
pub fn read(
    text: &str,
    (source, own): (SocketAddrV4, SeqNum),
    (destination, other): (SocketAddrV4, SeqNum),
) -> Segment {
    let marks = [Ecn::Ect0, Ecn::Ect1, Ecn::Ce].into_iter();
    let marked = marks.map(|ecn| Some((text.strip_prefix(ecn_mark(ecn))?, ecn)));
    let (text, ecn) = marked.flatten().next().unwrap_or((text, Ecn::NotEct));
    let (text, options) = match text.split_once('<') {
        Some((text, options)) => (text, read_options(options.trim_end_matches('>'), other)),
        None => (text, TcpOptions::default()),
    };
    let mut words = text.split_whitespace();
    let flags = words.next().expect("flags come first");
    let flags = flags.chars().map(|letter| read_flag(letter, text));
    let flags = flags.fold(TcpFlags::NONE, TcpFlags::union);
    let range = words.next().expect("start:end(length) comes second");
    let (start, rest) = range.split_once(':').expect("start:end(length)");
    let (end, length) = rest.split_once('(').expect("start:end(length)");
    let (start, end, length) = (
        number(start),
        number(end),
        number(length.trim_end_matches(')')),
    );
    assert_eq!(
        start + length,
        end,
        "the range of {text:?} contradicts itself"
    );
    let offset = u64::from(start.saturating_sub(1));
    let mut segment = Segment {
        source,
        destination,
        sequence: own + start,
        acknowledgment: SeqNum(0),
        flags,
        window: u16::MAX,
        options,
        option_bytes: Vec::new(),
        ecn,
        data: content(offset..offset + u64::from(length)),
    };
    while let Some(word) = words.next() {
        match word {
            "ack" => segment.acknowledgment = other + next_number(&mut words),
            "win" => segment.window = next_number(&mut words) as u16,
            _ => panic!("{word:?} in {text:?} is not known"),
        }
    }
    segment
}

fn read_flag(letter: char, text: &str) -> TcpFlags {
    let known = FLAGS.iter().find(|(known, _)| *known == letter);
    known
        .unwrap_or_else(|| panic!("{letter:?} in {text:?} is no flag"))
        .1
}

fn read_options(text: &str, other: SeqNum) -> TcpOptions {
    let mut options = TcpOptions::default();
    for option in text.split(',') {
        let mut words = option.split_whitespace();
        match words.next() {
            Some("mss") => options.mss = Some(next_number(&mut words) as u16),
            Some("wscale") => options.window_scale = Some(next_number(&mut words) as u8),
            Some("sackOK") => options.sack_permitted = true,
            Some("sack") => {
                for block in words {
                    let (left, right) = block.split_once(':').expect("left:right");
                    options
                        .sack
                        .push(other + number(left), other + number(right));
                }
            }
            Some("TS") => {
                let value = next_number_after(&mut words, "val");
                let echo_reply = next_number_after(&mut words, "ecr");
                options.timestamps = Some(Timestamps { value, echo_reply });
            }
            other => panic!("{other:?} in {text:?} is no option"),
        }
    }
    options
}

fn next_number_after(words: &mut SplitWhitespace<'_>, name: &str) -> u32 {
    assert_eq!(words.next(), Some(name));
    next_number(words)
}

fn next_number(words: &mut SplitWhitespace<'_>) -> u32 {
    number(words.next().expect("a number"))
}

fn number(text: &str) -> u32 {
    text.parse()
        .unwrap_or_else(|_| panic!("{text:?} is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn what_is_read_is_written_the_same() {
        let side = |host, isn| {
            (
                SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, host), 80),
                SeqNum(isn),
            )
        };
        let (own, other) = (side(1, 77), side(2, u32::MAX));
        for text in [
            "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 5 ecr 0,wscale 7>",
            "S. 0:0(0) ack 1 win 100",
            "P. 1:11(10) ack 20 win 0",
            "R 5:5(0) win 0",
            "[ect0] PEW. 1:11(10) ack 20 win 0",
            "[ce] . 1:11(10) ack 20 win 0",
            ". 1:1(0) ack 20 win 0 <TS val 5 ecr 1,sack 31:41 51:61>",
        ] {
            let segment = read(text, own, other);
            assert_eq!(write(&segment, own.1, other.1), text);
        }
    }
}
