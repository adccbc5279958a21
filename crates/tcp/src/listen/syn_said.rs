//! What a SYN said that was agreed to, and what it was told, in two bytes of a half-open connection's record. What was not agreed to
//! is not kept: whatever is set in the meantime, the connection is the one that the SYN/ACK spoke of.

use crate::Offer;
use periplus_wire::tcp::{TcpFlags, TcpOptions};

/// The peer's window scale and ours (RFC 7323 2.3 allows 14 at most), what else was agreed on, and how far the handshake is. Two
/// bits are free.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SynSaid(u16);

impl SynSaid {
    const SCALES: u16 = 0x0f;
    const NO_WINDOW_SCALE: u16 = 0x0f;
    const OUR_SCALE: u32 = 4;
    const TIMESTAMPS: u16 = 1 << 8;
    const SACK_PERMITTED: u16 = 1 << 9;
    const ECN_SETUP: u16 = 1 << 10;
    const COOKIE: u16 = 1 << 11;
    const REPEATED: u16 = 1 << 12;
    const ACKNOWLEDGED: u16 = 1 << 13;
    const LARGEST_WINDOW_SCALE: u8 = 14;

    /// What is agreed on where a SYN with these options and flags is answered by `offer`.
    #[inline]
    pub(crate) fn agreed(options: &TcpOptions, flags: TcpFlags, offer: Offer) -> Self {
        let scales = offer.window_scale.zip(options.window_scale);
        let scales = scales.map_or(Self::NO_WINDOW_SCALE, |(ours, theirs)| {
            let [ours, theirs] = [ours, theirs].map(|scale| scale.min(Self::LARGEST_WINDOW_SCALE));
            u16::from(ours) << Self::OUR_SCALE | u16::from(theirs)
        });
        let bit = |agreed, bit| if agreed { bit } else { 0 };
        let timestamps = offer.timestamps && options.timestamps.is_some();
        let sack_permitted = offer.sack && options.sack_permitted;
        let ecn_setup = offer.ecn_if_asked && flags.contains(TcpFlags::ECE | TcpFlags::CWR);
        Self(
            scales
                | bit(timestamps, Self::TIMESTAMPS)
                | bit(sack_permitted, Self::SACK_PERMITTED)
                | bit(ecn_setup, Self::ECN_SETUP),
        )
    }

    /// The scale of the peer's windows.
    pub(crate) fn window_scale(self) -> Option<u8> {
        let scale = self.0 & Self::SCALES;
        (scale != Self::NO_WINDOW_SCALE).then_some(scale as u8)
    }

    /// The scale of our windows, where there are scales at all.
    pub(crate) fn our_window_scale(self) -> Option<u8> {
        let ours = self.0 >> Self::OUR_SCALE & Self::SCALES;
        self.window_scale().map(|_| ours as u8)
    }

    pub(crate) fn timestamps(self) -> bool {
        self.0 & Self::TIMESTAMPS != 0
    }

    pub(crate) fn sack_permitted(self) -> bool {
        self.0 & Self::SACK_PERMITTED != 0
    }

    /// Whether it was an ECN-setup SYN (RFC 3168 6.1.1), and agreed to.
    pub(crate) fn ecn_setup(self) -> bool {
        self.0 & Self::ECN_SETUP != 0
    }

    /// The SYN itself was not kept: a cookie brought back what it said. When it was answered is not known, as if it had been twice.
    pub(crate) fn set_cookie(&mut self) {
        self.0 |= Self::COOKIE | Self::REPEATED;
    }

    pub(crate) fn is_cookie(self) -> bool {
        self.0 & Self::COOKIE != 0
    }

    /// Our SYN/ACK was answered, and more is waited for.
    pub(crate) fn set_acknowledged(&mut self) {
        self.0 |= Self::ACKNOWLEDGED;
    }

    pub(crate) fn is_acknowledged(self) -> bool {
        self.0 & Self::ACKNOWLEDGED != 0
    }

    /// Our SYN/ACK is sent again, for whatever reason: which copy is answered cannot be told then (RFC 6298 3, Karn).
    pub(crate) fn set_repeated(&mut self) {
        self.0 |= Self::REPEATED;
    }

    pub(crate) fn is_repeated(self) -> bool {
        self.0 & Self::REPEATED != 0
    }
}
