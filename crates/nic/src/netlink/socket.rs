//! The socket by which the kernel is asked.

use super::message::{self, Message};
use super::{Address, Link, Request, Route, address, link, route};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with,
};
use std::io;
use std::os::fd::OwnedFd;

const ERROR: u16 = 2;
const DONE: u16 = 3;
/// What is listed changed while it was listed.
const DUMP_INTERRUPTED: u16 = 0x10;
/// The kernel fills datagrams of up to 32 KiB for those who take that much.
const RECEIVE_BUFFER: usize = 32 * 1024;

/// A `NETLINK_ROUTE` socket of the calling thread's network namespace. Calls wait for the kernel's answer, which it gives
/// within the call that sends the question.
#[derive(Debug)]
pub struct Netlink {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Netlink {
    /// Opens a socket. That needs no privilege, and neither does reading.
    pub fn open() -> io::Result<Self> {
        let protocol = None; // 0 is NETLINK_ROUTE
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            protocol,
        )?;
        Ok(Self {
            socket,
            sequence: 0,
            buffer: vec![0; RECEIVE_BUFFER],
        })
    }

    /// Has a change made. The kernel's refusal is the error, its number as it is.
    pub fn execute(&mut self, request: &Request) -> io::Result<()> {
        self.ask(request, &mut |_| {})?;
        Ok(())
    }

    /// All links of the namespace.
    pub fn links(&mut self) -> io::Result<Vec<Link>> {
        self.list(&link::dump(), link::NEW, Link::read)
    }

    /// The link `name`; `ENODEV` if there is none.
    pub fn link(&mut self, name: &str) -> io::Result<Link> {
        let links = self.links()?;
        let found = links.into_iter().find(|link| link.name == name);
        found.ok_or_else(|| Errno::NODEV.into())
    }

    /// The link with the number `index`; `ENODEV` if there is none.
    pub fn link_at(&mut self, index: u32) -> io::Result<Link> {
        let links = self.list(&link::get(index), link::NEW, Link::read)?;
        links.into_iter().next().ok_or_else(|| Errno::NODEV.into())
    }

    /// The index of the link `name`; `ENODEV` if there is none.
    pub fn index(&mut self, name: &str) -> io::Result<u32> {
        Ok(self.link(name)?.index)
    }

    /// The IPv4 and IPv6 addresses of the link `index`.
    pub fn addresses(&mut self, index: u32) -> io::Result<Vec<Address>> {
        let mut all = self.list(&address::dump(), address::NEW, Address::read)?;
        all.retain(|address| address.index == index);
        Ok(all)
    }

    /// The IPv4 and IPv6 routes of all tables, those that the kernel keeps for its own addresses included.
    pub fn routes(&mut self) -> io::Result<Vec<Route>> {
        let links = self.links()?;
        let mut routes = self.list(&route::dump(), route::NEW, Route::read)?;
        for route in &mut routes {
            let link = links.iter().find(|link| Some(link.index) == route.index);
            route.interface = link.map(|link| link.name.clone());
        }
        Ok(routes)
    }

    fn list<T>(
        &mut self,
        request: &Request,
        kind: u16,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        loop {
            let mut list = Vec::new();
            let whole = self.ask(request, &mut |message| {
                if message.kind == kind {
                    list.extend(read(message.body));
                }
            })?;
            if whole {
                return Ok(list);
            }
        }
    }

    /// Sends `request`, gives every message of its answer to `each`, and says whether nothing changed in between.
    fn ask(&mut self, request: &Request, each: &mut dyn FnMut(Message<'_>)) -> io::Result<bool> {
        self.sequence = self.sequence.wrapping_add(1);
        send(
            &self.socket,
            &request.numbered(self.sequence),
            SendFlags::empty(),
        )?;
        let mut whole = true;
        loop {
            let (_, length) = recv(&self.socket, &mut self.buffer[..], RecvFlags::TRUNC)?;
            if length > self.buffer.len() {
                return Err(io::Error::other("a netlink answer was cut short"));
            }
            for message in message::messages(&self.buffer[..length]) {
                if message.sequence != self.sequence {
                    continue; // the rest of an answer that a failed call left behind
                }
                whole &= message.flags & DUMP_INTERRUPTED == 0;
                match message.kind {
                    ERROR | DONE => return answer(message).map(|()| whole),
                    _ => each(message),
                }
            }
        }
    }
}

/// Both an acknowledgement and the end of a list begin with a negative error number, or 0.
fn answer(message: Message<'_>) -> io::Result<()> {
    match message::read_u32(message.body, 0).unwrap_or(0) as i32 {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(-error)),
    }
}
