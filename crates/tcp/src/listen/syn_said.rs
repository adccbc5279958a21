//! What a SYN said, and what it was answered, in two bytes of a half-open connection's record.

use periplus_wire::tcp::{TcpFlags, TcpOptions};

/// The SYN's window scale (RFC 7323 2.3 allows 14 at most), what else it said, and how often the window was halved that our
/// SYN/ACK offers. Three bits are free.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SynSaid(u16);

impl SynSaid {
    const NO_WINDOW_SCALE: u16 = 0x0f;
    const TIMESTAMPS: u16 = 0x10;
    const WINDOW_SHIFT: u32 = 5;
    const WINDOW_SHIFTS: u16 = 0b111;
    const REPEATED: u16 = 1 << 8;
    const SACK_PERMITTED: u16 = 1 << 9;
    const ECN_SETUP: u16 = 1 << 10;
    const COOKIE: u16 = 1 << 11;
    const ACKNOWLEDGED: u16 = 1 << 15;
    const LARGEST_WINDOW_SCALE: u8 = 14;

    pub(crate) fn new(options: &TcpOptions, flags: TcpFlags, window_shift: u8) -> Self {
        let scale = options.window_scale.map_or(Self::NO_WINDOW_SCALE, |scale| {
            scale.min(Self::LARGEST_WINDOW_SCALE).into()
        });
        let timestamps = options.timestamps.map_or(0, |_| Self::TIMESTAMPS);
        let sack_permitted = u16::from(options.sack_permitted) * Self::SACK_PERMITTED;
        let ecn_setup = flags.contains(TcpFlags::ECE | TcpFlags::CWR);
        let ecn_setup = u16::from(ecn_setup) * Self::ECN_SETUP;
        let window_shift = u16::from(window_shift) << Self::WINDOW_SHIFT;
        Self(scale | timestamps | sack_permitted | ecn_setup | window_shift)
    }

    pub(crate) fn window_scale(self) -> Option<u8> {
        let scale = self.0 & Self::NO_WINDOW_SCALE;
        (scale != Self::NO_WINDOW_SCALE).then_some(scale as u8)
    }

    pub(crate) fn window_shift(self) -> u8 {
        (self.0 >> Self::WINDOW_SHIFT & Self::WINDOW_SHIFTS) as u8
    }

    pub(crate) fn timestamps(self) -> bool {
        self.0 & Self::TIMESTAMPS != 0
    }

    pub(crate) fn sack_permitted(self) -> bool {
        self.0 & Self::SACK_PERMITTED != 0
    }

    /// Whether it was an ECN-setup SYN (RFC 3168 6.1.1).
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
