//! The table of descriptors. Each is a real one of the kernel (an eventfd), because packetdrill closes with the real `close`
//! what a script leaves open.

use crate::epoll::Epoll;
use crate::errno::Errno;
use crate::pipe::PipeEnd;
use crate::socket::Socket;
use libc::c_int;
use periplus_journey::Instant;
use periplus_stack::Shard;
use std::collections::BTreeMap;

/// What a descriptor stands for.
#[derive(Debug)]
pub(crate) enum Object {
    Socket(Box<Socket>),
    Epoll(Epoll),
    Pipe(PipeEnd),
}

/// The descriptors.
#[derive(Debug, Default)]
pub(crate) struct Descriptors(BTreeMap<c_int, Object>);

impl Descriptors {
    /// A new descriptor for `object`.
    ///
    /// # Errors
    /// `EMFILE` or what else the kernel says.
    pub(crate) fn open(&mut self, object: Object) -> Result<c_int, Errno> {
        // SAFETY: no memory is involved.
        let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
        if descriptor < 0 {
            return Err(Errno::last());
        }
        self.0.insert(descriptor, object);
        Ok(descriptor)
    }

    /// Takes the object away, and closes its descriptor.
    ///
    /// # Errors
    /// `EBADF`.
    pub(crate) fn close(&mut self, descriptor: c_int) -> Result<Object, Errno> {
        let object = self.0.remove(&descriptor).ok_or(Errno(libc::EBADF))?;
        for other in self.0.values_mut() {
            if let Object::Epoll(epoll) = other {
                epoll.forget(descriptor);
            }
        }
        // SAFETY: the descriptor was opened here, and the table no longer names it.
        unsafe { libc::close(descriptor) };
        Ok(object)
    }

    /// Takes the object away at the end of a script. packetdrill has closed the descriptors of sockets past the table by then,
    /// and leaves others open.
    pub(crate) fn end(&mut self, descriptor: c_int) -> Option<Object> {
        // SAFETY: no memory is involved.
        let is_open = unsafe { libc::fcntl(descriptor, libc::F_GETFD) } >= 0;
        if is_open {
            self.close(descriptor).ok()
        } else {
            self.0.remove(&descriptor)
        }
    }

    /// All descriptors.
    pub(crate) fn all(&self) -> Vec<c_int> {
        self.0.keys().copied().collect()
    }

    pub(crate) fn contains(&self, descriptor: c_int) -> bool {
        self.0.contains_key(&descriptor)
    }

    /// The object.
    ///
    /// # Errors
    /// `EBADF`.
    pub(crate) fn get(&mut self, descriptor: c_int) -> Result<&mut Object, Errno> {
        self.0.get_mut(&descriptor).ok_or(Errno(libc::EBADF))
    }

    /// The socket.
    ///
    /// # Errors
    /// `EBADF`, or `ENOTSOCK`.
    pub(crate) fn socket(&mut self, descriptor: c_int) -> Result<&mut Socket, Errno> {
        match self.get(descriptor)? {
            Object::Socket(socket) => Ok(socket),
            _ => Err(Errno(libc::ENOTSOCK)),
        }
    }

    /// Takes an `epoll` out of the table, to use it with the other objects.
    ///
    /// # Errors
    /// `EBADF`, or `EINVAL` for another object.
    pub(crate) fn take_epoll(&mut self, descriptor: c_int) -> Result<Epoll, Errno> {
        match self.get(descriptor)? {
            Object::Epoll(epoll) => Ok(std::mem::take(epoll)),
            _ => Err(Errno(libc::EINVAL)),
        }
    }

    /// Puts it back.
    pub(crate) fn put_epoll(&mut self, descriptor: c_int, epoll: Epoll) {
        self.0.insert(descriptor, Object::Epoll(epoll));
    }

    /// Tells every `epoll` what has become possible since the last time.
    pub(crate) fn note_events(&mut self, now: Instant, shard: &Shard) {
        let mut woken = Vec::new();
        for (&descriptor, object) in &mut self.0 {
            if let Object::Socket(socket) = object {
                let events = socket.take_events(now, shard);
                if events != 0 {
                    woken.push((descriptor, events));
                }
            }
        }
        for &(descriptor, events) in &woken {
            self.wake(descriptor, events);
        }
    }

    /// Tells every `epoll` that `events` have happened at a descriptor.
    pub(crate) fn wake(&mut self, descriptor: c_int, events: u32) {
        for object in self.0.values_mut() {
            if let Object::Epoll(epoll) = object {
                epoll.wake(descriptor, events);
            }
        }
    }
}
