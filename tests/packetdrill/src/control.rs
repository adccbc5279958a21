//! Control data of `recvmsg` (`man 3 cmsg`).

use libc::{c_int, msghdr};

/// One piece of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Control {
    pub(crate) level: c_int,
    pub(crate) kind: c_int,
    pub(crate) data: Vec<u8>,
}

/// Fills in what a `recvmsg` gives besides its bytes: `flags`, and as much of `controls` as there is room for.
///
/// # Safety
/// `message` points to a `msghdr` whose pointers hold.
pub(crate) unsafe fn put(message: *mut msghdr, controls: &[Control], mut flags: c_int) {
    // SAFETY: the caller vouches for `message`.
    let (place, room) = unsafe {
        (
            (*message).msg_control.cast::<u8>(),
            (*message).msg_controllen,
        )
    };
    let mut used = 0;
    for control in controls {
        let length = control.data.len() as u32;
        // SAFETY: both only calculate.
        let (space, length) = unsafe {
            (
                libc::CMSG_SPACE(length) as usize,
                libc::CMSG_LEN(length) as usize,
            )
        };
        if place.is_null() || used + space > room {
            flags |= libc::MSG_CTRUNC;
            break;
        }
        let header = libc::cmsghdr {
            cmsg_len: length,
            cmsg_level: control.level,
            cmsg_type: control.kind,
        };
        // SAFETY: header and data lie within `space` bytes from `used` on, which are within the control data.
        unsafe {
            let place = place.add(used);
            place.cast::<libc::cmsghdr>().write_unaligned(header);
            let data = place.add(libc::CMSG_LEN(0) as usize);
            std::ptr::copy_nonoverlapping(control.data.as_ptr(), data, control.data.len());
        }
        used += space;
    }
    // SAFETY: the caller vouches for `message`.
    unsafe {
        (*message).msg_flags = flags;
        (*message).msg_controllen = used;
        (*message).msg_namelen = 0;
    }
}
