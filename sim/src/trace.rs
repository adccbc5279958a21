//! Frames in words, and in a capture.

use crate::world::{Passage, Way, World};
use periplus_journey::Instant;
use periplus_wire::arp::ArpPacket;
use periplus_wire::ethernet::{EtherType, EthernetHeader};
use periplus_wire::icmpv4::Icmpv4Header;
use periplus_wire::ipv4::{self, Ipv4Header};
use periplus_wire::tcp::{self, TcpFlags, TcpHeader, TcpOptions};
use std::fmt::Write as _;

/// A frame as one line: when, which way, and what it says.
pub fn line(host: usize, passage: &Passage) -> String {
    let since = passage.at.since(World::BEGINNING).as_secs_f64();
    let way = match passage.way {
        Way::In => "in ",
        Way::Out => "out",
    };
    let what = words(&passage.frame).unwrap_or_else(|| format!("{} bytes", passage.frame.len()));
    format!("{since:12.6} host {host} {way} {what}")
}

/// The frames of all hosts, in order.
pub fn lines(passages: &[Vec<Passage>]) -> Vec<String> {
    let hosts = passages.iter().enumerate();
    let all =
        hosts.flat_map(|(host, passages)| passages.iter().map(move |passage| (host, passage)));
    let mut all: Vec<(Instant, usize, &Passage)> = all
        .map(|(host, passage)| (passage.at, host, passage))
        .collect();
    all.sort_by_key(|(at, _, _)| *at);
    all.iter()
        .map(|(_, host, passage)| line(*host, passage))
        .collect()
}

fn words(frame: &[u8]) -> Option<String> {
    let (header, packet) = EthernetHeader::parse(frame).ok()?;
    match header.ether_type() {
        EtherType::ARP => {
            let arp = ArpPacket::parse(packet).ok()?;
            let (from, to) = (arp.sender_protocol(), arp.target_protocol());
            Some(format!("ARP {:?} {from} > {to}", arp.operation()))
        }
        EtherType::IPV4 => {
            let (ip, payload) = Ipv4Header::parse(packet).ok()?;
            let damaged = !ipv4::verify_checksum(packet);
            let mut words = match ip.protocol() {
                ipv4::TCP => segment(ip, payload)?,
                ipv4::ICMP => {
                    let (icmp, _) = Icmpv4Header::parse(payload).ok()?;
                    let mtu = icmp.next_hop_mtu();
                    format!(
                        "ICMP {:?} code {} ({mtu})",
                        icmp.message_type(),
                        icmp.code()
                    )
                }
                other => format!("protocol {other}"),
            };
            if damaged {
                words += " DAMAGED HEADER";
            }
            Some(words)
        }
        _ => None,
    }
}

fn segment(ip: &Ipv4Header, payload: &[u8]) -> Option<String> {
    let (header, options, data) = TcpHeader::parse(payload).ok()?;
    let mut words = format!(
        "{}.{} > {}.{} {}",
        ip.source().octets()[3],
        header.source_port(),
        ip.destination().octets()[3],
        header.destination_port(),
        flags(header.flags())
    );
    let start = header.sequence();
    let end = start + data.len() as u32;
    let _ = write!(words, " {}:{}({})", start.0, end.0, data.len());
    if header.flags().contains(TcpFlags::ACK) {
        let _ = write!(words, " ack {}", header.acknowledgment().0);
    }
    let _ = write!(words, " win {}", header.window());
    let parsed = TcpOptions::parse(options);
    if let Some(mss) = parsed.mss {
        let _ = write!(words, " mss {mss}");
    }
    if let Some(scale) = parsed.window_scale {
        let _ = write!(words, " wscale {scale}");
    }
    if parsed.sack_permitted {
        words += " sackOK";
    }
    for (left, right) in parsed.sack.iter() {
        let _ = write!(words, " sack {}:{}", left.0, right.0);
    }
    if let Some(timestamps) = parsed.timestamps {
        let _ = write!(words, " TS {}/{}", timestamps.value, timestamps.echo_reply);
    }
    if ip.ecn() != periplus_wire::Ecn::NotEct {
        let _ = write!(words, " {:?}", ip.ecn());
    }
    if !tcp::verify_checksum(ip.source().into(), ip.destination().into(), payload) {
        words += " DAMAGED";
    }
    Some(words)
}

fn flags(flags: TcpFlags) -> String {
    let letters = [
        (TcpFlags::SYN, 'S'),
        (TcpFlags::FIN, 'F'),
        (TcpFlags::RST, 'R'),
        (TcpFlags::PSH, 'P'),
        (TcpFlags::URG, 'U'),
        (TcpFlags::ECE, 'E'),
        (TcpFlags::CWR, 'W'),
        (TcpFlags::ACK, '.'),
    ];
    let set = letters.iter().filter(|(flag, _)| flags.contains(*flag));
    let words: String = set.map(|(_, letter)| letter).collect();
    if words.is_empty() {
        "-".to_owned()
    } else {
        words
    }
}
