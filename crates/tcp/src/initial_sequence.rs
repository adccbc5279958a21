//! Initial sequence numbers, timestamp offsets and ephemeral ports that a stranger cannot guess.

use crate::key::{Key, Message};
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

    fn keyed(&self, purpose: u8, local: SocketAddr, remote: SocketAddr) -> u64 {
        let message = Message::of_ends(local, remote).and([purpose]);
        self.key.siphash_1_3(message.as_bytes())
    }

    /// ISN = M + F(localip, localport, remoteip, remoteport, secretkey) (RFC 6528 3). M ticks every 64 ns as on Linux:
    /// at gigabit rates the 4 µs of RFC 9293 let a fast connection overtake the clock.
    pub fn iss(&self, now: Instant, local: SocketAddr, remote: SocketAddr) -> SeqNum {
        let clock = (now.as_nanos() >> 6) as u32;
        SeqNum::new(clock.wrapping_add(self.keyed(0, local, remote) as u32))
    }

    /// The offset of a connection's timestamp clock (RFC 7323 7.1), so that it does not tell how long we are up.
    pub fn timestamp_offset(&self, local: SocketAddr, remote: SocketAddr) -> u32 {
        self.keyed(1, local, remote) as u32
    }

    /// What the search for an ephemeral port to `remote` goes by: F and G of RFC 6056 3.3.4, half of the bits each.
    pub fn port_hash(&self, local: SocketAddr, remote: SocketAddr) -> u64 {
        self.keyed(2, local, remote)
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
    }
}
