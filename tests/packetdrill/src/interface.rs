//! packetdrill's `struct packetdrill_interface`, as its `packetdrill.h` lays it out.

use libc::{
    c_int, c_long, c_longlong, c_uint, c_ulong, c_void, epoll_event, iovec, loff_t, msghdr, nfds_t,
    pollfd, size_t, sockaddr, socklen_t, ssize_t, timeval,
};

/// The first argument of every function: what [`Interface::userdata`] holds.
pub type Userdata = *mut c_void;

/// Functions in the order of packetdrill's header, which is the ABI. C's variadic `fcntl` and `ioctl` take one more
/// argument at most, which the calling conventions of Linux's machines pass as if it were declared.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(
    missing_docs,
    reason = "each is the call of its name, as in section 2 of the manual"
)]
pub struct Interface {
    pub userdata: Userdata,
    pub free: unsafe extern "C" fn(Userdata),
    pub socket: unsafe extern "C" fn(Userdata, c_int, c_int, c_int) -> c_int,
    pub bind: unsafe extern "C" fn(Userdata, c_int, *const sockaddr, socklen_t) -> c_int,
    pub listen: unsafe extern "C" fn(Userdata, c_int, c_int) -> c_int,
    pub accept: unsafe extern "C" fn(Userdata, c_int, *mut sockaddr, *mut socklen_t) -> c_int,
    pub connect: unsafe extern "C" fn(Userdata, c_int, *const sockaddr, socklen_t) -> c_int,
    pub read: unsafe extern "C" fn(Userdata, c_int, *mut c_void, size_t) -> ssize_t,
    pub readv: unsafe extern "C" fn(Userdata, c_int, *const iovec, c_int) -> ssize_t,
    pub recv: unsafe extern "C" fn(Userdata, c_int, *mut c_void, size_t, c_int) -> ssize_t,
    pub recvfrom: unsafe extern "C" fn(
        Userdata,
        c_int,
        *mut c_void,
        size_t,
        c_int,
        *mut sockaddr,
        *mut socklen_t,
    ) -> ssize_t,
    pub recvmsg: unsafe extern "C" fn(Userdata, c_int, *mut msghdr, c_int) -> ssize_t,
    pub write: unsafe extern "C" fn(Userdata, c_int, *const c_void, size_t) -> ssize_t,
    pub writev: unsafe extern "C" fn(Userdata, c_int, *const iovec, c_int) -> ssize_t,
    pub send: unsafe extern "C" fn(Userdata, c_int, *const c_void, size_t, c_int) -> ssize_t,
    pub sendto: unsafe extern "C" fn(
        Userdata,
        c_int,
        *const c_void,
        size_t,
        c_int,
        *const sockaddr,
        socklen_t,
    ) -> ssize_t,
    pub sendmsg: unsafe extern "C" fn(Userdata, c_int, *const msghdr, c_int) -> ssize_t,
    pub fcntl: unsafe extern "C" fn(Userdata, c_int, c_int, c_long) -> c_int,
    pub ioctl: unsafe extern "C" fn(Userdata, c_int, c_ulong, *mut c_int) -> c_int,
    pub close: unsafe extern "C" fn(Userdata, c_int) -> c_int,
    pub shutdown: unsafe extern "C" fn(Userdata, c_int, c_int) -> c_int,
    pub getsockopt:
        unsafe extern "C" fn(Userdata, c_int, c_int, c_int, *mut c_void, *mut socklen_t) -> c_int,
    pub setsockopt:
        unsafe extern "C" fn(Userdata, c_int, c_int, c_int, *const c_void, socklen_t) -> c_int,
    pub poll: unsafe extern "C" fn(Userdata, *mut pollfd, nfds_t, c_int) -> c_int,
    /// Delivers one IP packet: its bytes, their count.
    pub netdev_send: unsafe extern "C" fn(Userdata, *const c_void, size_t) -> c_int,
    /// The next IP packet that left the stack: room, its size and then the packet's length, when it left (microseconds).
    pub netdev_receive:
        unsafe extern "C" fn(Userdata, *mut c_void, *mut size_t, *mut c_longlong) -> c_int,
    pub usleep: unsafe extern "C" fn(Userdata, c_uint) -> c_int,
    pub gettimeofday: unsafe extern "C" fn(Userdata, *mut timeval, *mut c_void) -> c_int,
    pub epoll_create: unsafe extern "C" fn(Userdata, c_int) -> c_int,
    pub epoll_ctl: unsafe extern "C" fn(Userdata, c_int, c_int, c_int, *mut epoll_event) -> c_int,
    pub epoll_wait: unsafe extern "C" fn(Userdata, c_int, *mut epoll_event, c_int, c_int) -> c_int,
    pub pipe: unsafe extern "C" fn(Userdata, *mut c_int) -> c_int,
    pub splice: unsafe extern "C" fn(
        Userdata,
        c_int,
        *mut loff_t,
        c_int,
        *mut loff_t,
        size_t,
        c_uint,
    ) -> ssize_t,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    /// The members by their places, as C's compiler lays them out.
    #[test]
    fn the_layout_is_that_of_the_header() {
        let offsets = [
            offset_of!(Interface, userdata),
            offset_of!(Interface, free),
            offset_of!(Interface, socket),
            offset_of!(Interface, bind),
            offset_of!(Interface, listen),
            offset_of!(Interface, accept),
            offset_of!(Interface, connect),
            offset_of!(Interface, read),
            offset_of!(Interface, readv),
            offset_of!(Interface, recv),
            offset_of!(Interface, recvfrom),
            offset_of!(Interface, recvmsg),
            offset_of!(Interface, write),
            offset_of!(Interface, writev),
            offset_of!(Interface, send),
            offset_of!(Interface, sendto),
            offset_of!(Interface, sendmsg),
            offset_of!(Interface, fcntl),
            offset_of!(Interface, ioctl),
            offset_of!(Interface, close),
            offset_of!(Interface, shutdown),
            offset_of!(Interface, getsockopt),
            offset_of!(Interface, setsockopt),
            offset_of!(Interface, poll),
            offset_of!(Interface, netdev_send),
            offset_of!(Interface, netdev_receive),
            offset_of!(Interface, usleep),
            offset_of!(Interface, gettimeofday),
            offset_of!(Interface, epoll_create),
            offset_of!(Interface, epoll_ctl),
            offset_of!(Interface, epoll_wait),
            offset_of!(Interface, pipe),
            offset_of!(Interface, splice),
        ];
        let pointer = size_of::<usize>();
        let places: Vec<_> = (0..33).map(|place| place * pointer).collect();
        assert_eq!(offsets.as_slice(), places);
        assert_eq!(size_of::<Interface>(), 33 * pointer);
        assert_eq!(align_of::<Interface>(), align_of::<usize>());
    }
}
