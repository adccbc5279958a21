//! The process that puts an interface back when ours has ended: after a signal that cannot be caught as well, and after ours has
//! given up the right to.

use super::lock::Lock;
use super::step::{Step, perform};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

/// How long the kernel's answer is waited for. It gives it within the call that asks.
const PATIENCE: Duration = Duration::from_secs(2);
/// As the process list shows it: at most 15 bytes.
const NAME: &[u8] = b"periplus-guard\0";

/// A forked child that waits for our end.
#[derive(Debug)]
pub(super) struct Guardian {
    interface: String,
    /// None only until it is forked.
    child: Option<libc::pid_t>,
    /// The pipe's end whose closing is the sign. None once it is given.
    sign: Option<OwnedFd>,
    /// What the child has been told, for us to do if somebody ends it.
    steps: Vec<Step>,
    netlink: OwnedFd,
    posted: u64,
}

impl Guardian {
    /// Has `steps` done on `interface` when this is dropped or this process has ended. The lock is held until then. Nobody is
    /// needed where there are none.
    pub(super) fn post(interface: &str, steps: Vec<Step>, lock: &Lock) -> io::Result<Option<Self>> {
        if steps.is_empty() {
            return Ok(None);
        }
        let (wait, sign) = pipe_with(PipeFlags::CLOEXEC)?;
        let kind = SocketType::RAW;
        let netlink = socket_with(AddressFamily::NETLINK, kind, SocketFlags::CLOEXEC, None)?;
        set_socket_timeout(&netlink, Timeout::Recv, Some(PATIENCE))?;
        let mut guardian = Self {
            interface: interface.to_owned(),
            child: None,
            sign: Some(sign),
            steps,
            netlink,
            posted: now(),
        };
        // Signals that the terminal or a service manager sends to the whole group are ours, not the guardian's; they are
        // blocked over the fork so that none reaches it with our handlers still in place.
        let before = block_signals();
        // SAFETY: the child does only what is async-signal-safe, and does not return.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let kept = [&wait.as_fd(), &guardian.netlink.as_fd(), &lock.as_fd()];
            guard(kept.map(AsRawFd::as_raw_fd), &mut guardian);
        }
        let error = io::Error::last_os_error();
        unblock_signals(&before);
        if child == -1 {
            return Err(error);
        }
        guardian.child = Some(child);
        Ok(Some(guardian))
    }

    /// Puts everything back. Gives how many steps failed. Async-signal-safe.
    fn put_back(&mut self) -> usize {
        let elapsed = now().saturating_sub(self.posted);
        let elapsed = u32::try_from(elapsed).unwrap_or(u32::MAX);
        perform(&mut self.steps, self.netlink.as_fd(), elapsed)
    }
}

/// Gives the sign, and waits until the interface is as it was found.
impl Drop for Guardian {
    fn drop(&mut self) {
        self.sign = None;
        let Some(child) = self.child else {
            return;
        };
        let mut status = 0;
        // SAFETY: a number of ours, and a place for another.
        let waited = unsafe {
            loop {
                let waited = libc::waitpid(child, &mut status, 0);
                if waited != -1 || io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
                    break waited;
                }
            }
        };
        // Nobody knows how a child ended that the process does not wait for (SIGCHLD ignored); it was told what to do.
        if waited == child && (!libc::WIFEXITED(status) || libc::WEXITSTATUS(status) != 0) {
            let failed = self.put_back();
            if failed > 0 {
                let interface = &self.interface;
                eprintln!("periplus: {failed} settings of {interface} could not be put back");
            }
        }
    }
}

/// The child's life. `kept` are the descriptors that it needs: first the pipe, which has no other end any more when the parent
/// has none.
fn guard(mut kept: [libc::c_int; 3], guardian: &mut Guardian) -> ! {
    let [pipe, ..] = kept;
    // SAFETY: system calls with numbers and places of ours, all of them async-signal-safe. Descriptors are closed that
    // others of the parent's values own: none of those is touched or dropped in this process.
    unsafe {
        libc::setsid();
        libc::chdir(c"/".as_ptr());
        libc::prctl(libc::PR_SET_NAME, NAME.as_ptr());
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        // Rust sees to it that these are open, and so none of them is one that is kept.
        for standard in 0..=2 {
            if null == -1 || libc::dup2(null, standard) == -1 {
                libc::close(standard);
            }
        }
        kept.sort_unstable();
        let mut next = 3;
        for descriptor in kept {
            close_range(next, descriptor - 1);
            next = next.max(descriptor + 1);
        }
        close_range(next, libc::c_int::MAX);
        // a kernel before 5.9 has not closed it, and it is what we wait for
        if let Some(sign) = &guardian.sign {
            libc::close(sign.as_raw_fd());
        }

        let mut byte = 0u8;
        loop {
            match libc::read(pipe, (&raw mut byte).cast(), 1) {
                -1 if *libc::__errno_location() == libc::EINTR => {}
                _ => break,
            }
        }
        let failed = guardian.put_back();
        libc::_exit(i32::from(failed > 0));
    }
}

/// Closes all descriptors from `first` to `last`, if there are any.
///
/// # Safety
/// Nothing of this process may use them any more.
unsafe fn close_range(first: libc::c_int, last: libc::c_int) {
    if first <= last {
        // SAFETY: numbers; the rest is the caller's promise.
        unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    }
}

fn block_signals() -> libc::sigset_t {
    // SAFETY: both sets are filled before they are read.
    unsafe {
        let mut all = mem::zeroed();
        let mut before = mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        before
    }
}

fn unblock_signals(before: &libc::sigset_t) {
    // SAFETY: the set is one that the kernel gave.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, ptr::null_mut()) };
}

/// Seconds, on a clock that also counts while the host sleeps. Async-signal-safe.
fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a place for a time.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut time) };
    time.tv_sec as u64
}
