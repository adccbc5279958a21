//! One connection of the client, and which one it is.

use super::{CLIENT, End};
use crate::content::Random;
use std::net::SocketAddrV4;

/// Where the clients are that have more connections than one address has ports: beyond the gateway.
const CROWD: u32 = u32::from_be_bytes([10, 1, 0, 2]);
/// Ports that are used, from here: a multiple of any burst.
const FIRST_PORT: u32 = 1024;
const PORTS: u32 = 64_512;

/// What the client knows of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// The client's address and port.
    pub(crate) end: End,
    number: u32,
    /// The next number to send, and the next to acknowledge.
    pub(crate) next: u32,
    pub(crate) acknowledged: u32,
    /// What was acknowledged last.
    pub(super) told: u32,
    /// The next number expected from the server.
    pub(crate) expected: u32,
    /// What its window field says.
    pub(super) window: u16,
    /// The server's clock as last seen, to be echoed.
    pub(super) echo: u32,
    /// Payload bytes that came.
    pub(crate) received: u64,
    /// The server's SYN, or FIN, has come.
    pub(crate) connected: bool,
    pub(crate) ended: bool,
}

impl Connection {
    /// The connection of that `number`, of `count`.
    pub(super) fn new(number: u32, count: usize, random: &mut Random) -> Self {
        let mut connection = Self {
            end: end(number, count as u32),
            number,
            next: 0,
            acknowledged: 0,
            told: 0,
            expected: 0,
            window: 0,
            echo: 0,
            received: 0,
            connected: false,
            ended: false,
        };
        connection.forget(random);
        connection
    }

    /// Another connection takes its place, `count` numbers on.
    pub(super) fn begin_again(&mut self, count: u32, random: &mut Random) {
        self.number = (self.number + count) % PORTS;
        self.end = end(self.number, count);
        self.forget(random);
    }

    fn forget(&mut self, random: &mut Random) {
        self.next = random.next() as u32;
        (self.acknowledged, self.told) = (0, 0);
        self.received = 0;
        (self.connected, self.ended) = (false, false);
    }

    /// Whether something came that the server has not been told of.
    pub(crate) fn owes_an_ack(&self) -> bool {
        self.connected && self.expected != self.told
    }
}

fn end(number: u32, count: u32) -> End {
    let port = FIRST_PORT + number % PORTS;
    let address = match number / PORTS {
        _ if count <= PORTS => CLIENT.to_bits(),
        more => CROWD + more,
    };
    (address, port as u16)
}

/// The connection of `client`, if it is one of these.
pub(crate) fn find(connections: &[Connection], client: SocketAddrV4) -> Option<&Connection> {
    let end = (client.ip().to_bits(), client.port());
    let is_crowd = connections.len() > PORTS as usize;
    let mine = end.1 >= FIRST_PORT as u16 && is_crowd == (end.0 >= CROWD && end.0 < CROWD + 256);
    let index = mine.then(|| index(end.0, end.1, connections.len()))?;
    connections
        .get(index)
        .filter(|connection| connection.end == end)
}

/// Which of `count` connections has this end.
#[inline]
pub(super) fn index(address: u32, port: u16, count: usize) -> usize {
    let number = u32::from(port) - FIRST_PORT;
    if count <= PORTS as usize {
        return number as usize % count;
    }
    ((address - CROWD) * PORTS + number) as usize
}
