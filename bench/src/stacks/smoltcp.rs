//! smoltcp, used as its examples use it: an interface polled over a device, and a set with one socket, which listens
//! again when its connection is over.

use super::{BUFFER, Outgoing, SLOTS, Setup, Stack, Taken};
use crate::client::{PORT, SERVER, SERVER_ETHERNET, SLOT};
use periplus_journey::Instant;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{self, Socket, SocketBuffer};
use smoltcp::wire::{EthernetAddress, IpCidr};
use std::sync::atomic::{AtomicU32, Ordering};

/// The present, for the clock of timestamps: a function without arguments.
static MILLISECONDS: AtomicU32 = AtomicU32::new(0);

/// The interface with its device and its socket.
pub(crate) struct Smoltcp {
    interface: Interface,
    port: Port,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    accepted: bool,
}

impl Smoltcp {
    fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut::<Socket<'_>>(self.handle)
    }
}

impl Stack for Smoltcp {
    const IS_STACK: bool = true;
    const READS_IN_PLACE: bool = true;

    fn new(setup: Setup) -> Self {
        let mut port = Port::new();
        let mut config = Config::new(EthernetAddress(SERVER_ETHERNET).into());
        config.random_seed = 7;
        let mut interface = Interface::new(config, &mut port, moment(Instant::ZERO));
        interface.update_ip_addrs(|addresses| {
            let address = IpCidr::new(SERVER.into(), 24);
            addresses.push(address).expect("room for an address");
        });
        let buffer = || SocketBuffer::new(vec![0; BUFFER]);
        let mut socket = Socket::new(buffer(), buffer());
        if setup.timestamps {
            // Off unless a user gives it a clock.
            socket.set_tsval_generator(Some(|| MILLISECONDS.load(Ordering::Relaxed)));
        }
        socket.listen(PORT).expect("a free port");
        let mut sockets = SocketSet::new(Vec::new());
        let handle = sockets.add(socket);
        Self {
            interface,
            port,
            sockets,
            handle,
            accepted: false,
        }
    }

    fn slots(&mut self, mut each: impl FnMut(&mut [u8])) {
        self.port.slots[..SLOTS]
            .iter_mut()
            .for_each(|slot| each(slot));
    }

    fn deliver(&mut self, _now: Instant, write: impl FnOnce(&mut [u8]) -> usize) {
        let slot = self.port.next;
        self.port.next = (slot + 1) % SLOTS;
        let length = write(&mut self.port.slots[slot]);
        self.port.arrived = Some((slot, length));
    }

    fn deliver_apart(&mut self, frame: &[u8]) {
        self.port.slots[SLOTS][..frame.len()].copy_from_slice(frame);
        self.port.arrived = Some((SLOTS, frame.len()));
    }

    fn turn(&mut self, now: Instant) {
        MILLISECONDS.store(now.as_millis() as u32, Ordering::Relaxed);
        self.interface
            .poll(moment(now), &mut self.port, &mut self.sockets);
    }

    fn take_sent(&mut self, each: impl FnMut(&[u8])) {
        self.port.sent.take(each);
    }

    fn accept(&mut self, _now: Instant) -> bool {
        let accepted = self.accepted;
        let socket = self.socket();
        if accepted {
            return false;
        }
        if socket.state() == tcp::State::TimeWait {
            // The only socket would wait for ten seconds: it forgets the connection instead.
            socket.abort();
        }
        if !socket.is_open() {
            socket.listen(PORT).expect("a closed socket can listen");
        }
        self.accepted = self.socket().may_send();
        self.accepted
    }

    fn is_readable(&mut self) -> bool {
        let accepted = self.accepted;
        let socket = self.socket();
        socket.can_recv() || accepted && !socket.may_recv()
    }

    fn read(&mut self, _now: Instant, buffer: &mut [u8]) -> Taken {
        let socket = self.socket();
        if socket.can_recv() {
            Taken::Bytes(socket.recv_slice(buffer).expect("a readable socket"))
        } else if socket.may_recv() {
            Taken::Nothing
        } else {
            Taken::End
        }
    }

    fn read_in_place(&mut self, _now: Instant, mut each: impl FnMut(&[u8])) -> Taken {
        let socket = self.socket();
        if !socket.can_recv() {
            return Taken::Nothing;
        }
        let taken = socket.recv(|bytes| {
            each(bytes);
            (bytes.len(), bytes.len())
        });
        Taken::Bytes(taken.expect("a readable socket"))
    }

    fn is_writable(&mut self) -> bool {
        self.socket().can_send()
    }

    fn write(&mut self, _now: Instant, data: &[u8]) -> usize {
        let socket = self.socket();
        socket.send_slice(data).expect("a writable socket")
    }

    fn close(&mut self, _now: Instant) {
        self.socket().close();
        self.accepted = false;
    }
}

fn moment(now: Instant) -> smoltcp::time::Instant {
    smoltcp::time::Instant::from_micros((now.as_nanos() / 1000) as i64)
}

/// The device: a receive ring of one frame over its slots, and the transmit ring of every contestant.
struct Port {
    /// One more, for a frame that must not change them.
    slots: Vec<[u8; SLOT]>,
    next: usize,
    arrived: Option<(usize, usize)>,
    sent: Outgoing,
}

impl Port {
    fn new() -> Self {
        Self {
            slots: vec![[0; SLOT]; SLOTS + 1],
            next: 0,
            arrived: None,
            sent: Outgoing::new(),
        }
    }
}

impl Device for Port {
    type RxToken<'a> = Arrived<'a>;
    type TxToken<'a> = Room<'a>;

    fn receive(&mut self, _timestamp: smoltcp::time::Instant) -> Option<(Arrived<'_>, Room<'_>)> {
        let (slot, length) = self.arrived.take_if(|_| self.sent.has_room())?;
        let frame = &self.slots[slot][..length];
        Some((Arrived(frame), Room(&mut self.sent)))
    }

    fn transmit(&mut self, _timestamp: smoltcp::time::Instant) -> Option<Room<'_>> {
        self.sent.has_room().then_some(Room(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
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
