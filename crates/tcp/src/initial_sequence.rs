//! Initial sequence numbers, timestamp offsets and ephemeral ports that a stranger cannot guess.

use crate::ends::{Ends, joined};
use crate::key::Key;
use periplus_journey::Instant;
use periplus_wire::SeqNum;
use std::net::SocketAddr;

/// What tells its key from others of the same secret.
const LABEL: u64 = u64::from_be_bytes(*b"sequence");

/// The keyed function F of RFC 6528, fed by a secret that comes in from outside.
#[derive(Clone, Copy, Debug)]
pub struct InitialSequence {
    key: Key,
}

impl InitialSequence {
    /// Keyed by 16 secret bytes, which are not kept.
    pub fn new(secret: [u8; 16]) -> Self {
        Self {
            key: Key::of_secret(secret).derive(LABEL),
        }
    }

    fn keyed(&self, purpose: u8, ends: &Ends) -> u64 {
        match ends {
            Ends::V4(ends) => self.key.siphash_1_3::<13>(&joined(ends, &[purpose])),
            Ends::V6(ends) => self.key.siphash_1_3::<37>(&joined(ends, &[purpose])),
        }
    }

    /// What is secret of the connection between these ends.
    pub fn of(&self, ends: &Ends) -> ConnectionSecret {
        ConnectionSecret(self.keyed(0, ends))
    }

    /// The initial sequence number of a connection that begins now.
    pub fn iss(&self, now: Instant, local: SocketAddr, remote: SocketAddr) -> SeqNum {
        self.of(&Ends::new(local, remote)).iss(now)
    }

    /// The offset of a connection's timestamp clock.
    pub fn timestamp_offset(&self, local: SocketAddr, remote: SocketAddr) -> u32 {
        self.of(&Ends::new(local, remote)).timestamp_offset()
    }

    /// What the search for an ephemeral port to `remote` goes by: F and G of RFC 6056 3.3.4, half of the bits each.
    pub fn port_hash(&self, local: SocketAddr, remote: SocketAddr) -> u64 {
        self.keyed(2, &Ends::new(local, remote))
    }
}

/// F of one connection: half of the bits for each of its two uses, which say nothing of each other.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionSecret(u64);

impl ConnectionSecret {
    /// ISN = M + F(localip, localport, remoteip, remoteport, secretkey) (RFC 6528 3). M ticks every 64 ns as on Linux:
    /// at gigabit rates the 4 µs of RFC 9293 let a fast connection overtake the clock.
    #[inline]
    pub fn iss(self, now: Instant) -> SeqNum {
        let clock = (now.as_nanos() >> 6) as u32;
        SeqNum::new(clock.wrapping_add(self.0 as u32))
    }

    /// The offset of its timestamp clock (RFC 7323 7.1), so that it does not tell how long we are up.
    #[inline]
    pub fn timestamp_offset(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_four_tuple_moves_with_the_clock_and_others_do_not_follow() {
        let sequence = InitialSequence::new([7; 16]);
        let local: SocketAddr = "10.0.0.1:80".parse().unwrap();
        let remote: SocketAddr = "10.0.0.2:5000".parse().unwrap();
        let other: SocketAddr = "10.0.0.2:5001".parse().unwrap();
        let first = sequence.iss(Instant::from_nanos(0), local, remote);
        assert_eq!(
            sequence.iss(Instant::from_nanos(6400), local, remote) - first,
            100
        );
        assert_ne!(sequence.iss(Instant::from_nanos(0), local, other), first);
        let offset = sequence.timestamp_offset(local, remote);
        assert_ne!(offset, first.0, "who knows one number knows not the other");
        assert_ne!(sequence.timestamp_offset(local, other), offset);
    }
}
