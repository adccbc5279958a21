//! Calls that packetdrill makes past the interface: `getsockopt` in `%{ }%` blocks, and `sendfile`. With `LD_PRELOAD` those for
//! an adapter's descriptors come here. So does `mlockall`, which only root may call.

use crate::adapter::Adapter;
use crate::entries::{give_option, send_file};
use crate::errno::Errno;
use libc::{c_int, c_void, off_t, size_t, socklen_t, ssize_t};
use std::ffi::CStr;
use std::sync::LazyLock;

type GetSockOpt = unsafe extern "C" fn(c_int, c_int, c_int, *mut c_void, *mut socklen_t) -> c_int;
type SendFile = unsafe extern "C" fn(c_int, c_int, *mut off_t, size_t) -> ssize_t;

/// The definition of a function after this object's: the C library's. Its address, 0 if there is none.
fn next(name: &CStr) -> usize {
    // SAFETY: the name is a C string.
    unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) }.addr()
}

static GETSOCKOPT: LazyLock<Option<GetSockOpt>> = LazyLock::new(|| {
    // SAFETY: POSIX gives this function this signature; no function is at 0, which becomes `None`.
    unsafe { std::mem::transmute::<usize, Option<GetSockOpt>>(next(c"getsockopt")) }
});

static SENDFILE: LazyLock<Option<SendFile>> = LazyLock::new(|| {
    // SAFETY: as above; the manual gives the signature.
    unsafe { std::mem::transmute::<usize, Option<SendFile>>(next(c"sendfile")) }
});

/// `getsockopt` as the C library's, but for an adapter's descriptors.
///
/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getsockopt(
    descriptor: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    length: *mut socklen_t,
) -> c_int {
    match (Adapter::of(descriptor), *GETSOCKOPT) {
        // SAFETY: the caller vouches for `value` and `length`.
        (Some(adapter), _) => unsafe {
            give_option(&adapter, descriptor, level, name, value, length)
        },
        // SAFETY: passed on as they came.
        (None, Some(real)) => unsafe { real(descriptor, level, name, value, length) },
        (None, None) => {
            Errno(libc::ENOSYS).set();
            -1
        }
    }
}

/// `sendfile` as the C library's, but to an adapter's descriptors.
///
/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sendfile(
    to: c_int,
    file: c_int,
    offset: *mut off_t,
    count: size_t,
) -> ssize_t {
    match (Adapter::of(to), *SENDFILE) {
        // SAFETY: the caller vouches for `offset`.
        (Some(adapter), _) => unsafe { send_file(&adapter, to, file, offset, count) },
        // SAFETY: passed on as they came.
        (None, Some(real)) => unsafe { real(to, file, offset, count) },
        (None, None) => {
            Errno(libc::ENOSYS).set();
            -1
        }
    }
}

/// `mlockall`, which does nothing: packetdrill locks its memory to be on time, and no page is too late for a clock that waits.
#[unsafe(no_mangle)]
pub extern "C" fn mlockall(_flags: c_int) -> c_int {
    0
}
