//! `poll` and `epoll`.

use crate::adapter::Adapter;
use crate::descriptors::Object;
use crate::epoll::Epoll;
use crate::errno::Errno;
use crate::poll::{ERROR, HUNG_UP};
use crate::waiting::Limit;
use libc::{c_int, epoll_event, pollfd};
use periplus_journey::Instant;
use std::time::Duration;

/// The end of a time-out that is only an end: no error.
const NOTHING: Errno = Errno(0);

/// How long a call with a time-out in milliseconds waits; below zero, for ever.
fn limit(now: Instant, milliseconds: c_int) -> Limit {
    match u64::try_from(milliseconds) {
        Ok(0) => Limit::None(NOTHING),
        Ok(milliseconds) => Limit::Until(now + Duration::from_millis(milliseconds), NOTHING),
        Err(_) => Limit::Forever,
    }
}

fn nothing_is_none<T>(result: Result<T, Errno>, none: T) -> Result<T, Errno> {
    match result {
        Err(NOTHING) => Ok(none),
        result => result,
    }
}

impl Adapter {
    /// Fills in `revents`. Returns how many are not empty.
    pub(crate) fn poll(&self, entries: &mut [pollfd], milliseconds: c_int) -> Result<c_int, Errno> {
        let result = self.wait(
            |world| Ok(limit(world.now, milliseconds)),
            |world| {
                let (descriptors, shard) = world.parts(None);
                for entry in &mut *entries {
                    let wanted =
                        entry.events as u16 as u32 | ERROR | HUNG_UP | libc::POLLNVAL as u32;
                    entry.revents = match entry.fd {
                        ..0 => 0,
                        descriptor => (descriptors.poll(descriptor, Some(shard)) & wanted) as i16,
                    };
                }
                let ready = entries.iter().filter(|entry| entry.revents != 0).count();
                Ok((ready > 0).then_some(ready as c_int))
            },
        );
        nothing_is_none(result, 0)
    }

    pub(crate) fn epoll_create(&self, size: c_int) -> Result<c_int, Errno> {
        if size <= 0 {
            return Err(Errno(libc::EINVAL));
        }
        self.call(|world| world.descriptors.open(Object::Epoll(Epoll::default())))
    }

    pub(crate) fn epoll_ctl(
        &self,
        epoll: c_int,
        operation: c_int,
        descriptor: c_int,
        event: Option<epoll_event>,
    ) -> Result<(), Errno> {
        self.call(|world| {
            let (descriptors, shard) = world.parts(None);
            if !descriptors.contains(descriptor) {
                return Err(Errno(libc::EBADF));
            }
            let mut taken = descriptors.take_epoll(epoll)?;
            let now = descriptors.poll(descriptor, Some(shard));
            let result = taken.control(operation, descriptor, event, now);
            descriptors.put_epoll(epoll, taken);
            result
        })
    }

    pub(crate) fn epoll_wait(
        &self,
        epoll: c_int,
        most: c_int,
        milliseconds: c_int,
    ) -> Result<Vec<epoll_event>, Errno> {
        if most <= 0 {
            return Err(Errno(libc::EINVAL));
        }
        let result = self.wait(
            |world| Ok(limit(world.now, milliseconds)),
            |world| {
                let (descriptors, shard) = world.parts(None);
                let mut taken = descriptors.take_epoll(epoll)?;
                let look = |descriptor| descriptors.poll(descriptor, Some(&mut *shard));
                let events = taken.take(most as usize, look);
                descriptors.put_epoll(epoll, taken);
                Ok((!events.is_empty()).then_some(events))
            },
        );
        nothing_is_none(result, Vec::new())
    }
}
