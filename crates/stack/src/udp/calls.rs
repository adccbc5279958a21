//! The verbs of a backend that sends and receives datagrams.

use super::receive_queue::Received;
use super::{Datagram, UdpSocket};
use crate::Shard;
use crate::shard::UdpId;
use periplus_wire::{ipv4, udp};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

/// Why a UDP socket could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindError {
    /// Another socket has the address and port.
    AddressInUse(SocketAddr),
    /// The address is not one of this shard's.
    AddressNotAvailable(SocketAddr),
    /// Every port, or every place for a socket, is taken.
    Exhausted,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressInUse(address) => {
                write!(f, "{address} already has a UDP socket: choose another port")
            }
            Self::AddressNotAvailable(address) => {
                write!(
                    f,
                    "{address} is not an address of this shard: use its own, or 0.0.0.0 for any"
                )
            }
            Self::Exhausted => f.write_str("no port is free for another UDP socket"),
        }
    }
}

impl std::error::Error for BindError {}

/// Why a datagram was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// It does not fit one packet of the link, and no fragments are made (Linux's EMSGSIZE).
    MessageTooLong {
        /// Bytes of its data.
        length: usize,
        /// Bytes of data that fit.
        largest: usize,
    },
    /// There is no route to the address.
    NetworkUnreachable(SocketAddr),
    /// Broadcasts and multicasts are not sent (Linux's EACCES of a socket without SO_BROADCAST).
    NotUnicast(SocketAddr),
    /// Nobody can have port 0.
    NoPort(SocketAddr),
    /// The socket is closed.
    Closed,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MessageTooLong { length, largest } => write!(
                f,
                "{length} bytes are too long for a datagram on this link: send at most {largest} at a time, fragments are not offered"
            ),
            Self::NetworkUnreachable(to) => write!(
                f,
                "no route to {to}: set a gateway, or an address in its network"
            ),
            Self::NotUnicast(to) => write!(
                f,
                "{to} is not one host's address: send to each host by itself"
            ),
            Self::NoPort(to) => write!(f, "nobody can have port 0 of {}: name a port", to.ip()),
            Self::Closed => Closed.fmt(f),
        }
    }
}

impl std::error::Error for SendError {}

/// The socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the socket is closed")
    }
}

impl std::error::Error for Closed {}

/// What became of a datagram that was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendTo {
    /// It is on its way. What the link does with it, nobody will say.
    Accepted,
    /// The socket has as much on its way as it may: [`Shard::take_ready`] will say when there is room.
    Wait,
}

/// What there was to receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiveFrom {
    /// A datagram, whole: what a reader with too small a buffer loses of it is the reader's affair.
    Datagram {
        /// Who sent it.
        source: SocketAddr,
        /// Its data.
        data: Box<[u8]>,
    },
    /// None yet: [`Shard::take_ready`] will say when.
    Wait,
}

impl Shard {
    /// Opens a UDP socket on `local`; an unspecified address takes what comes for any of ours, port 0 a free port that
    /// nobody can guess (RFC 6056). A socket on an address and one on any address with the same port do not disturb each
    /// other: the more specific one is found first.
    ///
    /// Datagrams to broadcast and multicast addresses are not received.
    ///
    /// # Errors
    /// [`BindError`], if the address is taken, not ours, or no port is free.
    pub fn bind_udp(&mut self, mut local: SocketAddr) -> Result<UdpId, BindError> {
        if !local.ip().is_unspecified() && !self.routes.is_ours(local.ip()) || local.is_ipv6() {
            return Err(BindError::AddressNotAvailable(local));
        }
        if local.port() == 0 {
            let port = self.free_udp_port(local).ok_or(BindError::Exhausted)?;
            local.set_port(port);
        }
        let index = self
            .udp_sockets
            .insert(UdpSocket::new(local, self.options.rmem_default))
            .map_err(|_| BindError::Exhausted)?;
        if self.udp_table.insert(local, index).is_err() {
            self.udp_sockets.remove(index);
            return Err(BindError::AddressInUse(local));
        }
        Ok(UdpId(index))
    }

    fn free_udp_port(&mut self, local: SocketAddr) -> Option<u16> {
        // There is no remote end to tell this search from others: their number is put in its place.
        self.udp_port_searches = self.udp_port_searches.wrapping_add(1);
        let nth = SocketAddr::from((Ipv4Addr::from(self.udp_port_searches), 0));
        let offset = self.environment.initial_sequence.port_hash(local, nth) as u32;
        let range = self.environment.sysctls.ip_local_port_range;
        (0..range.count())
            .map(|i| range.nth(offset.wrapping_add(i)))
            .find(|&port| !self.udp_table.uses_port(port))
    }

    /// A UDP socket, to look at.
    pub fn udp_socket(&self, id: UdpId) -> Option<&UdpSocket> {
        self.udp_sockets.get(id.0)
    }

    /// The most data a datagram can have.
    pub fn largest_datagram(&self) -> usize {
        let headers = ipv4::HEADER_LENGTH + udp::HEADER_LENGTH;
        let packet = self.capabilities.mtu.min(usize::from(u16::MAX));
        packet.saturating_sub(headers)
    }

    /// Sends `data` to `to` as one datagram. From a socket on any address it goes out with the interface's.
    ///
    /// If the next hop's link address is not known, the datagram waits for it: as Linux's `unres_qlen` says, up to 101 a
    /// next hop, and the oldest is lost beyond that.
    ///
    /// # Errors
    /// [`SendError`], if it cannot be sent at all.
    pub fn send_to(&mut self, id: UdpId, data: &[u8], to: SocketAddr) -> Result<SendTo, SendError> {
        let destination = self.destination(to)?;
        let (length, largest) = (data.len(), self.largest_datagram());
        if length > largest {
            return Err(SendError::MessageTooLong { length, largest });
        }
        let socket = self.udp_sockets.get_mut(id.0).ok_or(SendError::Closed)?;
        let charge = Datagram::charge_of(length);
        if socket.sending > 0 && socket.sending + charge > self.options.wmem_default {
            socket.wants_send = true;
            return Ok(SendTo::Wait);
        }
        let address = if socket.local.ip().is_unspecified() {
            self.routes.address()
        } else {
            socket.local.ip()
        };
        let IpAddr::V4(address) = address else {
            return Err(SendError::NetworkUnreachable(to));
        };
        let datagram = Datagram {
            source: SocketAddrV4::new(address, socket.local.port()),
            destination,
            data: data.into(),
        };
        if self.udp_output.push(id.0, datagram) {
            socket.sending += charge;
        } else {
            self.environment.counters.ip_out_discards += 1;
        }
        Ok(SendTo::Accepted)
    }

    fn destination(&self, to: SocketAddr) -> Result<SocketAddrV4, SendError> {
        let address = to.ip();
        if to.port() == 0 {
            return Err(SendError::NoPort(to));
        }
        if address.is_unspecified() || address.is_multicast() || self.routes.is_broadcast(address) {
            return Err(SendError::NotUnicast(to));
        }
        match to {
            SocketAddr::V4(to) if self.routes.next_hop(address).is_some() => Ok(to),
            _ => Err(SendError::NetworkUnreachable(to)),
        }
    }

    /// Takes the datagram that came first.
    ///
    /// # Errors
    /// [`Closed`], if the socket is.
    pub fn receive_from(&mut self, id: UdpId) -> Result<ReceiveFrom, Closed> {
        let socket = self.udp_sockets.get_mut(id.0).ok_or(Closed)?;
        let Some(Received { source, data }) = socket.receive_queue.pop() else {
            socket.wants_receive = true;
            return Ok(ReceiveFrom::Wait);
        };
        self.environment.counters.udp_in_datagrams += 1;
        let source = source.into();
        Ok(ReceiveFrom::Datagram { source, data })
    }

    /// Closes a socket: what it was sending still goes, what arrived and was not taken is forgotten. The id names nothing
    /// any more.
    pub fn close_udp(&mut self, id: UdpId) {
        if let Some(socket) = self.udp_sockets.remove(id.0) {
            self.udp_table.remove(socket.local);
        }
    }
}
