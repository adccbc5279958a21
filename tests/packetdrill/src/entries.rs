//! The entries: C's arguments in, a call of the adapter, C's results and `errno` out.

use crate::adapter::Adapter;
use crate::control;
use crate::errno::Errno;
use crate::flags::Flags;
use crate::interface::{Interface, Userdata};
use crate::memory::{self, Pieces};
use libc::{
    c_char, c_int, c_long, c_longlong, c_uint, c_ulong, c_void, epoll_event, iovec, loff_t, msghdr,
    nfds_t, off_t, pollfd, size_t, sockaddr, socklen_t, ssize_t, timeval,
};
use std::ffi::CStr;
use std::sync::Arc;
use std::time::Duration;

/// The number that packetdrill is given, and `errno`.
trait Answer {
    const FAILED: Self;
    fn of(number: usize) -> Self;
}

impl Answer for c_int {
    const FAILED: Self = -1;
    fn of(number: usize) -> Self {
        number as c_int
    }
}

impl Answer for ssize_t {
    const FAILED: Self = -1;
    fn of(number: usize) -> Self {
        number as ssize_t
    }
}

fn answer<A: Answer>(result: Result<usize, Errno>) -> A {
    match result {
        Ok(number) => A::of(number),
        Err(errno) => {
            errno.set();
            A::FAILED
        }
    }
}

fn done(result: Result<(), Errno>) -> c_int {
    answer(result.map(|()| 0))
}

fn number(result: Result<c_int, Errno>) -> c_int {
    answer(result.map(|number| number as usize))
}

/// The adapter behind `userdata`.
///
/// # Safety
/// `userdata` is what [`packetdrill_interface_init`] put into the interface, and not freed.
unsafe fn adapter<'a>(userdata: Userdata) -> &'a Adapter {
    // SAFETY: it was made by `Arc::into_raw`, and lives until `free`.
    unsafe { &*userdata.cast::<Adapter>() }
}

/// Fills packetdrill's interface. `flags` may be null. Flags that are none end the process: there is no other way to tell.
///
/// # Safety
/// `flags` is null or a C string; `interface` is room for an [`Interface`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn packetdrill_interface_init(
    flags: *const c_char,
    interface: *mut Interface,
) {
    let text = if flags.is_null() {
        Default::default()
    } else {
        // SAFETY: not null; the caller vouches for the rest.
        unsafe { CStr::from_ptr(flags) }.to_string_lossy()
    };
    let flags = Flags::parse(&text).unwrap_or_else(|error| {
        eprintln!("periplus: {error}");
        std::process::exit(2)
    });
    let filled = Interface {
        userdata: Arc::into_raw(Adapter::new(flags)).cast_mut().cast(),
        free,
        socket,
        bind,
        listen,
        accept,
        connect,
        read,
        readv,
        recv,
        recvfrom,
        recvmsg,
        write,
        writev,
        send,
        sendto,
        sendmsg,
        fcntl,
        ioctl,
        close,
        shutdown,
        getsockopt,
        setsockopt,
        poll,
        netdev_send,
        netdev_receive,
        usleep,
        gettimeofday,
        epoll_create,
        epoll_ctl,
        epoll_wait,
        pipe,
        splice,
    };
    // SAFETY: the caller vouches for the room.
    unsafe { interface.write(filled) }
}

// In what follows, every `userdata` is packetdrill's copy of the interface's member, and every pointer is as the system call of
// that name demands: each SAFETY comment rests on that.

unsafe extern "C" fn free(userdata: Userdata) {
    // SAFETY: made by `Arc::into_raw`, and freed once.
    let adapter = unsafe { Arc::from_raw(userdata.cast::<Adapter>()) };
    adapter.end();
}

unsafe extern "C" fn socket(
    userdata: Userdata,
    domain: c_int,
    kind: c_int,
    protocol: c_int,
) -> c_int {
    // SAFETY: as above.
    number(unsafe { adapter(userdata) }.socket(domain, kind, protocol))
}

unsafe extern "C" fn bind(
    userdata: Userdata,
    fd: c_int,
    address: *const sockaddr,
    length: socklen_t,
) -> c_int {
    // SAFETY: as above.
    let (adapter, address) = unsafe { (adapter(userdata), memory::address(address, length)) };
    done(address.and_then(|address| adapter.bind(fd, address)))
}

unsafe extern "C" fn listen(userdata: Userdata, fd: c_int, backlog: c_int) -> c_int {
    // SAFETY: as above.
    done(unsafe { adapter(userdata) }.listen(fd, backlog))
}

unsafe extern "C" fn accept(
    userdata: Userdata,
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: as above.
    let accepted = unsafe { adapter(userdata) }.accept(fd);
    number(accepted.and_then(|(fd, peer)| {
        // SAFETY: as above.
        unsafe { memory::put_address(address, length, peer) }?;
        Ok(fd)
    }))
}

unsafe extern "C" fn connect(
    userdata: Userdata,
    fd: c_int,
    address: *const sockaddr,
    length: socklen_t,
) -> c_int {
    // SAFETY: as above.
    let (adapter, address) = unsafe { (adapter(userdata), memory::address(address, length)) };
    done(address.and_then(|address| adapter.connect(fd, address)))
}

/// Every call that receives.
///
/// # Safety
/// As for the entries.
unsafe fn receive(userdata: Userdata, fd: c_int, pieces: &Pieces, flags: c_int) -> ssize_t {
    // SAFETY: the caller vouches for it.
    let received = unsafe { adapter(userdata) }.receive(fd, pieces, flags);
    answer(received.map(|received| {
        // SAFETY: the caller vouches for the pieces.
        unsafe { pieces.write(&received.bytes) };
        received.count
    }))
}

unsafe extern "C" fn read(
    userdata: Userdata,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
) -> ssize_t {
    // SAFETY: as above.
    unsafe { receive(userdata, fd, &Pieces::one(buffer, length), 0) }
}

unsafe extern "C" fn readv(
    userdata: Userdata,
    fd: c_int,
    vector: *const iovec,
    count: c_int,
) -> ssize_t {
    // SAFETY: as above.
    match unsafe { pieces(vector, count) } {
        // SAFETY: as above.
        Ok(pieces) => unsafe { receive(userdata, fd, &pieces, 0) },
        Err(errno) => answer(Err(errno)),
    }
}

/// # Safety
/// As [`Pieces::vector`].
unsafe fn pieces(vector: *const iovec, count: c_int) -> Result<Pieces, Errno> {
    let count = usize::try_from(count).map_err(|_| Errno(libc::EINVAL))?;
    // SAFETY: the caller vouches for it.
    unsafe { Pieces::vector(vector, count, libc::EINVAL) }
}

unsafe extern "C" fn recv(
    userdata: Userdata,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    // SAFETY: as above.
    unsafe { receive(userdata, fd, &Pieces::one(buffer, length), flags) }
}

/// A stream's bytes come without an address, as on Linux.
unsafe extern "C" fn recvfrom(
    userdata: Userdata,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
    _address: *mut sockaddr,
    _address_length: *mut socklen_t,
) -> ssize_t {
    // SAFETY: as above.
    unsafe { receive(userdata, fd, &Pieces::one(buffer, length), flags) }
}

unsafe extern "C" fn recvmsg(
    userdata: Userdata,
    fd: c_int,
    message: *mut msghdr,
    flags: c_int,
) -> ssize_t {
    // SAFETY: as above.
    let result = unsafe { memory::get(message) }.and_then(|header| {
        // SAFETY: as above.
        let pieces = unsafe { Pieces::vector(header.msg_iov, header.msg_iovlen, libc::EMSGSIZE) }?;
        // SAFETY: as above.
        let received = unsafe { adapter(userdata) }.receive(fd, &pieces, flags)?;
        // SAFETY: as above.
        unsafe {
            pieces.write(&received.bytes);
            control::put(message, &received.controls, received.flags);
        }
        Ok(received.count)
    });
    answer(result)
}

/// Every call that sends.
///
/// # Safety
/// As for the entries.
unsafe fn transmit(userdata: Userdata, fd: c_int, pieces: &Pieces, flags: c_int) -> ssize_t {
    // SAFETY: the caller vouches for the pieces.
    let data = unsafe { pieces.read() };
    // SAFETY: the caller vouches for it.
    answer(unsafe { adapter(userdata) }.send(fd, &data, pieces.len(), flags))
}

unsafe extern "C" fn write(
    userdata: Userdata,
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
) -> ssize_t {
    // SAFETY: as above.
    unsafe { transmit(userdata, fd, &Pieces::one(buffer, length), 0) }
}

unsafe extern "C" fn writev(
    userdata: Userdata,
    fd: c_int,
    vector: *const iovec,
    count: c_int,
) -> ssize_t {
    // SAFETY: as above.
    match unsafe { pieces(vector, count) } {
        // SAFETY: as above.
        Ok(pieces) => unsafe { transmit(userdata, fd, &pieces, 0) },
        Err(errno) => answer(Err(errno)),
    }
}

unsafe extern "C" fn send(
    userdata: Userdata,
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    // SAFETY: as above.
    unsafe { transmit(userdata, fd, &Pieces::one(buffer, length), flags) }
}

/// A stream goes where it is connected to, whatever the address, as on Linux.
unsafe extern "C" fn sendto(
    userdata: Userdata,
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
    _address: *const sockaddr,
    _address_length: socklen_t,
) -> ssize_t {
    // SAFETY: as above.
    unsafe { transmit(userdata, fd, &Pieces::one(buffer, length), flags) }
}

unsafe extern "C" fn sendmsg(
    userdata: Userdata,
    fd: c_int,
    message: *const msghdr,
    flags: c_int,
) -> ssize_t {
    // SAFETY: as above.
    let pieces = unsafe { memory::get(message) }.and_then(|header| {
        // SAFETY: as above.
        unsafe { Pieces::vector(header.msg_iov, header.msg_iovlen, libc::EMSGSIZE) }
    });
    match pieces {
        // SAFETY: as above.
        Ok(pieces) => unsafe { transmit(userdata, fd, &pieces, flags) },
        Err(errno) => answer(Err(errno)),
    }
}

unsafe extern "C" fn fcntl(
    userdata: Userdata,
    fd: c_int,
    command: c_int,
    argument: c_long,
) -> c_int {
    // SAFETY: as above.
    number(unsafe { adapter(userdata) }.fcntl(fd, command, argument as c_int))
}

unsafe extern "C" fn ioctl(
    userdata: Userdata,
    fd: c_int,
    request: c_ulong,
    argument: *mut c_int,
) -> c_int {
    // SAFETY: as above.
    let given = || unsafe { memory::get(argument) };
    // packetdrill hands the request over as an int
    let request = c_ulong::from(request as c_uint);
    // SAFETY: as above.
    let result = unsafe { adapter(userdata) }.ioctl(fd, request, given);
    done(result.and_then(|value| match value {
        // SAFETY: as above.
        Some(value) => unsafe { memory::put(argument, value) },
        None => Ok(()),
    }))
}

unsafe extern "C" fn close(userdata: Userdata, fd: c_int) -> c_int {
    // SAFETY: as above.
    done(unsafe { adapter(userdata) }.close(fd))
}

unsafe extern "C" fn shutdown(userdata: Userdata, fd: c_int, how: c_int) -> c_int {
    // SAFETY: as above.
    done(unsafe { adapter(userdata) }.shutdown(fd, how))
}

unsafe extern "C" fn getsockopt(
    userdata: Userdata,
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: as above.
    unsafe { give_option(adapter(userdata), fd, level, name, value, length) }
}

/// `getsockopt`, here and for the interposer.
///
/// # Safety
/// `length` is null or says how much room `value` has.
pub(crate) unsafe fn give_option(
    adapter: &Adapter,
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: the caller vouches for `length`.
    let result = unsafe { memory::get(length) }.and_then(|room| {
        let room = c_int::try_from(room).map_err(|_| Errno(libc::EINVAL))? as usize;
        let mut bytes = adapter.get_option(fd, level, name)?;
        bytes.truncate(room);
        if value.is_null() && !bytes.is_empty() {
            return Err(Errno(libc::EFAULT));
        }
        // SAFETY: the caller vouches for `room` bytes.
        unsafe {
            Pieces::one(value, room).write(&bytes);
            memory::put(length, bytes.len() as socklen_t)
        }
    });
    done(result)
}

/// `sendfile`, for the interposer: from `*offset`, which moves on, or from where the file is.
///
/// # Safety
/// `offset` is null or points to an offset.
pub(crate) unsafe fn send_file(
    adapter: &Adapter,
    to: c_int,
    file: c_int,
    offset: *mut off_t,
    count: size_t,
) -> ssize_t {
    // SAFETY: the caller vouches for `offset`.
    let from = unsafe { memory::get(offset) };
    let mut buffer = vec![0u8; count];
    let place = buffer.as_mut_ptr().cast::<c_void>();
    let read = match from {
        // SAFETY: the buffer has `count` bytes.
        Ok(from) => unsafe { libc::pread(file, place, count, from) },
        // SAFETY: as before.
        Err(_) => unsafe { libc::read(file, place, count) },
    };
    let Ok(read) = usize::try_from(read) else {
        return ssize_t::FAILED; // errno is set
    };
    let sent = adapter.send(to, &buffer[..read], read, 0);
    if let (Ok(from), Ok(sent)) = (from, sent) {
        // SAFETY: not null, or it could not have been read.
        unsafe { offset.write_unaligned(from + sent as off_t) };
    }
    answer(sent)
}

unsafe extern "C" fn setsockopt(
    userdata: Userdata,
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *const c_void,
    length: socklen_t,
) -> c_int {
    let Ok(room) = c_int::try_from(length) else {
        return done(Err(Errno(libc::EINVAL)));
    };
    if value.is_null() && room > 0 {
        return done(Err(Errno(libc::EFAULT)));
    }
    // SAFETY: as above.
    let bytes = unsafe { Pieces::one(value, room as usize).read() };
    // SAFETY: as above.
    done(unsafe { adapter(userdata) }.set_option(fd, level, name, &bytes))
}

unsafe extern "C" fn poll(
    userdata: Userdata,
    entries: *mut pollfd,
    count: nfds_t,
    milliseconds: c_int,
) -> c_int {
    let entries = match count {
        0 => &mut [],
        _ if entries.is_null() => return done(Err(Errno(libc::EFAULT))),
        // SAFETY: not null; as above.
        _ => unsafe { std::slice::from_raw_parts_mut(entries, count as usize) },
    };
    // SAFETY: as above.
    number(unsafe { adapter(userdata) }.poll(entries, milliseconds))
}

unsafe extern "C" fn netdev_send(
    userdata: Userdata,
    packet: *const c_void,
    length: size_t,
) -> c_int {
    // SAFETY: as above.
    let packet = unsafe { Pieces::one(packet, length).read() };
    // SAFETY: as above.
    done(unsafe { adapter(userdata) }.netdev_send(&packet))
}

/// Nothing to receive is a packet of no length: packetdrill then ends, while it would ask again for ever after a failure.
unsafe extern "C" fn netdev_receive(
    userdata: Userdata,
    buffer: *mut c_void,
    length: *mut size_t,
    microseconds: *mut c_longlong,
) -> c_int {
    // SAFETY: as above.
    let packet = unsafe { adapter(userdata) }.netdev_receive();
    // SAFETY: as above.
    let result = unsafe { memory::get(length) }.and_then(|room| {
        let (bytes, sent_at) = match &packet {
            Some(packet) => (
                packet.bytes.as_slice(),
                crate::calls::time_of_day(packet.sent_at),
            ),
            None => (&[][..], Duration::ZERO),
        };
        if bytes.len() > room {
            return Err(Errno(libc::EMSGSIZE));
        }
        // SAFETY: as above.
        unsafe {
            Pieces::one(buffer, room).write(bytes);
            memory::put(length, bytes.len())?;
            memory::put(microseconds, sent_at.as_micros() as c_longlong)
        }
    });
    done(result)
}

unsafe extern "C" fn usleep(userdata: Userdata, microseconds: c_uint) -> c_int {
    // SAFETY: as above.
    unsafe { adapter(userdata) }.usleep(Duration::from_micros(microseconds.into()));
    0
}

unsafe extern "C" fn gettimeofday(
    userdata: Userdata,
    time: *mut timeval,
    _zone: *mut c_void,
) -> c_int {
    // SAFETY: as above.
    let now = unsafe { adapter(userdata) }.look_at_clock();
    let value = timeval {
        tv_sec: now.as_secs() as libc::time_t,
        tv_usec: now.subsec_micros() as libc::suseconds_t,
    };
    // SAFETY: as above.
    done(unsafe { memory::put(time, value) })
}

unsafe extern "C" fn epoll_create(userdata: Userdata, size: c_int) -> c_int {
    // SAFETY: as above.
    number(unsafe { adapter(userdata) }.epoll_create(size))
}

unsafe extern "C" fn epoll_ctl(
    userdata: Userdata,
    epoll: c_int,
    operation: c_int,
    fd: c_int,
    event: *mut epoll_event,
) -> c_int {
    // SAFETY: as above.
    let event = unsafe { memory::get(event) }.ok();
    // SAFETY: as above.
    done(unsafe { adapter(userdata) }.epoll_ctl(epoll, operation, fd, event))
}

unsafe extern "C" fn epoll_wait(
    userdata: Userdata,
    epoll: c_int,
    events: *mut epoll_event,
    most: c_int,
    milliseconds: c_int,
) -> c_int {
    // SAFETY: as above.
    let taken = unsafe { adapter(userdata) }.epoll_wait(epoll, most, milliseconds);
    answer(taken.and_then(|taken| {
        for (place, &event) in taken.iter().enumerate() {
            // SAFETY: there is room for `most` events, and no more were taken.
            unsafe { memory::put(events.wrapping_add(place), event) }?;
        }
        Ok(taken.len())
    }))
}

unsafe extern "C" fn pipe(userdata: Userdata, ends: *mut c_int) -> c_int {
    // SAFETY: as above.
    let result = unsafe { adapter(userdata) }.pipe();
    // SAFETY: as above.
    done(result.and_then(|pair| unsafe { memory::put(ends.cast(), pair) }))
}

/// Offsets are null or, as packetdrill passes them, point to 0: neither a socket nor a pipe has any other.
unsafe extern "C" fn splice(
    userdata: Userdata,
    from: c_int,
    from_offset: *mut loff_t,
    to: c_int,
    to_offset: *mut loff_t,
    length: size_t,
    flags: c_uint,
) -> ssize_t {
    // SAFETY: as above.
    let sought = [from_offset, to_offset].map(|offset| unsafe { memory::get(offset) });
    if sought
        .into_iter()
        .any(|offset| offset.is_ok_and(|offset| offset != 0))
    {
        return answer(Err(Errno(libc::ESPIPE)));
    }
    // SAFETY: as above.
    answer(unsafe { adapter(userdata) }.splice(from, to, length, flags))
}
