//! `close` and `shutdown`, and the end of a script.

use crate::adapter::Adapter;
use crate::descriptors::Object;
use crate::errno::Errno;
use crate::socket::SocketState;
use crate::world::World;
use libc::c_int;
use periplus_stack::State;
use std::net::Shutdown;

impl Adapter {
    pub(crate) fn close(&self, descriptor: c_int) -> Result<(), Errno> {
        self.call(|world| {
            if !world.descriptors.contains(descriptor) {
                // SAFETY: a file that packetdrill has opened by itself, or none; no memory is involved.
                let result = unsafe { libc::close(descriptor) };
                return if result < 0 {
                    Err(Errno::last())
                } else {
                    Ok(())
                };
            }
            let object = world.descriptors.close(descriptor)?;
            world.let_go(object);
            Ok(())
        })
    }

    pub(crate) fn shutdown(&self, descriptor: c_int, how: c_int) -> Result<(), Errno> {
        self.call(|world| {
            let now = world.now;
            let (descriptors, shard) = world.parts(None);
            let socket = descriptors.socket(descriptor)?;
            let how = match how {
                libc::SHUT_RD => Shutdown::Read,
                libc::SHUT_WR => Shutdown::Write,
                libc::SHUT_RDWR => Shutdown::Both,
                _ => return Err(Errno(libc::EINVAL)),
            };
            let reading = how != Shutdown::Write;
            match socket.state {
                SocketState::Closed => Err(Errno(libc::ENOTCONN)),
                SocketState::Listening(id) => {
                    if reading {
                        shard.close_listener(now, id);
                        socket.becomes(SocketState::Closed);
                    }
                    Ok(())
                }
                SocketState::Connection(id) => {
                    let state = shard.connection(id).map(|connection| connection.state());
                    match state {
                        None | Some(State::Closed | State::TimeWait) => {
                            return Err(Errno(libc::ENOTCONN));
                        }
                        Some(State::SynSent) => {
                            shard.abort(now, id);
                            shard.close(now, id);
                            socket.becomes(SocketState::Closed);
                            return Ok(());
                        }
                        Some(_) => {}
                    }
                    socket.read_shut |= reading;
                    shard.shutdown(now, id, how)?;
                    Ok(())
                }
            }
        })
    }

    /// The script is over: what it left is closed, and what it left out is told.
    pub(crate) fn end(&self) {
        let mut world = self.lock();
        world.run();
        for packet in world.outbound.unasked() {
            let at = packet.sent_at.as_nanos() as f64 / 1e9;
            eprintln!("periplus: nobody asked for this packet, sent at {at:.6}: {packet}");
        }
        for descriptor in world.descriptors.all() {
            if let Some(object) = world.descriptors.end(descriptor) {
                world.let_go(object);
            }
        }
        let left = world.outlive();
        if left != (0, 0, 0) {
            let (connections, half_open, time_wait) = left;
            eprintln!(
                "periplus: leaked, though no timer is left: {connections} connections, \
                 {half_open} half-open, {time_wait} in TIME-WAIT"
            );
        }
        world.sysctls.remove();
    }
}

impl World {
    /// Nobody holds the object any more.
    fn let_go(&mut self, object: Object) {
        let now = self.now;
        let Object::Socket(socket) = object else {
            return;
        };
        let (_, shard) = self.parts(None);
        match socket.state {
            SocketState::Closed => {}
            SocketState::Listening(id) => shard.close_listener(now, id),
            SocketState::Connection(id) => shard.close(now, id),
        }
    }
}
