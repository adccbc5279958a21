//! Who looks at a link beside the kernel and notes which SYNs and SYN/ACKs of the honest client pass it: so the place at which one was
//! lost is known.

use periplus_wire::ethernet::{self, EthernetHeader};
use periplus_wire::ipv4::{self, Ipv4Header};
use periplus_wire::tcp::{TcpFlags, TcpHeader};
use rustix::net::netdevice;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use std::fs::File;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a SYN, or what answers it, may be on its way: less than half of the second after which it comes again.
const JOURNEY: Duration = Duration::from_millis(400);
/// All protocols (packet(7)).
const ETH_P_ALL: u16 = 3;
/// Bytes of a frame that are looked at.
const FRONT: u32 = 128;

/// A SYN or SYN/ACK that passed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sighting {
    at: Instant,
    client_port: u16,
    is_answer: bool,
}

/// A thread that looks at one link.
pub(super) struct Witness {
    link: String,
    done: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Sighting>>,
}

/// What one of them has seen.
pub(super) struct Testimony {
    link: String,
    sightings: Vec<Sighting>,
}

impl Witness {
    /// Looks at `place`, a link's name, or LINK@PID for one in the network namespace of that process.
    pub(super) fn at(place: &str, client: Ipv4Addr, server: SocketAddrV4) -> io::Result<Self> {
        let (link, process) = place
            .split_once('@')
            .map_or((place, None), |(link, process)| (link, Some(process)));
        let (name, namespace) = (link.to_owned(), process.map(namespace_of).transpose()?);
        // A thread of its own enters the namespace; what it opens there stays there.
        let open = move || -> io::Result<Socket> {
            if let Some(namespace) = namespace {
                move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
            }
            socket(&name, client)
        };
        let socket = thread::spawn(open).join().expect("no panic")?;
        let done = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&done);
        Ok(Self {
            link: link.to_owned(),
            done,
            thread: thread::spawn(move || look(&socket, server, &told)),
        })
    }

    /// What it has seen. It takes what is still in its socket first.
    pub(super) fn testify(self) -> Testimony {
        self.done.store(true, Ordering::Release);
        Testimony {
            link: self.link,
            sightings: self.thread.join().expect("no panic"),
        }
    }
}

impl Testimony {
    fn has(&self, client_port: u16, is_answer: bool, since: Instant) -> bool {
        self.of(client_port, is_answer)
            .any(|at| at + JOURNEY >= since && at <= since + JOURNEY)
    }

    fn of(&self, client_port: u16, is_answer: bool) -> impl Iterator<Item = Instant> {
        let wanted = move |sighting: &&Sighting| {
            sighting.client_port == client_port && sighting.is_answer == is_answer
        };
        self.sightings.iter().filter(wanted).map(|seen| seen.at)
    }
}

/// Where each SYN of a client was seen that began at `begin` and was connected at `connected`, and where its answer. The first of the
/// witnesses is beside the client. `None` if one was enough.
pub(super) fn account(
    witnesses: &[Testimony],
    client_port: u16,
    begin: Instant,
    connected: Instant,
) -> Option<String> {
    let seen = |is_answer, since| {
        let links = witnesses
            .iter()
            .filter(|witness| witness.has(client_port, is_answer, since))
            .map(|witness| witness.link.as_str());
        let links: Vec<_> = links.collect();
        if links.is_empty() {
            "nowhere".to_owned()
        } else {
            links.join(", ")
        }
    };
    let span = begin..connected + JOURNEY;
    let syns = witnesses.first()?.of(client_port, false);
    let syns: Vec<_> = syns.filter(|at| span.contains(at)).collect();
    let each = syns.iter().zip(1..).map(|(&at, number)| {
        let after = at.duration_since(begin).as_millis();
        let (there, back) = (seen(false, at), seen(true, at));
        format!("SYN {number} after {after} ms was seen at {there}, its SYN/ACK {back}")
    });
    (syns.len() > 1).then(|| {
        format!(
            "port {client_port}: {}",
            each.collect::<Vec<_>>().join("; ")
        )
    })
}

fn namespace_of(process: &str) -> io::Result<File> {
    File::open(format!("/proc/{process}/ns/net"))
}

/// A packet socket that sees of `link` what has SYN set and is from or to `client`: the flood stays out of it.
fn socket(link: &str, client: Ipv4Addr) -> io::Result<Socket> {
    let protocol = Protocol::from(i32::from(ETH_P_ALL.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    let index = netdevice::name_to_index(&socket, link)?;
    socket.attach_filter(&filter(index, client.into()))?;
    socket.set_read_timeout(Some(JOURNEY))?;
    Ok(socket)
}

/// The same as a program of the BSD packet filter (linux/Documentation/networking/filter.rst).
fn filter(link: u32, client: u32) -> [SockFilter; 13] {
    const LOAD_WORD: u16 = 0x20;
    const LOAD_HALF: u16 = 0x28;
    const LOAD_BYTE_INDEXED: u16 = 0x50;
    const LOAD_IP_HEADER_LENGTH: u16 = 0xb1;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const JUMP_IF_SET: u16 = 0x45;
    const RETURN: u16 = 0x06;
    /// `SKF_AD_OFF` + `SKF_AD_IFINDEX`: not of the frame, but of where it was seen.
    const LINK: u32 = 0xffff_f008;
    const ETHER_TYPE: u32 = 12;
    const PACKET: u32 = ethernet::HEADER_LENGTH as u32;
    let syn = u32::from(TcpFlags::SYN.0);
    [
        SockFilter::new(LOAD_WORD, 0, 0, LINK),
        SockFilter::new(JUMP_IF_EQUAL, 0, 10, link),
        SockFilter::new(LOAD_HALF, 0, 0, ETHER_TYPE),
        SockFilter::new(JUMP_IF_EQUAL, 0, 8, 0x0800),
        SockFilter::new(LOAD_WORD, 0, 0, PACKET + 12), // source
        SockFilter::new(JUMP_IF_EQUAL, 2, 0, client),
        SockFilter::new(LOAD_WORD, 0, 0, PACKET + 16), // destination
        SockFilter::new(JUMP_IF_EQUAL, 0, 4, client),
        SockFilter::new(LOAD_IP_HEADER_LENGTH, 0, 0, PACKET),
        SockFilter::new(LOAD_BYTE_INDEXED, 0, 0, PACKET + 13), // flags
        SockFilter::new(JUMP_IF_SET, 0, 1, syn),
        SockFilter::new(RETURN, 0, 0, FRONT),
        SockFilter::new(RETURN, 0, 0, 0),
    ]
}

/// Notes what passes until it is told that it is done, and nothing more comes.
fn look(mut socket: &Socket, server: SocketAddrV4, done: &AtomicBool) -> Vec<Sighting> {
    let mut sightings = Vec::new();
    let mut frame = [0; FRONT as usize];
    loop {
        match socket.read(&mut frame) {
            Ok(length) => sightings.extend(sighting(&frame[..length], server)),
            Err(_) if done.load(Ordering::Acquire) => return sightings,
            Err(_) => {}
        }
    }
}

fn sighting(frame: &[u8], server: SocketAddrV4) -> Option<Sighting> {
    let (_, packet) = EthernetHeader::parse(frame).ok()?;
    let (header, _) = Ipv4Header::parse(packet).ok()?;
    let segment = packet.get(ipv4::HEADER_LENGTH..)?;
    let (tcp, _, _) = TcpHeader::parse(segment).ok()?;
    let is_answer = tcp.flags().contains(TcpFlags::ACK);
    let (ours, client_port, theirs) = if is_answer {
        (header.source(), tcp.destination_port(), tcp.source_port())
    } else {
        (
            header.destination(),
            tcp.source_port(),
            tcp.destination_port(),
        )
    };
    let passes = tcp.flags().contains(TcpFlags::SYN) && ours == *server.ip();
    (passes && theirs == server.port()).then(|| Sighting {
        at: Instant::now(),
        client_port,
        is_answer,
    })
}
