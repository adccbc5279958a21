//! A user reads, and holds it against what was sent.

use super::{Held, Stopped, User, tell};
use crate::content;
use crate::oracle::Call;
use crate::peer::lie;
use crate::world::Host;
use periplus_journey::Instant;
use periplus_stack::Read;

impl User {
    pub(super) fn receive(
        &mut self,
        host: &mut Host,
        now: Instant,
        held: &mut Held,
    ) -> Result<(), Stopped> {
        let mut buffer = vec![0; self.plan.read_size];
        while held.may_read && !held.peer_ended && held.reads_at <= now && self.end.is_none() {
            let room = self.room_to_read(held).min(buffer.len() as u64) as usize;
            if room == 0 {
                break;
            }
            match host.shard.read(now, held.id, &mut buffer[..room])? {
                Read::Data(length) => {
                    let bytes = &buffer[..length];
                    tell(host, now, held, |ends| Call::Read(ends, bytes));
                    if let Some(place) = self.mismatch(bytes) {
                        return Err(Stopped::Wrong(format!(
                            "the byte at {place} of stream {} was read, and is not the one sent",
                            self.streams.1
                        )));
                    }
                    self.has_read(host, now, held, length as u64);
                    held.reads_at = now + self.plan.read_pause;
                }
                Read::End => {
                    held.peer_ended = true;
                    tell(host, now, held, Call::ReadEnd);
                }
                Read::Wait => held.may_read = false,
            }
        }
        Ok(())
    }

    fn mismatch(&self, bytes: &[u8]) -> Option<u64> {
        let (stream, from) = (self.streams.1, self.read);
        let place = content::mismatch(stream, from, bytes)?;
        if !self.lied_to {
            return Some(place);
        }
        let is_known = |place, read| {
            let byte = content::byte(stream, place);
            read == byte || read == lie(byte)
        };
        let mut places = (from..).zip(bytes);
        let unknown = places.find(|&(place, &read)| !is_known(place, read));
        unknown.map(|(place, _)| place)
    }
}
