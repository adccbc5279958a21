//! A flood of SYNs from random sources at a listener, by AF_PACKET, while an honest client connects again and again.
//!
//! ```text
//! syn_flood INTERFACE ETHERNET ADDRESS:PORT RATE SECONDS [LINK[@PID]]…
//! ```
//!
//! The flood leaves by INTERFACE, which is taken over, for the Ethernet address ETHERNET; the honest client asks by whatever
//! way its host has. Prints how many SYNs left, and how long the honest client waited for its connections and answers; of each
//! connection that took more than one SYN, at which of the LINKs each of them was seen, and its answer. A LINK is in the network
//! namespace of the process PID, and the first one beside the client. Exits with 1 if an answer failed, and with 3 if all came but the
//! 99th percentile of connecting is more than 50 ms, as it may be on a machine that has other work.

mod witness;

use periplus_journey::Instant;
use periplus_nic::{PacketDevice, PacketOptions};
use periplus_ring::{Device, TxDescriptor};
use periplus_wire::SeqNum;
use periplus_wire::ethernet::{self, EtherType, EthernetAddress};
use periplus_wire::ipv4::{self, Ipv4Fields};
use periplus_wire::tcp::{self, TcpFields, TcpFlags, TcpOptions, Timestamps};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, UdpSocket};
use std::process::ExitCode;
use std::time::{self, Duration};
use std::{env, thread};
use witness::Witness;

/// What the honest client may wait for a connection, for 99 of 100.
const PATIENCE: Duration = Duration::from_millis(50);
/// The exit code that says that they waited longer.
const SLOW: u8 = 3;
/// How often it asks.
const PAUSE: Duration = Duration::from_millis(5);
/// SYNs that leave together, between two looks at the clock.
const BATCH: u64 = 20;

/// An xorshift: a flood needs no better numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Writes a SYN as Linux sends it from a source that nobody has met before.
fn syn(
    out: &mut [u8],
    from: EthernetAddress,
    to: (EthernetAddress, SocketAddrV4),
    random: &mut Random,
) -> usize {
    let options = TcpOptions {
        mss: Some(1460),
        window_scale: Some(7),
        sack_permitted: true,
        timestamps: Some(Timestamps {
            value: random.next() as u32,
            echo_reply: 0,
        }),
        ..TcpOptions::default()
    };
    // 16.0.0.0/4 and what follows: no group, no loopback, none of the networks that the two hosts have
    let source = Ipv4Addr::from(0x1000_0000 | random.next() as u32 & 0x5fff_ffff);
    let (ethernet, target) = to;
    let headers = ethernet::HEADER_LENGTH + ipv4::HEADER_LENGTH;
    ethernet::write(out, ethernet, from, EtherType::IPV4);
    let fields = TcpFields {
        source_port: 1024 + random.next() as u16 % 60_000,
        destination_port: target.port(),
        sequence: SeqNum(random.next() as u32),
        acknowledgment: SeqNum(0),
        flags: TcpFlags::SYN,
        window: 64_240,
    };
    let length = fields.write(&mut out[headers..], &options);
    tcp::write_checksum(
        source.into(),
        (*target.ip()).into(),
        &mut out[headers..][..length],
    );
    let fields = Ipv4Fields {
        source,
        destination: *target.ip(),
        protocol: ipv4::TCP,
        ttl: 64,
        identification: 0,
        dont_fragment: true,
        ecn_dscp: 0,
        payload_length: length as u16,
    };
    fields.write(&mut out[ethernet::HEADER_LENGTH..]);
    headers + length
}

/// Sends SYNs at `rate` a second until `end`. Says how many.
fn flood(
    device: &mut PacketDevice,
    to: (EthernetAddress, SocketAddrV4),
    rate: u64,
    end: time::Instant,
) -> u64 {
    let (from, begin) = (device.ethernet(), time::Instant::now());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut sent = 0;
    while time::Instant::now() < end {
        let due = (begin.elapsed().as_nanos() * u128::from(rate) / 1_000_000_000) as u64;
        for _ in 0..due.saturating_sub(sent).min(BATCH) {
            let mut frame = [0; 128];
            let length = syn(&mut frame, from, to, &mut random);
            let Some(room) = device.reserve(length) else {
                break;
            };
            room[..length].copy_from_slice(&frame[..length]);
            device.commit(Instant::ZERO, TxDescriptor::complete(length));
            sent += 1;
        }
    }
    sent
}

/// An honest client that was served.
struct Served {
    port: u16,
    begin: time::Instant,
    /// How long connecting took, and then the answer.
    connect: Duration,
    answer: Duration,
}

fn ask(target: SocketAddr) -> io::Result<Served> {
    let begin = time::Instant::now();
    let mut stream = TcpStream::connect_timeout(&target, Duration::from_secs(5))?;
    let connect = begin.elapsed();
    let port = stream.local_addr()?.port();
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: flood\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if !answer.starts_with(b"HTTP/1.1 200 ") {
        return Err(io::Error::other("the answer is no 200"));
    }
    Ok(Served {
        port,
        begin,
        connect,
        answer: begin.elapsed() - connect,
    })
}

/// The address from which this host speaks to `target`.
fn own_address(target: SocketAddrV4) -> io::Result<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect(target)?;
    match socket.local_addr()?.ip() {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(_) => Err(io::Error::other("an IPv6 address")),
    }
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100);
    times[rank.saturating_sub(1)]
}

fn ethernet_address(text: &str) -> Option<EthernetAddress> {
    let bytes: Result<Vec<u8>, _> = text
        .split(':')
        .map(|byte| u8::from_str_radix(byte, 16))
        .collect();
    Some(EthernetAddress(bytes.ok()?.try_into().ok()?))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let parsed = match arguments.as_slice() {
        [interface, ethernet, target, rate, seconds, links @ ..] => (|| {
            let to = (
                ethernet_address(ethernet)?,
                target.parse::<SocketAddrV4>().ok()?,
            );
            Some((
                interface,
                to,
                rate.parse::<u64>().ok()?,
                seconds.parse::<u64>().ok()?,
                links,
            ))
        })(),
        _ => None,
    };
    let Some((interface, to, rate, seconds, links)) = parsed else {
        eprintln!("usage: syn_flood INTERFACE ETHERNET ADDRESS:PORT RATE SECONDS [LINK[@PID]]…");
        return ExitCode::from(2);
    };
    let mut device = match PacketDevice::open(&PacketOptions::new(interface)) {
        Ok(device) => device,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(3);
        }
    };
    let witnesses: io::Result<Vec<_>> = own_address(to.1).and_then(|own| {
        links
            .iter()
            .map(|link| Witness::at(link, own, to.1))
            .collect()
    });
    let witnesses = match witnesses {
        Ok(witnesses) => witnesses,
        Err(error) => {
            eprintln!("cannot look at {}: {error}", links.join(", "));
            return ExitCode::from(3);
        }
    };
    let end = time::Instant::now() + Duration::from_secs(seconds);
    let honest = thread::spawn(move || {
        let (mut clients, mut failed) = (Vec::new(), 0);
        while time::Instant::now() < end {
            match ask(to.1.into()) {
                Ok(served) => clients.push(served),
                Err(error) => {
                    eprintln!("an honest client failed: {error}");
                    failed += 1;
                }
            }
            thread::sleep(PAUSE);
        }
        (clients, failed)
    });
    let sent = flood(&mut device, to, rate, end);
    let (clients, failed) = honest.join().expect("the honest client");
    let witnesses: Vec<_> = witnesses.into_iter().map(Witness::testify).collect();
    for client in &clients {
        let connected = client.begin + client.connect;
        if let Some(account) = witness::account(&witnesses, client.port, client.begin, connected) {
            println!("{account}");
        }
    }
    let mut connects: Vec<_> = clients.iter().map(|client| client.connect).collect();
    let mut answers: Vec<_> = clients.iter().map(|client| client.answer).collect();
    if connects.is_empty() {
        println!("{sent} SYNs in {seconds} s: no honest client was served, {failed} failed");
        return ExitCode::FAILURE;
    }
    let p99 = percentile(&mut connects, 99);
    println!(
        "{} SYNs a second; {} honest clients, {failed} failed; connecting p50 {:?}, p99 {p99:?}, at most {:?}; answers p50 {:?}, p99 {:?}",
        sent / seconds,
        connects.len(),
        percentile(&mut connects, 50),
        percentile(&mut connects, 100),
        percentile(&mut answers, 50),
        percentile(&mut answers, 99),
    );
    match failed {
        0 if p99 <= PATIENCE => ExitCode::SUCCESS,
        0 => ExitCode::from(SLOW),
        _ => ExitCode::FAILURE,
    }
}
