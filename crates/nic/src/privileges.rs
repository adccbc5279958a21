//! Giving up root, once everything that needs it is open.

use crate::{OpenError, OpenErrorKind};
use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// Longest entry of the user database that is read.
const LONGEST_ENTRY: usize = 1 << 20;

/// What the user database says of a user.
struct User {
    name: CString,
    uid: libc::uid_t,
    gid: libc::gid_t,
}

/// Makes the process `user`, with that user's groups and no others, and no way back: real, effective and saved ids are set,
/// and with them go all capabilities. What is open stays open.
///
/// The ids are those of every thread. That no program may give privileges back (`PR_SET_NO_NEW_PRIVS`) holds for the
/// calling thread and those it starts from now on.
pub fn drop_to(user: &str) -> Result<(), OpenError> {
    let User { name, uid, gid } = look_up(user)?;
    if uid == 0 {
        let what = format!("cannot give up root: {user} is root");
        return Err(OpenError::new(OpenErrorKind::NoUser, what).fix("Name an ordinary user."));
    }
    let refused = |error| {
        let error = OpenError::refused(format!("become {user}"), &error);
        match error.kind() {
            OpenErrorKind::NotPermitted => {
                error.fix("Only root may become another user: start as root, or as that user.")
            }
            _ => error,
        }
    };
    // SAFETY: `name` is a C string; the rest are numbers. glibc and musl both change every thread.
    unsafe {
        // groups before ids: afterwards there is no right to change them
        done(libc::initgroups(name.as_ptr(), gid)).map_err(refused)?;
        done(libc::setresgid(gid, gid, gid)).map_err(refused)?;
        done(libc::setresuid(uid, uid, uid)).map_err(refused)?;
        done(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)).map_err(refused)?;
    }
    // SAFETY: a number.
    if unsafe { libc::setuid(0) } == 0 {
        let what = format!("cannot become {user} for good: the host lets it become root again");
        return Err(OpenError::new(OpenErrorKind::Other, what)
            .fix("Take CAP_SETUID from that user, or name another."));
    }
    Ok(())
}

/// The number of `user`, to whom something may be given before [`drop_to`].
pub fn number_of(user: &str) -> Result<u32, OpenError> {
    look_up(user).map(|user| user.uid)
}

fn look_up(user: &str) -> Result<User, OpenError> {
    let unknown = || {
        let what = format!("there is no user {user}");
        OpenError::new(OpenErrorKind::NoUser, what).fix("`getent passwd` lists them.")
    };
    let name = CString::new(user).map_err(|_| unknown())?;
    let found = entry(&name)
        .map_err(|error| OpenError::refused(format!("look up the user {user}"), &error))?;
    let (uid, gid) = found.ok_or_else(unknown)?;
    Ok(User { name, uid, gid })
}

/// The user's ids, if there is such a user.
fn entry(name: &CStr) -> io::Result<Option<(libc::uid_t, libc::gid_t)>> {
    let mut buffer = vec![0; 1024];
    loop {
        let mut entry = MaybeUninit::<libc::passwd>::uninit();
        let mut found = ptr::null_mut();
        // SAFETY: all five point to what they are said to, and the buffer is as long as is said.
        let error = unsafe {
            libc::getpwnam_r(
                name.as_ptr(),
                entry.as_mut_ptr(),
                buffer.as_mut_ptr(),
                buffer.len(),
                &mut found,
            )
        };
        match error {
            0 if !found.is_null() => {
                // SAFETY: it was found, and so the entry is filled.
                let entry = unsafe { entry.assume_init() };
                return Ok(Some((entry.pw_uid, entry.pw_gid)));
            }
            // some databases say "none" by one of these (getpwnam(3))
            0 | libc::ENOENT | libc::ESRCH => return Ok(None),
            libc::ERANGE if buffer.len() < LONGEST_ENTRY => buffer.resize(2 * buffer.len(), 0),
            error => return Err(io::Error::from_raw_os_error(error)),
        }
    }
}

/// The error of a call that answers -1.
fn done(answer: libc::c_int) -> io::Result<()> {
    if answer == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
