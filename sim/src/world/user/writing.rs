//! A user writes.

use super::{Held, Stopped, User, tell};
use crate::content;
use crate::oracle::Call;
use crate::world::Host;
use periplus_journey::Instant;
use periplus_stack::Write;

impl User {
    pub(super) fn send(
        &mut self,
        host: &mut Host,
        now: Instant,
        held: &mut Held,
    ) -> Result<(), Stopped> {
        let mut buffer = Vec::new();
        while held.may_write
            && self.room_to_write(held) > 0
            && held.writes_at <= now
            && self.end.is_none()
        {
            let rest = self.room_to_write(held);
            buffer.resize(rest.min(self.plan.write_size as u64) as usize, 0);
            content::fill(self.streams.0, self.written, &mut buffer);
            match host.shard.write(now, held.id, &buffer)? {
                Write::Accepted(length) => {
                    tell(host, now, held, |ends| Call::Write(ends, &buffer[..length]));
                    self.has_written(host, now, held, length as u64);
                    held.writes_at = now + self.plan.write_pause;
                }
                Write::Wait => held.may_write = false,
            }
        }
        Ok(())
    }
}
