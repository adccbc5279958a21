//! Linux's own stack over its loopback, by ordinary sockets: what a user has today, as a reference.
//!
//! It is another thing that is measured here. Client and server both run on this one thread, so both ends are in the figure, and so are the system calls and
//! the loopback device between them, which delivers in the sender's context. There are no wire frames of 1514 bytes, nothing is copied to a ring, no
//! checksum is made, and nobody looks at the frames: no referee, and no ratio to it.

use crate::client::MSS;
use crate::content::{Answer, sum};
use crate::contestant::{Contestant, Seen};
use crate::referee::Disturbances;
use crate::works::{ANSWER, Name, REQUEST};
use rustix::net::sockopt::set_tcp_nodelay;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType};
use rustix::{io, net};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;

/// What is written at a time of a stream, and room for what is read at a time.
const PIECE: usize = 16 * 1024;
const BUFFER: usize = 64 * 1024;

/// Connections from one address before the next is taken: each leaves its port in TIME-WAIT for a minute.
const CONNECTIONS_AN_ADDRESS: u64 = 2000;

/// The two ends at one work.
pub(crate) struct LinuxLoopback {
    work: Name,
    listener: OwnedFd,
    address: SocketAddr,
    /// The connection of the works that have one: the client's end and the server's.
    established: Option<(OwnedFd, OwnedFd)>,
    connections: u64,
    /// Bytes of a stream that were to be moved, and those of them that still are.
    moved: u64,
    owed: usize,
    answer: Answer,
    buffer: Vec<u8>,
    sum: u64,
}

impl LinuxLoopback {
    /// At `work`, established; `None` where sockets cannot do it.
    pub(crate) fn at(work: Name) -> Option<Box<dyn Contestant>> {
        let per_connection = match work {
            Name::W1 | Name::W3r | Name::W3s | Name::W6 => false,
            Name::W2 | Name::W2Server => true,
            _ => return None,
        };
        let (listener, address) = listen().expect("a listening socket on the loopback");
        let mut loopback = Self {
            work,
            listener,
            address,
            established: None,
            connections: 0,
            moved: 0,
            owed: 0,
            answer: Answer::new(),
            buffer: vec![0; BUFFER],
            sum: 0,
        };
        if !per_connection {
            loopback.established = Some(loopback.connect().expect("a connection to oneself"));
        }
        Some(Box::new(loopback))
    }

    /// The client connects from the next address, and the server accepts.
    fn connect(&mut self) -> io::Result<(OwnedFd, OwnedFd)> {
        let client = net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
        let address = 2 + (self.connections / CONNECTIONS_AN_ADDRESS % 250) as u8;
        self.connections += 1;
        let source = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, address), 0);
        net::bind(&client, &source)?;
        net::connect(&client, &self.address)?;
        let server = net::accept(&self.listener)?;
        set_tcp_nodelay(&client, true)?;
        set_tcp_nodelay(&server, true)?;
        Ok((client, server))
    }

    /// The client asks.
    fn ask(&mut self, client: &OwnedFd) -> io::Result<()> {
        send(client, self.answer.next(REQUEST))
    }

    /// The server reads the request and answers it, and the client reads the answer.
    fn exchange(&mut self, client: &OwnedFd, server: &OwnedFd) -> io::Result<()> {
        self.ask(client)?;
        self.read(server, REQUEST)?;
        send(server, self.answer.next(ANSWER))?;
        self.read(client, ANSWER)
    }

    /// Reads `length` bytes and adds them up.
    fn read(&mut self, from: &OwnedFd, length: usize) -> io::Result<()> {
        let mut missing = length;
        while missing > 0 {
            let read = receive(from, &mut self.buffer[..missing.min(BUFFER)])?;
            assert!(read > 0, "the other end closed early");
            self.sum = self.sum.wrapping_add(sum(&self.buffer[..read]));
            missing -= read;
        }
        Ok(())
    }

    /// A connection for one request; whoever closes first is left with a TIME-WAIT.
    fn one_request(&mut self, server_first: bool) -> io::Result<()> {
        let (client, server) = self.connect()?;
        self.exchange(&client, &server)?;
        let (first, second) = if server_first {
            (server, client)
        } else {
            (client, server)
        };
        drop(first);
        assert_eq!(receive(&second, &mut self.buffer)?, 0, "the end");
        Ok(())
    }

    /// A stream moves on by `length` bytes, a piece at a time.
    fn stream(&mut self, from: &OwnedFd, to: &OwnedFd, length: usize) -> io::Result<()> {
        self.moved += length as u64;
        self.owed += length;
        if self.owed >= PIECE {
            self.owed -= PIECE;
            send(from, self.answer.next(PIECE))?;
            self.read(to, PIECE)?;
        }
        Ok(())
    }

    fn iterate(&mut self) -> io::Result<()> {
        let Some((client, server)) = self.established.take() else {
            return self.one_request(self.work == Name::W2Server);
        };
        match self.work {
            Name::W3r => self.stream(&client, &server, MSS)?,
            Name::W3s => self.stream(&server, &client, 2 * MSS)?,
            Name::W6 => {
                self.ask(&client)?;
                self.read(&server, REQUEST)?;
            }
            _ => self.exchange(&client, &server)?,
        }
        self.established = Some((client, server));
        Ok(())
    }
}

impl Contestant for LinuxLoopback {
    fn plan(&mut self, _times: u32) {}

    fn work(&mut self, times: u32) -> u64 {
        let before = self.moved;
        for _ in 0..times {
            self.iterate().expect("sockets of the loopback");
        }
        std::hint::black_box(self.sum);
        self.moved - before
    }

    fn replay(&mut self, _times: u32, _disturbances: Disturbances) -> Seen {
        Seen::default()
    }
}

fn listen() -> io::Result<(OwnedFd, SocketAddr)> {
    let listener = net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
    net::bind(&listener, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    net::listen(&listener, 128)?;
    let address = net::getsockname(&listener)?;
    let address = SocketAddr::try_from(address).expect("an address of IPv4");
    Ok((listener, address))
}

/// Sends all of `data`: less than a send buffer that is empty.
fn send(to: &OwnedFd, data: &[u8]) -> io::Result<()> {
    let sent = io::retry_on_intr(|| net::send(to, data, SendFlags::NOSIGNAL))?;
    assert_eq!(sent, data.len(), "no room for so little");
    Ok(())
}

fn receive(from: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
    let (read, _) = io::retry_on_intr(|| net::recv(from, &mut *buffer, RecvFlags::empty()))?;
    Ok(read)
}
