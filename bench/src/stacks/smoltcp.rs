//! smoltcp, used as its examples use it: an interface polled over a device, and a set with a socket for each
//! connection, which listens again when that is over.

use super::{BUFFER, Incoming, Outgoing, Setup, Stack, Taken};
use crate::client::{CLIENT, PORT, SERVER, SERVER_ETHERNET};
use periplus_journey::Instant;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{self, Socket, SocketBuffer};
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicU32, Ordering};

/// The present, for the clock of timestamps: a function without arguments.
static MILLISECONDS: AtomicU32 = AtomicU32::new(0);

/// Longest IP packet of an Ethernet, and of a link that carries all there can be.
const MTU: usize = 1500;
const SUPER_MTU: usize = 65_535;

/// The interface with its device and its sockets.
pub(crate) struct Smoltcp {
    interface: Interface,
    port: Port,
    sockets: SocketSet<'static>,
    /// Each socket, and whether its connection was given to the backend.
    handles: Vec<(SocketHandle, bool)>,
    /// Where the backend goes on asking them.
    asked: usize,
}

impl Smoltcp {
    fn socket(&mut self, (handle, _): (SocketHandle, usize)) -> &mut Socket<'static> {
        self.sockets.get_mut::<Socket<'_>>(handle)
    }
}

impl Stack for Smoltcp {
    const IS_STACK: bool = true;
    const READS_IN_PLACE: bool = true;
    const SUPER_MSS: Option<u16> = Some((SUPER_MTU - 40) as u16);
    const MOST_CONNECTIONS: usize = 1000;
    const SERVES_IN_A_FLOOD: bool = false;

    /// A socket, and its place among the others.
    type Connection = (SocketHandle, usize);

    fn new(setup: Setup) -> Self {
        let mut port = Port::new(&setup);
        let mut config = Config::new(EthernetAddress(SERVER_ETHERNET).into());
        config.random_seed = 7;
        let mut interface = Interface::new(config, &mut port, moment(Instant::ZERO));
        interface.update_ip_addrs(|addresses| {
            let address = IpCidr::new(SERVER.into(), 24);
            addresses.push(address).expect("room for an address");
        });
        let routes = interface.routes_mut();
        routes
            .add_default_ipv4_route(CLIENT)
            .expect("room for a route");
        let mut sockets = SocketSet::new(Vec::new());
        let handles = (0..setup.connections).map(|_| {
            let buffer = || SocketBuffer::new(vec![0; BUFFER]);
            let mut socket = Socket::new(buffer(), buffer());
            if setup.timestamps {
                // Off unless a user gives it a clock.
                socket.set_tsval_generator(Some(|| MILLISECONDS.load(Ordering::Relaxed)));
            }
            socket.listen(PORT).expect("a free port");
            (sockets.add(socket), false)
        });
        let handles = handles.collect();
        Self {
            interface,
            port,
            sockets,
            handles,
            asked: 0,
        }
    }

    fn slots(&mut self, each: impl FnMut(&mut [u8])) {
        self.port.incoming.each(each);
    }

    #[inline]
    fn deliver(&mut self, _now: Instant, write: impl FnOnce(&mut [u8]) -> usize) {
        self.port.incoming.deliver(write);
    }

    fn deliver_apart(&mut self, frame: &[u8]) {
        self.port.incoming.deliver_apart(frame);
    }

    fn turn(&mut self, now: Instant) {
        MILLISECONDS.store(now.as_millis() as u32, Ordering::Relaxed);
        self.interface
            .poll(moment(now), &mut self.port, &mut self.sockets);
    }

    fn take_sent(&mut self, each: impl FnMut(&[u8])) {
        self.port.sent.take(each);
    }

    fn accept(&mut self, _now: Instant) -> Option<Self::Connection> {
        for (place, (handle, accepted)) in self.handles.iter_mut().enumerate() {
            if *accepted {
                continue;
            }
            let socket = self.sockets.get_mut::<Socket<'_>>(*handle);
            if socket.state() == tcp::State::TimeWait {
                // The socket would wait for ten seconds: it forgets the connection instead.
                socket.abort();
            }
            if !socket.is_open() {
                socket.listen(PORT).expect("a closed socket can listen");
            }
            if socket.may_send() {
                *accepted = true;
                return Some((*handle, place));
            }
        }
        None
    }

    fn peer(&self, (handle, _): Self::Connection) -> SocketAddrV4 {
        let endpoint = self.sockets.get::<Socket<'_>>(handle).remote_endpoint();
        let endpoint = endpoint.expect("a connected socket");
        let IpAddress::Ipv4(address) = endpoint.addr;
        SocketAddrV4::new(address, endpoint.port)
    }

    /// The backend asks one socket after the other, as there is nobody who would tell it.
    #[inline]
    fn next_readable(&mut self) -> Option<Self::Connection> {
        while let Some(&(handle, accepted)) = self.handles.get(self.asked) {
            let place = self.asked;
            self.asked += 1;
            let socket = self.sockets.get::<Socket<'_>>(handle);
            if socket.can_recv() || accepted && !socket.may_recv() {
                return Some((handle, place));
            }
        }
        self.asked = 0;
        None
    }

    fn read(&mut self, _now: Instant, connection: Self::Connection, buffer: &mut [u8]) -> Taken {
        let socket = self.socket(connection);
        if socket.can_recv() {
            Taken::Bytes(socket.recv_slice(buffer).expect("a readable socket"))
        } else if socket.may_recv() {
            Taken::Nothing
        } else {
            Taken::End
        }
    }

    fn read_in_place(
        &mut self,
        _now: Instant,
        connection: Self::Connection,
        mut each: impl FnMut(&[u8]),
    ) -> Taken {
        let socket = self.socket(connection);
        if !socket.can_recv() {
            return Taken::Nothing;
        }
        let taken = socket.recv(|bytes| {
            each(bytes);
            (bytes.len(), bytes.len())
        });
        Taken::Bytes(taken.expect("a readable socket"))
    }

    fn is_writable(&mut self, connection: Self::Connection) -> bool {
        self.socket(connection).can_send()
    }

    fn write(&mut self, _now: Instant, connection: Self::Connection, data: &[u8]) -> usize {
        let socket = self.socket(connection);
        socket.send_slice(data).expect("a writable socket")
    }

    fn close(&mut self, _now: Instant, connection: Self::Connection) {
        self.socket(connection).close();
        self.handles[connection.1].1 = false;
    }
}

fn moment(now: Instant) -> smoltcp::time::Instant {
    smoltcp::time::Instant::from_micros((now.as_nanos() / 1000) as i64)
}

/// The device: the rings of every contestant.
struct Port {
    incoming: Incoming,
    sent: Outgoing,
    mtu: usize,
}

impl Port {
    fn new(setup: &Setup) -> Self {
        Self {
            incoming: Incoming::new(setup),
            sent: Outgoing::new(setup),
            mtu: if setup.super_frames { SUPER_MTU } else { MTU },
        }
    }
}

impl Device for Port {
    type RxToken<'a> = Arrived<'a>;
    type TxToken<'a> = Room<'a>;

    fn receive(&mut self, _timestamp: smoltcp::time::Instant) -> Option<(Arrived<'_>, Room<'_>)> {
        if !self.sent.has_room() {
            return None;
        }
        let arrived = self.incoming.take()?;
        let frame = self.incoming.frame(arrived);
        Some((Arrived(frame), Room(&mut self.sent)))
    }

    fn transmit(&mut self, _timestamp: smoltcp::time::Instant) -> Option<Room<'_>> {
        self.sent.has_room().then_some(Room(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = self.mtu + 14;
        capabilities
    }
}

/// A frame that came.
struct Arrived<'a>(&'a [u8]);

impl RxToken for Arrived<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

/// Room for a frame that goes.
struct Room<'a>(&'a mut Outgoing);

impl TxToken for Room<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        let slot = self.0.reserve(length).expect("room was there");
        let result = f(slot);
        self.0.commit(length);
        result
    }
}
