//! `close` and `shutdown`, and the end of a script.

use crate::adapter::Adapter;
use crate::descriptors::Object;
use crate::errno::Errno;
use crate::socket::SocketState;
use crate::waiting::Limit;
use crate::world::World;
use libc::c_int;
use periplus_stack::{ConnectionId, State};
use std::cell::Cell;
use std::net::Shutdown;
use std::time::Duration;

/// How many packets that nobody asked for are shown one by one.
const SHOWN: usize = 3;

impl Adapter {
    /// Closes a descriptor. A socket that lingers waits until everything is acknowledged, or its time is over.
    ///
    /// That is one call, its end included: a thread's next call is taken for its look at the clock, and lets time go on.
    pub(crate) fn close(&self, descriptor: c_int) -> Result<(), Errno> {
        let lingering = Cell::new(None);
        self.wait(
            |world| {
                if !world.descriptors.contains(descriptor) {
                    close_outside(descriptor)?;
                    return Ok(Limit::Forever);
                }
                let object = world.descriptors.close(descriptor)?;
                let Some((id, time)) = world.lingers(&object) else {
                    world.let_go(object);
                    return Ok(Limit::Forever);
                };
                let deadline = world.now + time;
                lingering.set(Some((id, deadline)));
                Ok(Limit::Until(deadline, Errno(libc::EAGAIN)))
            },
            |world| {
                let Some((id, deadline)) = lingering.get() else {
                    return Ok(Some(())); // nothing is waited for
                };
                let now = world.now;
                let (_, shard) = world.parts(None);
                if shard.is_delivered(id) == Ok(false) && now < deadline {
                    return Ok(None);
                }
                shard.close(now, id);
                Ok(Some(()))
            },
        )
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
            match socket.state {
                SocketState::Closed => {
                    socket.read_shut |= how != Shutdown::Write;
                    Err(Errno(libc::ENOTCONN))
                }
                SocketState::Listening(_) if how == Shutdown::Write => Ok(()),
                SocketState::Listening(id) => {
                    shard.close_listener(now, id);
                    socket.becomes(SocketState::Closed);
                    Ok(())
                }
                SocketState::Connection(id) => {
                    let state = shard.connection(id).map(|connection| connection.state());
                    if matches!(state, None | Some(State::Closed | State::TimeWait)) {
                        return Err(Errno(libc::ENOTCONN));
                    }
                    shard.shutdown(now, id, how)?;
                    if state == Some(State::SynSent) {
                        shard.close(now, id);
                        socket.becomes(SocketState::Closed);
                        socket.last_error = Some(Errno(libc::ECONNRESET));
                    }
                    Ok(())
                }
            }
        })
    }

    /// The script is over: what it left is closed, and what it left out is told.
    pub(crate) fn end(&self) {
        let mut world = self.lock();
        world.run();
        let mut unasked = world.outbound.unasked();
        for packet in unasked.by_ref().take(SHOWN) {
            let at = packet.sent_at.as_nanos() as f64 / 1e9;
            eprintln!("periplus: nobody asked for this packet, sent at {at:.6}: {packet}");
        }
        match unasked.count() {
            0 => {}
            more => eprintln!("periplus: nor for {more} more"),
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

/// Closes a file that packetdrill has opened by itself; `EBADF` if there is none.
fn close_outside(descriptor: c_int) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    match unsafe { libc::close(descriptor) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

impl World {
    /// The connection that is to be waited for, and how long: SO_LINGER was set, and nothing makes the close a reset.
    fn lingers(&mut self, object: &Object) -> Option<(ConnectionId, Duration)> {
        let Object::Socket(socket) = object else {
            return None;
        };
        let SocketState::Connection(id) = socket.state else {
            return None;
        };
        let now = self.now;
        let (_, shard) = self.parts(None);
        let time = shard
            .socket_options(id)?
            .linger
            .filter(|time| !time.is_zero())?;
        if socket.left(shard) > 0 {
            return None;
        }
        shard.shutdown(now, id, Shutdown::Write).ok()?;
        Some((id, time))
    }

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
