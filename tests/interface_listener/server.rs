//! The two listeners: the kernel's, and ours. Behind both is the same backend.

use super::client::{ANSWER, Client, PORT, REQUEST};
use super::neighbour::Neighbour;
use super::wire::LISTENER;
use periplus_journey::Instant;
use periplus_ring::Device;
use periplus_stack::{ConnectionId, ListenerId, Read as StackRead, StreamError};
use periplus_tests::Host;
use socket2::{Domain, Socket, Type};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

/// How long a listener's queues are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Queues {
    pub(super) syn: u64,
    pub(super) accept: u64,
}

/// What a read of the backend gave.
enum Heard {
    Bytes(usize),
    End,
    Nothing,
    Reset,
}

/// What the backend has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Backend {
    /// Whom it accepted, in order.
    pub(super) accepted: Vec<u16>,
    /// Whom it has answered.
    pub(super) answered: usize,
    /// Who broke off.
    pub(super) reset: Vec<u16>,
    /// Who ended without having asked.
    pub(super) silent: usize,
}

/// The backend's end of the connections of a listener.
pub(super) trait Listening {
    type Connection;
    /// Lets time pass.
    fn wait(&mut self, time: Duration);
    /// How much time has passed.
    fn elapsed(&self) -> Duration;
    /// Lets it do what it can do now, if it does nothing by itself.
    fn poll(&mut self);
    fn accept(&mut self) -> Option<(Self::Connection, SocketAddr)>;
    fn read(
        &mut self,
        connection: &mut Self::Connection,
        buffer: &mut [u8],
    ) -> Result<usize, ErrorKind>;
    /// Sends all of `data`: there is room for it.
    fn write(&mut self, connection: &mut Self::Connection, data: &[u8]) -> Result<(), ErrorKind>;
    fn close(&mut self, connection: Self::Connection);
    fn queues(&mut self) -> Queues;
    /// Every counter, by the name that `nstat` prints.
    fn counters(&mut self) -> BTreeMap<String, u64>;
}

/// A listener with its backend, which accepts a connection when it is told to, and answers requests and closes.
pub(super) struct Server<L: Listening> {
    pub(super) listener: L,
    pub(super) backend: Backend,
    open: Vec<(L::Connection, u16, usize)>,
}

impl<L: Listening> Server<L> {
    pub(super) fn new(listener: L) -> Self {
        Self {
            listener,
            backend: Backend::default(),
            open: Vec::new(),
        }
    }

    /// Accepts one connection, if one waits.
    pub(super) fn accept(&mut self) {
        if let Some((connection, peer)) = self.listener.accept() {
            let client = Client::number(peer.port());
            self.backend.accepted.push(client);
            self.open.push((connection, client, 0));
        }
    }

    /// Looks at every connection that was accepted. Returns whether any was closed.
    pub(super) fn serve(&mut self) -> bool {
        let before = self.open.len();
        for (mut connection, client, mut asked) in std::mem::take(&mut self.open) {
            match self.hear(&mut connection) {
                Heard::Bytes(count) => asked += count,
                Heard::Nothing => {}
                Heard::End => {
                    self.backend.silent += 1;
                    self.listener.close(connection);
                    continue;
                }
                Heard::Reset => {
                    self.backend.reset.push(client);
                    self.listener.close(connection);
                    continue;
                }
            }
            if asked == REQUEST.len() {
                match self.listener.write(&mut connection, ANSWER) {
                    Ok(()) => self.backend.answered += 1,
                    Err(ErrorKind::ConnectionReset) => self.backend.reset.push(client),
                    Err(error) => panic!("{error}"),
                }
                self.listener.close(connection);
            } else {
                self.open.push((connection, client, asked));
            }
        }
        self.open.len() < before
    }

    fn hear(&mut self, connection: &mut L::Connection) -> Heard {
        match self.listener.read(connection, &mut [0; 64]) {
            Ok(0) => Heard::End,
            Ok(count) => Heard::Bytes(count),
            Err(ErrorKind::WouldBlock) => Heard::Nothing,
            Err(ErrorKind::ConnectionReset) => Heard::Reset,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The kernel's, in a namespace.
pub(super) struct Kernel {
    listener: TcpListener,
    namespace: Neighbour,
    started: std::time::Instant,
}

impl Kernel {
    pub(super) fn listen(namespace: Neighbour, backlog: usize) -> Self {
        let listener = namespace.enter(|| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let local = SocketAddr::from((LISTENER, PORT));
            socket.bind(&local.into()).unwrap();
            socket.listen(backlog as i32).unwrap();
            socket.set_nonblocking(true).unwrap();
            TcpListener::from(socket)
        });
        Self {
            listener,
            namespace,
            started: std::time::Instant::now(),
        }
    }
}

impl Listening for Kernel {
    type Connection = TcpStream;

    fn wait(&mut self, time: Duration) {
        sleep(time);
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn poll(&mut self) {}

    fn accept(&mut self) -> Option<(TcpStream, SocketAddr)> {
        let (stream, peer) = match self.listener.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            accepted => accepted.unwrap(),
        };
        stream.set_nonblocking(true).unwrap();
        Some((stream, peer))
    }

    fn read(&mut self, stream: &mut TcpStream, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        stream.read(buffer).map_err(|error| error.kind())
    }

    fn write(&mut self, stream: &mut TcpStream, data: &[u8]) -> Result<(), ErrorKind> {
        stream.write_all(data).map_err(|error| error.kind())
    }

    fn close(&mut self, stream: TcpStream) {
        drop(stream);
    }

    /// From `/proc/net/tcp`: of a listener, `rx_queue` is what waits for `accept()`; half-open connections are 03.
    fn queues(&mut self) -> Queues {
        let mut queues = Queues::default();
        for line in self.namespace.read("tcp").lines().skip(1) {
            let words: Vec<_> = line.split_whitespace().collect();
            match words[3] {
                "0A" => {
                    let (_, accept) = words[4].split_once(':').unwrap();
                    queues.accept = u64::from_str_radix(accept, 16).unwrap();
                }
                "03" => queues.syn += 1,
                _ => {}
            }
        }
        queues
    }

    fn counters(&mut self) -> BTreeMap<String, u64> {
        let mut counters = BTreeMap::new();
        let text = self.namespace.read("snmp") + &self.namespace.read("netstat");
        let lines: Vec<_> = text.lines().collect();
        for pair in lines.chunks(2) {
            let (group, names) = pair[0].split_once(": ").unwrap();
            let (_, values) = pair[1].split_once(": ").unwrap();
            for (name, value) in names.split(' ').zip(values.split(' ')) {
                counters.insert(format!("{group}{name}"), value.parse().unwrap_or(0));
            }
        }
        counters
    }
}

/// Ours: on an interface of another namespace, or in memory, where time passes as the script says.
pub(super) struct Periplus<D> {
    host: Host<D>,
    listener: ListenerId,
    clock: Clock,
}

/// What our listener goes by.
enum Clock {
    Real(std::time::Instant),
    Virtual(Duration),
}

impl<D: Device> Periplus<D> {
    pub(super) fn listen(host: Host<D>, backlog: usize) -> Self {
        Self::by(Clock::Real(std::time::Instant::now()), host, backlog)
    }

    pub(super) fn listen_on_virtual_time(host: Host<D>, backlog: usize) -> Self {
        Self::by(Clock::Virtual(Duration::ZERO), host, backlog)
    }

    fn by(clock: Clock, mut host: Host<D>, backlog: usize) -> Self {
        let listener = host.listen(PORT, backlog);
        Self {
            host,
            listener,
            clock,
        }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.elapsed()
    }
}

impl<D: Device> Listening for Periplus<D> {
    type Connection = ConnectionId;

    fn wait(&mut self, time: Duration) {
        match &mut self.clock {
            Clock::Real(_) => sleep(time),
            Clock::Virtual(elapsed) => *elapsed += time,
        }
    }

    fn elapsed(&self) -> Duration {
        match &self.clock {
            Clock::Real(started) => started.elapsed(),
            Clock::Virtual(elapsed) => *elapsed,
        }
    }

    fn poll(&mut self) {
        while self.host.poll(self.now()) {}
    }

    fn accept(&mut self) -> Option<(ConnectionId, SocketAddr)> {
        let accepted = self.host.shard.accept(self.now(), self.listener)?;
        Some((accepted.id, accepted.peer))
    }

    fn read(&mut self, id: &mut ConnectionId, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        match self.host.shard.read(self.now(), *id, buffer) {
            Ok(StackRead::Data(count)) => Ok(count),
            Ok(StackRead::End) => Ok(0),
            Ok(StackRead::Wait) => Err(ErrorKind::WouldBlock),
            Err(StreamError::Reset) => Err(ErrorKind::ConnectionReset),
            Err(error) => panic!("{error}"),
        }
    }

    fn write(&mut self, id: &mut ConnectionId, data: &[u8]) -> Result<(), ErrorKind> {
        match self.host.shard.write(self.now(), *id, data) {
            Ok(_) => Ok(()),
            Err(StreamError::Reset) => Err(ErrorKind::ConnectionReset),
            Err(error) => panic!("{error}"),
        }
    }

    fn close(&mut self, id: ConnectionId) {
        self.host.shard.close(self.now(), id);
    }

    fn queues(&mut self) -> Queues {
        let listener = self.host.shard.listener(self.listener).unwrap();
        Queues {
            syn: listener.syn_queue.len().into(),
            accept: listener.accept_queue.len() as u64,
        }
    }

    fn counters(&mut self) -> BTreeMap<String, u64> {
        let counters = self.host.shard.counters();
        let named = counters.iter();
        named
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}
