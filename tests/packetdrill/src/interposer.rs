//! `getsockopt` for those who know nothing of the interface: with `LD_PRELOAD`, packetdrill's `%{ }%` blocks.

use crate::adapter::Adapter;
use crate::entries::give_option;
use crate::errno::Errno;
use libc::{c_int, c_void, socklen_t};
use std::sync::LazyLock;

type GetSockOpt = unsafe extern "C" fn(c_int, c_int, c_int, *mut c_void, *mut socklen_t) -> c_int;

/// The C library's own.
static REAL: LazyLock<Option<GetSockOpt>> = LazyLock::new(|| {
    // SAFETY: the name is a C string; RTLD_NEXT asks for the definition after this object's.
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, c"getsockopt".as_ptr()) };
    // SAFETY: where there is a `getsockopt`, it has this signature (POSIX).
    (!found.is_null()).then(|| unsafe { std::mem::transmute::<*mut c_void, GetSockOpt>(found) })
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
    if let Some(adapter) = Adapter::of(descriptor) {
        // SAFETY: the caller vouches for `value` and `length`.
        return unsafe { give_option(&adapter, descriptor, level, name, value, length) };
    }
    match *REAL {
        // SAFETY: passed on as they came.
        Some(real) => unsafe { real(descriptor, level, name, value, length) },
        None => {
            Errno(libc::ENOSYS).set();
            -1
        }
    }
}
