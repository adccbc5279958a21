//! What packetdrill does with the interface, done by a test: calls of the socket's user, and packets of its peer.

use libc::{c_int, c_void, epoll_event, pollfd, sockaddr, sockaddr_in, socklen_t, timeval};
use periplus_packetdrill::{Interface, packetdrill_interface_init};
use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET, Segment, notation};
use periplus_wire::SeqNum;
use periplus_wire::ethernet::HEADER_LENGTH;
use periplus_wire::tcp::TcpFlags;
use std::io;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ptr::null_mut;
use std::time::Duration;

/// The stack's address.
pub(crate) const STACK: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 168, 7, 1), 8080);
/// The peer's.
pub(crate) const PEER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 40_000);
const PEER_ISS: SeqNum = SeqNum(u32::MAX - 2);

/// A call's result, or its `errno`.
pub(crate) type Called = Result<usize, c_int>;

/// packetdrill's part.
pub(crate) struct Driver {
    interface: Interface,
    /// The stack's end, once its SYN was seen.
    stack: SocketAddrV4,
    stack_iss: SeqNum,
    start: Duration,
}

/// The calls that a second thread may make.
#[derive(Clone, Copy)]
pub(crate) struct Calls(Interface);

// SAFETY: packetdrill calls the interface from two threads, so it has to stand that.
unsafe impl Send for Calls {}

fn outcome(result: isize) -> Called {
    usize::try_from(result).map_err(|_| io::Error::last_os_error().raw_os_error().expect("errno"))
}

fn c_address(address: SocketAddrV4) -> sockaddr_in {
    sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr {
            s_addr: u32::from(*address.ip()).to_be(),
        },
        sin_zero: [0; 8],
    }
}

impl Calls {
    pub(crate) fn socket(self, kind: c_int) -> c_int {
        // SAFETY: the interface is filled, and not freed before the driver's end.
        let fd =
            unsafe { (self.0.socket)(self.0.userdata, libc::AF_INET, kind, libc::IPPROTO_TCP) };
        assert!(fd >= 0, "{}", io::Error::last_os_error());
        fd
    }

    pub(crate) fn bind(self, fd: c_int) -> Called {
        let address = c_address(STACK);
        let place = (&raw const address).cast::<sockaddr>();
        // SAFETY: as in `socket`; the address lives until the call is over.
        outcome(unsafe {
            (self.0.bind)(
                self.0.userdata,
                fd,
                place,
                size_of::<sockaddr_in>() as socklen_t,
            )
        } as isize)
    }

    pub(crate) fn listen(self, fd: c_int) -> Called {
        // SAFETY: as in `socket`.
        outcome(unsafe { (self.0.listen)(self.0.userdata, fd, 5) } as isize)
    }

    pub(crate) fn accept(self, fd: c_int) -> Called {
        // SAFETY: as in `socket`; null asks for no address.
        outcome(unsafe { (self.0.accept)(self.0.userdata, fd, null_mut(), null_mut()) } as isize)
    }

    pub(crate) fn connect(self, fd: c_int) -> Called {
        let address = c_address(PEER);
        let place = (&raw const address).cast::<sockaddr>();
        // SAFETY: as in `bind`.
        outcome(unsafe {
            (self.0.connect)(
                self.0.userdata,
                fd,
                place,
                size_of::<sockaddr_in>() as socklen_t,
            )
        } as isize)
    }

    pub(crate) fn read(self, fd: c_int, length: usize) -> Result<Vec<u8>, c_int> {
        let mut buffer = vec![0u8; length];
        let place = buffer.as_mut_ptr().cast::<c_void>();
        // SAFETY: as in `socket`; the buffer has `length` bytes.
        let count = outcome(unsafe { (self.0.read)(self.0.userdata, fd, place, length) })?;
        buffer.truncate(count);
        Ok(buffer)
    }

    pub(crate) fn read_nowhere(self, fd: c_int) -> Called {
        // SAFETY: as in `socket`; a null pointer is to be refused.
        outcome(unsafe { (self.0.read)(self.0.userdata, fd, null_mut(), 10) })
    }

    pub(crate) fn write(self, fd: c_int, data: &[u8]) -> Called {
        // SAFETY: as in `socket`; the data lives until the call is over.
        outcome(unsafe { (self.0.write)(self.0.userdata, fd, data.as_ptr().cast(), data.len()) })
    }

    pub(crate) fn write_nowhere(self, fd: c_int) -> Called {
        // SAFETY: as in `read_nowhere`.
        outcome(unsafe { (self.0.write)(self.0.userdata, fd, null_mut(), 10) })
    }

    pub(crate) fn close(self, fd: c_int) -> Called {
        // SAFETY: as in `socket`.
        outcome(unsafe { (self.0.close)(self.0.userdata, fd) } as isize)
    }

    pub(crate) fn shutdown(self, fd: c_int, how: c_int) -> Called {
        // SAFETY: as in `socket`.
        outcome(unsafe { (self.0.shutdown)(self.0.userdata, fd, how) } as isize)
    }

    pub(crate) fn set_nonblocking(self, fd: c_int) {
        // SAFETY: as in `socket`.
        let result =
            unsafe { (self.0.fcntl)(self.0.userdata, fd, libc::F_SETFL, libc::O_NONBLOCK.into()) };
        assert_eq!(result, 0);
    }

    pub(crate) fn ioctl(self, fd: c_int, request: libc::c_ulong) -> Result<c_int, c_int> {
        let mut value = -1;
        // SAFETY: as in `socket`; there is room for an int.
        outcome(unsafe { (self.0.ioctl)(self.0.userdata, fd, request, &raw mut value) } as isize)?;
        Ok(value)
    }

    pub(crate) fn get_option(self, fd: c_int, level: c_int, name: c_int) -> Result<i32, c_int> {
        let mut value = -1i32;
        let mut length = size_of::<i32>() as socklen_t;
        let place = (&raw mut value).cast::<c_void>();
        // SAFETY: as in `ioctl`.
        outcome(unsafe {
            (self.0.getsockopt)(self.0.userdata, fd, level, name, place, &raw mut length)
        } as isize)?;
        assert_eq!(length as usize, size_of::<i32>());
        Ok(value)
    }

    pub(crate) fn set_option(self, fd: c_int, level: c_int, name: c_int, value: i32) -> Called {
        let place = (&raw const value).cast::<c_void>();
        // SAFETY: as in `ioctl`.
        outcome(unsafe {
            (self.0.setsockopt)(
                self.0.userdata,
                fd,
                level,
                name,
                place,
                size_of::<i32>() as socklen_t,
            )
        } as isize)
    }

    /// SO_LINGER, for so many seconds.
    pub(crate) fn set_linger(self, fd: c_int, seconds: c_int) -> Called {
        let linger = libc::linger {
            l_onoff: 1,
            l_linger: seconds,
        };
        // SAFETY: as in `socket`; the structure lives until the call is over.
        outcome(unsafe {
            (self.0.setsockopt)(
                self.0.userdata,
                fd,
                libc::SOL_SOCKET,
                libc::SO_LINGER,
                (&raw const linger).cast(),
                size_of::<libc::linger>() as socklen_t,
            )
        } as isize)
    }

    /// What `poll` says of one descriptor.
    pub(crate) fn poll(self, fd: c_int, events: i16, milliseconds: c_int) -> i16 {
        let mut entry = pollfd {
            fd,
            events,
            revents: 0,
        };
        // SAFETY: as in `socket`; there is one entry.
        let count = unsafe { (self.0.poll)(self.0.userdata, &raw mut entry, 1, milliseconds) };
        assert_eq!(count, c_int::from(entry.revents != 0));
        entry.revents
    }

    pub(crate) fn epoll_create(self) -> c_int {
        // SAFETY: as in `socket`.
        unsafe { (self.0.epoll_create)(self.0.userdata, 1) }
    }

    pub(crate) fn epoll_add(self, epoll: c_int, fd: c_int, events: c_int) -> Called {
        let mut event = epoll_event {
            events: events as u32,
            u64: fd as u64,
        };
        // SAFETY: as in `socket`; the event lives until the call is over.
        outcome(unsafe {
            (self.0.epoll_ctl)(
                self.0.userdata,
                epoll,
                libc::EPOLL_CTL_ADD,
                fd,
                &raw mut event,
            )
        } as isize)
    }

    /// The events of the one descriptor that has some; 0 if none has.
    pub(crate) fn epoll_wait(self, epoll: c_int) -> c_int {
        let mut event = epoll_event { events: 0, u64: 0 };
        // SAFETY: as in `socket`; there is room for one.
        unsafe { (self.0.epoll_wait)(self.0.userdata, epoll, &raw mut event, 1, 0) };
        event.events as c_int
    }

    pub(crate) fn pipe(self) -> [c_int; 2] {
        let mut ends = [-1; 2];
        // SAFETY: as in `socket`; there is room for two.
        let result = unsafe { (self.0.pipe)(self.0.userdata, ends.as_mut_ptr()) };
        assert_eq!(result, 0);
        ends
    }

    pub(crate) fn splice(self, from: c_int, to: c_int, length: usize) -> Called {
        // SAFETY: as in `socket`; null offsets are those of a stream.
        outcome(unsafe {
            (self.0.splice)(self.0.userdata, from, null_mut(), to, null_mut(), length, 0)
        })
    }

    /// The time on the stack's clock.
    pub(crate) fn clock(self) -> Duration {
        let mut time = timeval {
            tv_sec: 0,
            tv_usec: 0,
        };
        // SAFETY: as in `socket`; there is room for a time.
        unsafe { (self.0.gettimeofday)(self.0.userdata, &raw mut time, null_mut()) };
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    }
}

impl Driver {
    /// An interface, filled.
    pub(crate) fn new() -> Self {
        let mut interface = MaybeUninit::uninit();
        // SAFETY: there is room for the interface, and init fills all of it; no flags are given.
        let interface = unsafe {
            packetdrill_interface_init(std::ptr::null(), interface.as_mut_ptr());
            interface.assume_init()
        };
        Self {
            interface,
            stack: STACK,
            stack_iss: SeqNum(0),
            start: Calls(interface).clock(),
        }
    }

    /// A connection that was accepted: listener, connection.
    pub(crate) fn accepted() -> (Self, c_int, c_int) {
        let mut driver = Self::new();
        let calls = driver.calls();
        let listener = calls.socket(libc::SOCK_STREAM);
        calls.bind(listener).unwrap();
        calls.listen(listener).unwrap();
        driver.handshake();
        let connection = calls.accept(listener).unwrap() as c_int;
        (driver, listener, connection)
    }

    /// The peer connects.
    pub(crate) fn handshake(&mut self) {
        self.inject("S 0:0(0) win 65535 <mss 1000>");
        self.expect("S. 0:0(0) ack 1");
        self.inject(". 1:1(0) ack 1 win 65535");
    }

    pub(crate) fn calls(&self) -> Calls {
        Calls(self.interface)
    }

    /// Time on the stack's clock since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.calls().clock() - self.start
    }

    pub(crate) fn sleep(&self, duration: Duration) {
        let microseconds = duration.as_micros() as u32;
        // SAFETY: the interface is filled, and not freed before the driver's end.
        unsafe { (self.interface.usleep)(self.interface.userdata, microseconds) };
    }

    /// The peer sends a segment.
    pub(crate) fn inject(&mut self, text: &str) {
        let segment = notation::read(text, (PEER, PEER_ISS), (self.stack, self.stack_iss));
        let frame = segment.to_frame(PEER_ETHERNET, STACK_ETHERNET);
        let packet = &frame[HEADER_LENGTH..];
        // SAFETY: as in `sleep`; the packet lives until the call is over.
        let result = unsafe {
            (self.interface.netdev_send)(
                self.interface.userdata,
                packet.as_ptr().cast(),
                packet.len(),
            )
        };
        assert_eq!(result, 0);
    }

    /// The stack's next packet, waited for, begins like `text` in notation. Returns when it was sent.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) -> Duration {
        let (segment, at) = self.next().expect("the stack has nothing more to say");
        if segment.flags.contains(TcpFlags::SYN) {
            (self.stack, self.stack_iss) = (segment.source, segment.sequence);
        }
        let sent = notation::write(&segment, self.stack_iss, PEER_ISS);
        assert!(sent.starts_with(text), "sent {sent:?} and not {text:?}");
        at
    }

    /// The stack will never say anything more.
    #[track_caller]
    pub(crate) fn expect_silence(&mut self) {
        assert_eq!(self.next(), None);
    }

    fn next(&mut self) -> Option<(Segment, Duration)> {
        let mut frame = vec![0u8; HEADER_LENGTH + 2000];
        frame[12] = 8; // IPv4
        let (mut length, mut microseconds) = (2000, 0);
        // SAFETY: as in `sleep`; there are `length` bytes after the header.
        let result = unsafe {
            let place = frame[HEADER_LENGTH..].as_mut_ptr().cast();
            (self.interface.netdev_receive)(
                self.interface.userdata,
                place,
                &raw mut length,
                &raw mut microseconds,
            )
        };
        assert_eq!(result, 0);
        if length == 0 {
            return None;
        }
        frame.truncate(HEADER_LENGTH + length);
        let at = Duration::from_micros(microseconds as u64).saturating_sub(self.start);
        Some((Segment::from_frame(&frame).expect("a segment"), at))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // SAFETY: the interface is freed once, and nobody else has it.
        unsafe { (self.interface.free)(self.interface.userdata) }
    }
}
