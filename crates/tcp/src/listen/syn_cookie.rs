//! SYN cookies: where nothing can be kept of a SYN, our initial sequence number says what it said, and the ACK that completes
//! the handshake brings that back (Bernstein and Schenk, 1996; the layout is Linux's).
//!
//! ```text
//!                     31          24 23                  4 3              0
//!                    +--------------+---------------------+----------------+
//!  F(addresses)      | minute       |  MAC(addresses, IRS,| what the       |
//!      + IRS      +  | mod 256      |  minute, said)      | SYN said       |
//!                    +--------------+---------------------+----------------+
//! ```
//!
//! What the SYN said is bound into the MAC, and not added to it as on Linux: there the number of a cookie and of one of the next
//! few is as good, and an ACK of the first bytes of a connection that is gone would open another in the middle of its stream.
//!
//! The first two terms let the number grow with the client's own, and so with time (RFC 6528's concern). Who cannot compute the
//! MAC has to hit 20 bits of it, and one of two minutes in 256: a chance of 2^-27 a try.
//!
//! A cookie is good in its minute and the next, so for one to two minutes, as on Linux (`MAX_SYNCOOKIE_AGE`): longer than a client
//! takes that has to send its ACK or first data again five times, and no longer, because whoever collects cookies can open as many
//! connections at once.
//!
//! Comparing takes no constant time, and does not have to: a cookie is compared after it has been worked out from secrets, in a few
//! instructions, and the answer to a wrong one is visible anyway; a guess shows nothing of how near it came.

use super::cookie_timestamp::CookieTimestamp;
use super::{HalfOpen, Syn};
use crate::ends::{Ends, joined};
use crate::key::Key;
use crate::options::{DEFAULT_MSS, TimestampClock};
use crate::{Context, Offer, Segment, SegmentHeader};
use periplus_journey::Instant;
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use periplus_wire::{Ecn, SeqNum};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Seconds in which the secret is the same (Linux's `TCP_SYNCOOKIE_PERIOD`).
const PERIOD: u64 = 60;

/// How many minutes a cookie is good in, its own included: Linux's name and value.
const MAX_SYNCOOKIE_AGE: u64 = 2;

/// After that no cookie is good (Linux's `TCP_SYNCOOKIE_VALID`).
pub(super) const COOKIE_LIFETIME: Duration = Duration::from_secs(MAX_SYNCOOKIE_AGE * PERIOD);

/// Bits of the MAC; the minute has the others.
const COOKIE_BITS: u32 = 24;
const COOKIE_MASK: u32 = (1 << COOKIE_BITS) - 1;

/// The sizes that a client's maximum segment size is rounded down to: the least we send, what is assumed of one that says nothing,
/// IPv6's least (1280 less its headers), tunnels, PPPoE and Ethernet, and a network of jumbo frames. Linux rounds a size below
/// 536 up, and sends more than the client said it takes.
const MSS_TABLE: [u16; 8] = [48, DEFAULT_MSS, 1220, 1360, 1400, 1440, 1460, 8960];

/// Everything a SYN may have said: an entry of the table, and whether our window was narrow.
const DATA: u32 = 2 * MSS_TABLE.len() as u32;

/// Bits of what the SYN said.
const DATA_BITS: u32 = 4;
const _: () = assert!(DATA == 1 << DATA_BITS);

/// What tells these keys from others of the same secret.
const BASE_LABEL: u64 = u64::from_be_bytes(*b"ckebase.");
const FIRST_LABEL: u64 = u64::from_be_bytes(*b"ckefirst");

/// The key of a minute.
#[derive(Clone, Copy, Debug)]
struct Secret {
    minute: u64,
    key: Key,
}

/// The secrets behind the cookies of a shard. They turn like a ratchet: every minute in which a cookie is made or checked has a key
/// made from the last one's, which is forgotten a minute later. So what is in memory says nothing of cookies of the past.
#[derive(Clone, Debug)]
pub struct SynCookies {
    base: Key,
    current: Secret,
    previous: Option<Secret>,
}

impl SynCookies {
    /// Cookies made from 16 secret bytes, which are not kept.
    pub fn new(secret: [u8; 16]) -> Self {
        let secret = Key::of_secret(secret);
        Self {
            base: secret.derive(BASE_LABEL),
            current: Secret {
                minute: 0,
                key: secret.derive(FIRST_LABEL),
            },
            previous: None,
        }
    }

    /// The SYN/ACK that is all there is of the handshake with `remote`. Without timestamps there is no room for the other options,
    /// and they are not agreed on, as on Linux.
    #[inline]
    pub fn syn_ack<A: Copy + Into<IpAddr>>(
        &mut self,
        syn: Syn<'_>,
        ends: ((A, u16), (A, u16)),
        offer: Offer,
        ts_offset: u32,
        context: &Context<'_>,
    ) -> SegmentHeader {
        let flow = Flow::new(ends, syn.seq);
        let options = syn.options;
        let mss = options.mss.unwrap_or(DEFAULT_MSS);
        let mss_index = MSS_TABLE.iter().rposition(|&least| least <= mss);
        let usual = offer.first_window(offer.timestamps && options.timestamps.is_some());
        let narrow = context.narrow(usual) < usual;
        let data = mss_index.unwrap_or(0) as u32 * 2 + u32::from(narrow);
        let iss = self.cookie(flow, context.now, data);
        let nothing = TcpOptions::default();
        let (options, flags) = match options.timestamps {
            Some(_) if offer.timestamps => (options, syn.flags),
            _ => (&nothing, TcpFlags::SYN),
        };
        let kept = Syn {
            options,
            flags,
            ..syn
        };
        let record = HalfOpen::of_cookie(kept, ends, iss, offer, narrow, context);
        let clock = TimestampClock::value(0, context.now);
        let clock = CookieTimestamp::of(record.said).written_into(clock);
        record.syn_ack_at(offer, clock.wrapping_add(ts_offset))
    }

    /// The record that the ACK brings back, if what it acknowledges is a cookie of ours, and not too old. Whose it is, the
    /// caller knows.
    pub fn half_open<A: Copy + Into<IpAddr>>(
        &mut self,
        ack: &Segment,
        ends: ((A, u16), (A, u16)),
        offer: Offer,
        ts_offset: u32,
        context: &Context<'_>,
    ) -> Option<HalfOpen<A>> {
        let (irs, iss) = (ack.seq - 1, ack.ack - 1);
        let data = self.data(Flow::new(ends, irs), context.now, iss)?;
        let (mut options, mut flags) = (TcpOptions::default(), TcpFlags::SYN);
        if let Some(timestamps) = ack.options.timestamps.filter(|_| offer.timestamps) {
            let kept = timestamps.echo_reply.wrapping_sub(ts_offset);
            (options, flags) = CookieTimestamp::read_from(kept).said();
            options.timestamps = Some(timestamps);
        }
        options.mss = Some(MSS_TABLE[data as usize / 2]);
        let syn = Syn {
            seq: irs,
            time: ack.time,
            options: &options,
            flags,
            ecn: Ecn::NotEct,
        };
        let narrow = data % 2 != 0;
        let record = HalfOpen::of_cookie(syn, ends, iss, offer, narrow, context);
        Some(record)
    }

    #[inline]
    fn cookie(&mut self, flow: Flow, now: Instant, data: u32) -> SeqNum {
        self.turn(now);
        let secret = self.current;
        let counted = (secret.minute as u32) << COOKIE_BITS;
        let authentic = flow.authentic(secret, data);
        SeqNum::new(flow.base(self.base).wrapping_add(counted | authentic))
    }

    fn data(&mut self, flow: Flow, now: Instant, cookie: SeqNum) -> Option<u32> {
        self.turn(now);
        let cookie = cookie - SeqNum::new(flow.base(self.base));
        let minute = self.current.minute as u32;
        let age = minute.wrapping_sub(cookie >> COOKIE_BITS) & (u32::MAX >> COOKIE_BITS);
        let secret = match u64::from(age) {
            0 => self.current,
            age if age < MAX_SYNCOOKIE_AGE => self
                .previous
                .filter(|previous| previous.minute + age == self.current.minute)?,
            _ => return None,
        };
        let data = cookie % DATA;
        (cookie & COOKIE_MASK == flow.authentic(secret, data)).then_some(data)
    }

    /// Lets the secrets turn to the present minute. Minutes in which nothing was asked are left out: they have no cookies.
    fn turn(&mut self, now: Instant) {
        let minute = now.as_millis() / 1_000 / PERIOD;
        if minute > self.current.minute {
            self.previous = Some(self.current);
            self.current = Secret {
                minute,
                key: self.current.key.derive(minute),
            };
        }
    }
}

/// What a cookie is bound to.
#[derive(Clone, Copy, Debug)]
struct Flow {
    ends: Ends,
    irs: SeqNum,
}

impl Flow {
    #[inline]
    fn new<A: Into<IpAddr>>((local, remote): ((A, u16), (A, u16)), irs: SeqNum) -> Self {
        let [local, remote] = [local, remote].map(|end| SocketAddr::new(end.0.into(), end.1));
        Self {
            ends: Ends::new(local, remote),
            irs,
        }
    }

    /// F of RFC 6528 and the client's number. As with other initial sequence numbers it must not be guessed; what must not be forged
    /// is under the MAC.
    #[inline]
    fn base(self, key: Key) -> u32 {
        let hash = match &self.ends {
            Ends::V4(ends) => key.siphash_1_3(ends),
            Ends::V6(ends) => key.siphash_1_3(ends),
        };
        (hash as u32).wrapping_add(self.irs.0)
    }

    /// What the SYN said and its MAC: a cookie without its base and minute.
    #[inline]
    fn authentic(self, secret: Secret, data: u32) -> u32 {
        let mut more = [0; 9];
        more[..4].copy_from_slice(&self.irs.0.to_le_bytes());
        more[4..8].copy_from_slice(&(secret.minute as u32).to_le_bytes());
        more[8] = data as u8;
        let mac = match &self.ends {
            Ends::V4(ends) => secret.key.siphash_2_4::<21>(&joined(ends, &more)),
            Ends::V6(ends) => secret.key.siphash_2_4::<45>(&joined(ends, &more)),
        };
        (mac as u32 >> DATA_BITS << DATA_BITS | data) & COOKIE_MASK
    }
}

#[cfg(test)]
mod tests;
