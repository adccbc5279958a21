//! lwIP as Debian builds it, by its raw API and without an operating system below: frames come in the slots of the ring and
//! stay there, timers are called when they are due.

mod library;

use super::{Incoming, Outgoing, Setup, Stack, Taken};
use library::{Connection, Library};
use periplus_journey::Instant;
use std::net::SocketAddrV4;
use std::time::Duration;

/// TCP_TMR_INTERVAL and ARP_TMR_INTERVAL.
const TCP_INTERVAL: Duration = Duration::from_millis(250);
const ARP_INTERVAL: Duration = Duration::from_secs(1);

/// The library with its receive ring and its timers.
pub(crate) struct Lwip {
    /// Before the slots, in which it may still have something.
    library: Library,
    incoming: Incoming,
    timers: Option<Timers>,
}

/// When they are due next.
struct Timers {
    tcp: Instant,
    arp: Instant,
}

impl Stack for Lwip {
    const IS_STACK: bool = true;
    const READS_IN_PLACE: bool = true;
    const SUPER_MSS: Option<u16> = None;
    const HAS_TIMESTAMPS: bool = false;
    const ROUNDS_WINDOWS: bool = true;
    const WINDOW: usize = 0xffff; // TCP_WND, as Debian builds it
    const MOST_CONNECTIONS: usize = 1000;
    // A half-open connection is as large as any other, and is found by walking past all of them.
    const SURVIVES_A_FLOOD: bool = false;
    const SERVES_IN_A_FLOOD: bool = false;

    type Connection = Connection;

    fn new(setup: Setup) -> Self {
        let mut library = Library::new(setup.slots() + 1, Outgoing::new(&setup));
        library.sent().take(|_| {}); // what announces its address
        Self {
            library,
            incoming: Incoming::new(&setup),
            timers: None,
        }
    }

    fn slots(&mut self, each: impl FnMut(&mut [u8])) {
        self.incoming.each(each);
    }

    #[inline]
    fn deliver(&mut self, _now: Instant, write: impl FnOnce(&mut [u8]) -> usize) {
        self.incoming.deliver(write);
    }

    fn deliver_apart(&mut self, frame: &[u8]) {
        self.incoming.deliver_apart(frame);
    }

    fn turn(&mut self, now: Instant) {
        while let Some(arrived) = self.incoming.take() {
            let frame = self.incoming.frame_mut(arrived);
            #[allow(unsafe_code)]
            // SAFETY: the slots go after the library, and are written to only when a frame comes into them, before which what was
            // in them was read: `input` panics otherwise.
            unsafe {
                self.library.input(arrived.0 as usize, frame);
            }
        }
        let timers = self.timers.get_or_insert(Timers {
            tcp: now + TCP_INTERVAL,
            arp: now + ARP_INTERVAL,
        });
        while timers.tcp <= now {
            timers.tcp += TCP_INTERVAL;
            self.library.tcp_timer();
        }
        while timers.arp <= now {
            timers.arp += ARP_INTERVAL;
            self.library.arp_timer();
        }
    }

    fn take_sent(&mut self, each: impl FnMut(&[u8])) {
        self.library.sent().take(each);
    }

    fn accept(&mut self, _now: Instant) -> Option<Connection> {
        self.library.accept()
    }

    fn peer(&self, connection: Connection) -> SocketAddrV4 {
        self.library.peer(connection)
    }

    #[inline]
    fn next_readable(&mut self) -> Option<Connection> {
        self.library.next_readable()
    }

    fn read(&mut self, _now: Instant, connection: Connection, buffer: &mut [u8]) -> Taken {
        match self.library.read(connection, buffer) {
            0 if self.library.has_ended(connection) => Taken::End,
            0 => Taken::Nothing,
            length => Taken::Bytes(length),
        }
    }

    fn read_in_place(
        &mut self,
        _now: Instant,
        connection: Connection,
        each: impl FnMut(&[u8]),
    ) -> Taken {
        match self.library.read_piece(connection, each) {
            0 => Taken::Nothing,
            length => Taken::Bytes(length),
        }
    }

    fn is_writable(&mut self, connection: Connection) -> bool {
        self.library.has_room(connection)
    }

    fn write(&mut self, _now: Instant, connection: Connection, data: &[u8]) -> usize {
        self.library.write(connection, data)
    }

    fn close(&mut self, _now: Instant, connection: Connection) {
        self.library.close(connection);
    }
}
