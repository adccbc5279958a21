//! A step of putting an interface back, prepared so that it can be done where nothing may be allocated: in a process that was
//! forked from one with several threads, only what is async-signal-safe is allowed (fork(2), signal-safety(7)).

use crate::netlink::Request;
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Room for the kernel's answer: it quotes the message, as far as there is room.
const ANSWER: usize = 4096;
/// Where in an answer its error number is, behind `struct nlmsghdr`.
const ANSWER_ERROR: usize = 16;
/// How often a step is tried that may need another before it.
const PASSES: usize = 3;

/// One change, to be made later.
#[derive(Debug)]
pub(super) struct Step {
    action: Action,
    done: bool,
}

#[derive(Debug)]
enum Action {
    /// A value for a file of /proc/sys.
    Write { path: CString, value: Vec<u8> },
    /// A message for the kernel.
    Message {
        bytes: Vec<u8>,
        countdown: Option<Countdown>,
    },
}

/// Numbers in a message that say for how many seconds something holds: fewer, when it is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Countdown {
    at: usize,
    numbers: usize,
}

impl Countdown {
    /// For how long an address is preferred, and valid.
    pub(super) fn lifetimes(at: usize) -> Self {
        Self { at, numbers: 2 }
    }

    /// For how long a route holds.
    pub(super) fn expiry(at: usize) -> Self {
        Self { at, numbers: 1 }
    }

    /// Takes `elapsed` seconds off. False if nothing is left of the last number, the longest.
    fn take_off(self, bytes: &mut [u8], elapsed: u32) -> bool {
        let numbers = bytes.get_mut(self.at..).unwrap_or_default();
        let mut left = 0;
        for number in numbers.chunks_exact_mut(4).take(self.numbers) {
            left = u32::from_ne_bytes([number[0], number[1], number[2], number[3]]);
            if left != u32::MAX {
                left = left.saturating_sub(elapsed);
            }
            number.copy_from_slice(&left.to_ne_bytes());
        }
        left > 0
    }
}

impl Step {
    pub(super) fn write(path: &str, value: &str) -> Self {
        Self::new(Action::Write {
            path: CString::new(path).expect("an interface's name has no zero in it"),
            value: value.into(),
        })
    }

    pub(super) fn message(request: &Request, countdown: Option<Countdown>) -> Self {
        Self::new(Action::Message {
            bytes: request.as_bytes().to_vec(),
            countdown,
        })
    }

    fn new(action: Action) -> Self {
        Self {
            action,
            done: false,
        }
    }
}

/// Does all `steps`, `elapsed` seconds after they were prepared, with the `NETLINK_ROUTE` socket `netlink`. Gives how many
/// could not be done. Async-signal-safe.
pub(super) fn perform(steps: &mut [Step], netlink: BorrowedFd<'_>, elapsed: u32) -> usize {
    for step in &mut *steps {
        if let Action::Message {
            bytes,
            countdown: Some(countdown),
        } = &mut step.action
        {
            // what has ended by itself in the meantime stays away
            step.done = !countdown.take_off(bytes, elapsed);
        }
    }
    for _ in 0..PASSES {
        for step in steps.iter_mut().filter(|step| !step.done) {
            step.done = match &step.action {
                Action::Write { path, value } => write(path, value),
                Action::Message { bytes, .. } => send(netlink, bytes),
            };
        }
        if steps.iter().all(|step| step.done) {
            break;
        }
    }
    steps.iter().filter(|step| !step.done).count()
}

/// Whether the file has the value, or the interface is gone.
fn write(path: &CStr, value: &[u8]) -> bool {
    // SAFETY: the path is a C string, and the value as long as is said; the descriptor is used here only.
    unsafe {
        let file = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if file == -1 {
            return *libc::__errno_location() == libc::ENOENT;
        }
        let written = libc::write(file, value.as_ptr().cast(), value.len());
        libc::close(file);
        written == value.len() as isize
    }
}

/// Whether the kernel has made the change, or there is nothing to change any more.
fn send(netlink: BorrowedFd<'_>, message: &[u8]) -> bool {
    let mut answer = [0u8; ANSWER];
    // SAFETY: message and answer are as long as is said.
    let length = unsafe {
        let socket = netlink.as_raw_fd();
        let sent = libc::send(socket, message.as_ptr().cast(), message.len(), 0);
        if sent != message.len() as isize {
            return false;
        }
        libc::recv(socket, answer.as_mut_ptr().cast(), answer.len(), 0)
    };
    let Some(error) = usize::try_from(length)
        .ok()
        .and_then(|length| answer.get(..length)?.get(ANSWER_ERROR..ANSWER_ERROR + 4))
    else {
        return false;
    };
    let error = i32::from_ne_bytes([error[0], error[1], error[2], error[3]]);
    // it is there, or the interface is not
    matches!(-error, 0 | libc::EEXIST | libc::ENODEV)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_down_has_less_left_and_at_last_nothing() {
        let numbers = |preferred: u32, valid: u32| {
            let words = [7, preferred, valid, 7];
            let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
            bytes
        };
        let lifetimes = Countdown::lifetimes(4);
        let mut bytes = numbers(100, 1000);
        assert!(lifetimes.take_off(&mut bytes, 40));
        assert_eq!(bytes, numbers(60, 960));
        assert!(lifetimes.take_off(&mut bytes, 90));
        assert_eq!(bytes, numbers(0, 870));
        assert!(!lifetimes.take_off(&mut bytes, 870));

        let mut bytes = numbers(50, u32::MAX);
        assert!(lifetimes.take_off(&mut bytes, 60));
        assert_eq!(bytes, numbers(0, u32::MAX));
        let mut bytes = numbers(50, 20);
        assert!(!Countdown::expiry(8).take_off(&mut bytes, 20));
        assert_eq!(bytes, numbers(50, 0));
    }
}
