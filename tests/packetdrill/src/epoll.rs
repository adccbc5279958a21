//! `epoll`: which descriptors have something new. As in the kernel, a descriptor comes onto the ready list when something
//! happens at it, and what it can do is looked at when the list is fetched.

use crate::errno::Errno;
use crate::poll::{ERROR, HUNG_UP};
use libc::{c_int, epoll_event};

/// Bits of an interest that are not events.
const PRIVATE: u32 =
    (libc::EPOLLET | libc::EPOLLONESHOT | libc::EPOLLWAKEUP | libc::EPOLLEXCLUSIVE) as u32;

#[derive(Clone, Copy, Debug)]
struct Interest {
    descriptor: c_int,
    events: u32,
    data: u64,
}

/// One `epoll`.
#[derive(Debug, Default)]
pub(crate) struct Epoll {
    interests: Vec<Interest>,
    /// Descriptors at which something has happened, in that order.
    ready: Vec<c_int>,
}

impl Epoll {
    /// `epoll_ctl`; `now` is what the descriptor can do at this moment.
    ///
    /// # Errors
    /// `EEXIST`, `ENOENT`, or `EINVAL`.
    pub(crate) fn control(
        &mut self,
        operation: c_int,
        descriptor: c_int,
        event: Option<epoll_event>,
        now: u32,
    ) -> Result<(), Errno> {
        let place = self
            .interests
            .iter()
            .position(|interest| interest.descriptor == descriptor);
        let interest = |event: epoll_event| Interest {
            descriptor,
            events: event.events | ERROR | HUNG_UP,
            data: event.u64,
        };
        match (operation, place) {
            (libc::EPOLL_CTL_ADD, Some(_)) => return Err(Errno(libc::EEXIST)),
            (libc::EPOLL_CTL_DEL | libc::EPOLL_CTL_MOD, None) => return Err(Errno(libc::ENOENT)),
            (libc::EPOLL_CTL_ADD, None) => {
                self.interests
                    .push(interest(event.ok_or(Errno(libc::EFAULT))?));
            }
            (libc::EPOLL_CTL_MOD, Some(place)) => {
                self.interests[place] = interest(event.ok_or(Errno(libc::EFAULT))?);
            }
            (libc::EPOLL_CTL_DEL, Some(_)) => {
                self.forget(descriptor);
                return Ok(());
            }
            _ => return Err(Errno(libc::EINVAL)),
        }
        self.wake(descriptor, now);
        Ok(())
    }

    /// The descriptor is gone.
    pub(crate) fn forget(&mut self, descriptor: c_int) {
        self.interests
            .retain(|interest| interest.descriptor != descriptor);
        self.ready.retain(|&ready| ready != descriptor);
    }

    /// `events` have happened at the descriptor.
    pub(crate) fn wake(&mut self, descriptor: c_int, events: u32) {
        let wanted = self.interests.iter().any(|interest| {
            interest.descriptor == descriptor && interest.events & !PRIVATE & events != 0
        });
        if wanted && !self.ready.contains(&descriptor) {
            self.ready.push(descriptor);
        }
    }

    /// At most `most` events; `look` says what a descriptor can do.
    pub(crate) fn take(
        &mut self,
        most: usize,
        mut look: impl FnMut(c_int) -> u32,
    ) -> Vec<epoll_event> {
        let mut taken = Vec::new();
        let mut again = Vec::new();
        let mut waiting = std::mem::take(&mut self.ready).into_iter();
        for descriptor in waiting.by_ref() {
            let mut interests = self.interests.iter_mut();
            let Some(interest) = interests.find(|interest| interest.descriptor == descriptor)
            else {
                continue;
            };
            let events = look(descriptor) & interest.events & !PRIVATE;
            if events == 0 {
                continue;
            }
            taken.push(epoll_event {
                events,
                u64: interest.data,
            });
            if interest.events & libc::EPOLLONESHOT as u32 != 0 {
                interest.events &= PRIVATE;
            } else if interest.events & libc::EPOLLET as u32 == 0 {
                again.push(descriptor);
            }
            if taken.len() == most {
                break;
            }
        }
        self.ready = waiting.chain(again).collect();
        taken
    }
}
