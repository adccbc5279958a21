//! The options of a SYN in the lowest six bits of our timestamp, which the client's ACK brings back beside a cookie. As on Linux
//! (`cookie_init_timestamp`), so that captures read alike.

use super::syn_said::SynSaid;
use periplus_wire::tcp::{TcpFlags, TcpOptions};

/// ECN in bit 5, SACK in bit 4, and the window scale below, 15 for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CookieTimestamp(u32);

impl CookieTimestamp {
    const BITS: u32 = 6;
    const NO_WINDOW_SCALE: u32 = 0x0f;
    const SACK_PERMITTED: u32 = 1 << 4;
    const ECN: u32 = 1 << 5;

    /// What the SYN said.
    pub(super) fn of(said: SynSaid) -> Self {
        let scale = said.window_scale().map_or(Self::NO_WINDOW_SCALE, u32::from);
        let sack_permitted = u32::from(said.sack_permitted()) * Self::SACK_PERMITTED;
        let ecn = u32::from(said.ecn_setup()) * Self::ECN;
        Self(scale | sack_permitted | ecn)
    }

    /// The latest time that is not after `clock` and ends in these bits: up to 63 ms ago. What is sent later is later, as
    /// RFC 7323 5.4 asks of a clock.
    pub(super) fn written_into(self, clock: u32) -> u32 {
        let back = clock.wrapping_sub(self.0) & ((1 << Self::BITS) - 1);
        clock.wrapping_sub(back)
    }

    /// What the client brings back.
    pub(super) fn read_from(clock: u32) -> Self {
        Self(clock & ((1 << Self::BITS) - 1))
    }

    /// The SYN's options and flags.
    pub(super) fn said(self) -> (TcpOptions, TcpFlags) {
        let scale = self.0 & Self::NO_WINDOW_SCALE;
        let options = TcpOptions {
            window_scale: (scale != Self::NO_WINDOW_SCALE).then_some(scale as u8),
            sack_permitted: self.0 & Self::SACK_PERMITTED != 0,
            ..TcpOptions::default()
        };
        let flags = if self.0 & Self::ECN != 0 {
            TcpFlags::SYN | TcpFlags::ECE | TcpFlags::CWR
        } else {
            TcpFlags::SYN
        };
        (options, flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Offer, Sysctls};

    #[test]
    fn every_value_comes_back_from_a_clock_that_never_runs_ahead() {
        let offer = Offer::new(1460, &Sysctls::default());
        for bits in 0..64 {
            for clock in [0, 5, 63, 64, 1_000, u32::MAX - 3, u32::MAX] {
                let written = CookieTimestamp(bits).written_into(clock);
                assert!(clock.wrapping_sub(written) < 64);
                let read = CookieTimestamp::read_from(written);
                assert_eq!(read, CookieTimestamp(bits));
                let (options, flags) = read.said();
                assert_eq!(
                    CookieTimestamp::of(SynSaid::agreed(&options, flags, offer)),
                    read
                );
            }
        }
    }
}
