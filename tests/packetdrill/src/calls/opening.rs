//! `socket`, `bind`, `listen`, `accept`, `connect`.

use crate::adapter::Adapter;
use crate::descriptors::Object;
use crate::errno::Errno;
use crate::memory::Address;
use crate::socket::{Socket, SocketState};
use crate::world::World;
use libc::c_int;
use periplus_stack::{ListenError, Shard, State};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

const ANY: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);

impl Adapter {
    pub(crate) fn socket(
        &self,
        domain: c_int,
        kind: c_int,
        protocol: c_int,
    ) -> Result<c_int, Errno> {
        let flags = kind & (libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC);
        match (domain, kind & !flags, protocol) {
            (libc::AF_INET, libc::SOCK_STREAM, 0 | libc::IPPROTO_TCP) => {}
            (libc::AF_INET, libc::SOCK_STREAM, _) => return Err(Errno(libc::EPROTONOSUPPORT)),
            (libc::AF_INET, ..) => return Err(Errno(libc::ESOCKTNOSUPPORT)),
            _ => return Err(Errno(libc::EAFNOSUPPORT)),
        }
        let socket = Socket::new(SocketState::Closed, flags & libc::SOCK_NONBLOCK != 0);
        self.call(|world| world.descriptors.open(Object::Socket(Box::new(socket))))
    }

    pub(crate) fn bind(&self, descriptor: c_int, address: Address) -> Result<(), Errno> {
        self.call(|world| {
            let socket = world.descriptors.socket(descriptor)?;
            let Address::V4(local) = address else {
                return Err(Errno(libc::EAFNOSUPPORT));
            };
            if socket.state != SocketState::Closed || socket.local.is_some() {
                return Err(Errno(libc::EINVAL));
            }
            socket.local = Some(local);
            world.parts(Some(*local.ip()));
            Ok(())
        })
    }

    pub(crate) fn listen(&self, descriptor: c_int, backlog: c_int) -> Result<(), Errno> {
        self.call(|world| {
            let now = world.now;
            let socket = world.descriptors.socket(descriptor)?;
            let local = socket.local.unwrap_or(ANY);
            let (descriptors, shard) = world.parts(Some(*local.ip()));
            let socket = descriptors.socket(descriptor)?;
            match socket.state {
                SocketState::Listening(id) => {
                    shard.set_backlog(id, backlog as u32 as usize);
                    Ok(())
                }
                SocketState::Connection(_) => Err(Errno(libc::EINVAL)),
                SocketState::Closed => {
                    // a negative backlog is a very long one
                    let listener = shard.listen(local.into(), backlog as u32 as usize);
                    let listener = listener.map_err(|error: ListenError| Errno::from(error))?;
                    shard.set_listener_options(now, listener, socket.options);
                    socket.becomes(SocketState::Listening(listener));
                    Ok(())
                }
            }
        })
    }

    /// The new descriptor and the client's address.
    pub(crate) fn accept(&self, descriptor: c_int) -> Result<(c_int, SocketAddrV4), Errno> {
        self.wait(
            |world| {
                let (now, socket) = (world.now, world.descriptors.socket(descriptor)?);
                Ok(socket.receive_limit(now, false))
            },
            |world| {
                let now = world.now;
                let (descriptors, shard) = world.parts(None);
                let socket = descriptors.socket(descriptor)?;
                let SocketState::Listening(listener) = socket.state else {
                    return Err(Errno(libc::EINVAL));
                };
                let Some(accepted) = shard.accept(now, listener) else {
                    return Ok(None);
                };
                let (SocketAddr::V4(peer), SocketAddr::V4(local)) = (accepted.peer, accepted.local)
                else {
                    unreachable!("there is no other family");
                };
                let mut connection = Socket::new(SocketState::Connection(accepted.id), false);
                connection.local = Some(local);
                connection.setting = socket.setting.clone();
                connection.take_events(now, shard); // what came before is no event
                let descriptor = descriptors.open(Object::Socket(Box::new(connection)))?;
                Ok(Some((descriptor, peer)))
            },
        )
    }

    pub(crate) fn connect(&self, descriptor: c_int, address: Address) -> Result<(), Errno> {
        if address == Address::Unspecified {
            return self.call(|world| world.disconnect(descriptor));
        }
        let mut began = false;
        self.wait(
            |world| {
                let now = world.now;
                let socket = world.descriptors.socket(descriptor)?;
                let again = if socket.connecting {
                    libc::EALREADY
                } else {
                    libc::EINPROGRESS
                };
                Ok(socket.send_limit(now, false, Errno(again)))
            },
            |world| {
                if !std::mem::replace(&mut began, true) {
                    world.begin_connect(descriptor, address)?;
                    world.run();
                }
                let (descriptors, shard) = world.parts(None);
                descriptors.socket(descriptor)?.connected(shard)
            },
        )
    }
}

impl World {
    /// The SYN, or nothing if it went out before.
    fn begin_connect(&mut self, descriptor: c_int, address: Address) -> Result<(), Errno> {
        let now = self.now;
        let Address::V4(remote) = address else {
            return Err(Errno(libc::EAFNOSUPPORT));
        };
        let socket = self.descriptors.socket(descriptor)?;
        match socket.state {
            SocketState::Connection(_) if socket.connecting => return Ok(()),
            SocketState::Closed => {}
            _ => return Err(Errno(libc::EISCONN)),
        }
        let local = socket.local.filter(|local| !local.ip().is_unspecified());
        let (descriptors, shard) = self.parts(local.map(|local| *local.ip()));
        let socket = descriptors.socket(descriptor)?;
        let own = shard.options().address;
        let from = socket.local.map(|bound| {
            let ip = if bound.ip().is_unspecified() {
                own
            } else {
                *bound.ip()
            };
            SocketAddr::from((ip, bound.port()))
        });
        let id = shard.connect_with(now, from, remote.into(), socket.options)?;
        let (local, options) = (socket.local, socket.options);
        socket.becomes(SocketState::Connection(id));
        (socket.local, socket.options) = (local, options);
        (socket.active, socket.connecting) = (true, true);
        Ok(())
    }

    /// `connect` to nowhere: the connection is reset, and the socket can be used anew.
    fn disconnect(&mut self, descriptor: c_int) -> Result<(), Errno> {
        let now = self.now;
        let (descriptors, shard) = self.parts(None);
        let socket = descriptors.socket(descriptor)?;
        match socket.state {
            SocketState::Closed => {}
            SocketState::Listening(id) => shard.close_listener(now, id),
            SocketState::Connection(id) => {
                socket.options = shard.socket_options(id).unwrap_or_default();
                shard.abort(now, id);
                shard.close(now, id);
            }
        }
        socket.becomes(SocketState::Closed);
        Ok(())
    }
}

impl Socket {
    /// Whether the handshake is over; told once.
    fn connected(&mut self, shard: &mut Shard) -> Result<Option<()>, Errno> {
        let SocketState::Connection(id) = self.state else {
            return Err(Errno(libc::ENOTCONN));
        };
        if let Some(errno) = self.take_error(Some(shard)) {
            shard.close(periplus_journey::Instant::ZERO, id);
            self.becomes(SocketState::Closed);
            return Err(errno);
        }
        let state = shard.connection(id).map(|connection| connection.state());
        if matches!(state, Some(State::SynSent | State::SynReceived)) {
            return Ok(None);
        }
        if self.connecting && matches!(state, None | Some(State::Closed)) {
            // its error was told by SO_ERROR, say
            shard.close(periplus_journey::Instant::ZERO, id);
            self.becomes(SocketState::Closed);
            return Err(Errno(libc::ECONNABORTED));
        }
        self.connecting = false;
        Ok(Some(()))
    }
}
