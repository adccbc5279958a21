//! How often we answer those whom nobody here serves.
//!
//! Two dangers: a flood that makes us flood others, and a limit that tells a third party what we have been doing. A
//! plain global limit is such a side channel (an attacker counts its own answers to learn how many went elsewhere), so
//! it is blurred, and a limit for each destination stands before it.

use crate::keyed_hash::KeyedHash;
use periplus_journey::Instant;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const SECOND: u64 = 1_000_000_000;

/// How fast tokens come, and how many are kept.
#[derive(Clone, Copy, Debug)]
struct Rate {
    /// Nanoseconds in which a token comes.
    interval: u64,
    /// Nanoseconds in which an empty bucket fills.
    depth: u64,
}

/// A bucket's state: when it will have been full, or was. A bucket is empty when that is `depth` away.
/// (The generic cell rate algorithm, ITU-T I.371: no remainder to carry, nothing to do as time passes.)
#[derive(Clone, Copy, Debug, Default)]
struct FullAt(u64);

impl Rate {
    fn new(per_second: u32, burst: u32) -> Self {
        let interval = SECOND.checked_div(per_second.into()).unwrap_or(u64::MAX);
        Self {
            interval,
            depth: interval.saturating_mul(burst.into()),
        }
    }

    /// Takes `tokens` or what is left, if there is at least one.
    fn take(self, bucket: &mut FullAt, now: Instant, tokens: u64) -> bool {
        let now = now.as_nanos();
        let full_at = bucket.0.max(now);
        let missing = full_at - now;
        if self.interval == u64::MAX || self.depth - missing.min(self.depth) < self.interval {
            return false;
        }
        let spent = self.interval * tokens;
        bucket.0 = full_at
            .saturating_add(spent)
            .min(now.saturating_add(self.depth));
        true
    }
}

/// A bucket of tokens, full at first.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    rate: Rate,
    bucket: FullAt,
    refused: u64,
}

impl TokenBucket {
    /// A bucket of `burst` tokens into which `per_second` come in a second. With a rate of 0 it gives none.
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self {
            rate: Rate::new(per_second, burst),
            bucket: FullAt::default(),
            refused: 0,
        }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        self.take_tokens(now, 1)
    }

    /// How often there was none.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    fn take_tokens(&mut self, now: Instant, tokens: u64) -> bool {
        let taken = self.rate.take(&mut self.bucket, now, tokens);
        self.refused += u64::from(!taken);
        taken
    }
}

/// Buckets for as many peers as there may be, in fixed memory: the keyed hash says who shares one, so that nobody can
/// choose with whom.
#[derive(Clone, Debug)]
struct SharedBuckets {
    hash: KeyedHash,
    rate: Rate,
    buckets: Box<[FullAt; 256]>,
    refused: u64,
}

impl SharedBuckets {
    fn new(key: [u8; 16], rate: Rate) -> Self {
        Self {
            hash: KeyedHash::new(key),
            rate,
            buckets: Box::new([FullAt::default(); 256]),
            refused: 0,
        }
    }

    fn take(&mut self, now: Instant, peer: IpAddr) -> bool {
        let slot = self.hash.address(peer) as usize % self.buckets.len();
        let taken = self.rate.take(&mut self.buckets[slot], now, 1);
        self.refused += u64::from(!taken);
        taken
    }
}

/// The limit on ICMP errors: 1 a second and 6 at once to each destination (Linux's `icmp_ratelimit`), and 1,000 a
/// second, 50 at once to all (`icmp_msgs_per_sec`, `icmp_msgs_burst`; RFC 4443 2.4 (f) asks for such a limit).
#[derive(Clone, Debug)]
pub struct IcmpLimiter {
    destinations: SharedBuckets,
    global: TokenBucket,
    blur: KeyedHash,
    asked: u64,
}

impl IcmpLimiter {
    /// A limiter whose hashes are keyed with `key`.
    pub fn new(key: [u8; 16]) -> Self {
        Self {
            destinations: SharedBuckets::new(key, Rate::new(1, 6)),
            global: TokenBucket::new(1000, 50),
            blur: KeyedHash::new(key),
            asked: 0,
        }
    }

    /// Whether an ICMP error may be sent to `destination` now. The destination's own limit is asked first, so that what
    /// it refuses leaves no trace in the global one; that one is charged 0, 1 or 2 at random (as Linux since 5.10), so
    /// that what is left of it tells nobody how many were sent.
    pub fn allow(&mut self, now: Instant, destination: IpAddr) -> bool {
        if !self.destinations.take(now, destination) {
            return false;
        }
        self.asked += 1;
        let charge = self.blur.bytes(&self.asked.to_be_bytes()) % 3;
        self.global.take_tokens(now, charge)
    }

    /// How many it refused.
    pub fn refused(&self) -> u64 {
        self.destinations.refused + self.global.refused
    }
}

/// The limit on RSTs to whoever knocks at closed ports, by a SYN or by what has no ACK: so many a second and at once to each
/// prefix of sources, /24 for IPv4 and /48 for IPv6. There is no global limit: one flooded network does not silence us to
/// the others.
///
/// A segment with ACK claims a connection, and its RST has no limit, as on Linux. RFC 9293 3.5.2 has it sent always; its
/// sender would repeat a FIN for half a minute. A RST is never longer than what it answers, and as many as those are, which
/// a listener's SYN/ACKs allow a forger already. And what a limit has left would tell whoever shares it which segments,
/// forged in a neighbour's name, met a connection: those take none.
#[derive(Clone, Debug)]
pub struct ResetLimiter {
    prefixes: SharedBuckets,
}

impl ResetLimiter {
    /// A limiter whose hash is keyed with `key`: `resets` a second to each prefix, and as many at once.
    pub fn new(key: [u8; 16], resets: u32) -> Self {
        Self {
            prefixes: SharedBuckets::new(key, Rate::new(resets, resets)),
        }
    }

    /// Whether a RST may be sent to `source` now.
    pub fn allow(&mut self, now: Instant, source: IpAddr) -> bool {
        self.prefixes.take(now, network(source))
    }

    /// How many it refused.
    pub fn refused(&self) -> u64 {
        self.prefixes.refused
    }
}

/// The network a source is counted with.
pub(crate) fn network(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(source) => {
            let [a, b, c, _] = source.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(source) => {
            let [a, b, c, ..] = source.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests;
