//! A socket's error queue: what `recvmsg` with `MSG_ERRQUEUE` gives. Here these are the ends of sends with `MSG_ZEROCOPY`
//! (Linux's `Documentation/networking/msg_zerocopy.rst`): each such send has a number, and when its last byte is acknowledged,
//! its caller is told that the memory is its own again. The stack has copied it, and that is told too.

use crate::control::Control;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// What tells of a send, and that the kernel has copied the memory after all (`linux/errqueue.h`).
const SO_EE_ORIGIN_ZEROCOPY: u8 = 5;
const SO_EE_CODE_ZEROCOPY_COPIED: u8 = 1;

/// Sends that end one after the other are told together.
#[derive(Debug, Default)]
pub(crate) struct ErrorQueue {
    /// The number of the next send.
    next: u32,
    /// Sends that are not acknowledged: the stream's offset after each, and its number.
    unacknowledged: VecDeque<(u64, u32)>,
    /// Sends that are, and that nobody was told of.
    notices: VecDeque<RangeInclusive<u32>>,
}

impl ErrorQueue {
    /// A send has ended at `offset` of the stream.
    pub(crate) fn sent(&mut self, offset: u64) {
        self.unacknowledged.push_back((offset, self.next));
        self.next = self.next.wrapping_add(1);
    }

    /// The peer has everything before `offset`. Returns whether there is something new to tell.
    pub(crate) fn acknowledged(&mut self, offset: u64) -> bool {
        let mut any = false;
        while let Some(&(end, number)) = self.unacknowledged.front()
            && end <= offset
        {
            any = true;
            self.unacknowledged.pop_front();
            match self.notices.back_mut() {
                Some(last) if last.end().wrapping_add(1) == number => {
                    *last = *last.start()..=number;
                }
                _ => self.notices.push_back(number..=number),
            }
        }
        any
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.notices.is_empty()
    }

    /// The next notice, as the kernel's `sock_extended_err` with the address of nobody after it.
    pub(crate) fn pop(&mut self) -> Option<Control> {
        let numbers = self.notices.pop_front()?;
        let error = libc::sock_extended_err {
            ee_errno: 0,
            ee_origin: SO_EE_ORIGIN_ZEROCOPY,
            ee_type: 0,
            ee_code: SO_EE_CODE_ZEROCOPY_COPIED,
            ee_pad: 0,
            ee_info: *numbers.start(),
            ee_data: *numbers.end(),
        };
        let mut data = Vec::with_capacity(size_of_val(&error) + size_of::<libc::sockaddr_in>());
        data.extend(error.ee_errno.to_ne_bytes());
        data.extend([error.ee_origin, error.ee_type, error.ee_code, error.ee_pad]);
        data.extend(error.ee_info.to_ne_bytes());
        data.extend(error.ee_data.to_ne_bytes());
        data.resize(data.capacity(), 0);
        Some(Control {
            level: libc::IPPROTO_IP,
            kind: libc::IP_RECVERR,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_told_together_and_nothing_before_its_last_byte() {
        let mut queue = ErrorQueue::default();
        for offset in [1000, 1500, 3000] {
            queue.sent(offset);
        }
        assert!(!queue.acknowledged(999));
        assert!(queue.acknowledged(2999));
        let numbers = |control: Control| (control.data[8], control.data[12]);
        assert_eq!(queue.pop().map(numbers), Some((0, 1)));
        assert!(queue.is_empty());
        assert!(queue.acknowledged(3000));
        assert_eq!(queue.pop().map(numbers), Some((2, 2)));
        assert!(queue.pop().is_none());
    }
}
