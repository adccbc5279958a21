//! The options of the SYNs: maximum segment size (RFC 9293 3.7.1), window scale and timestamps (RFC 7323), SACK
//! (RFC 2018).

use crate::first_window::{first_windows, space_of_socket, usual_space};
use crate::{SocketOptions, Sysctls};
use periplus_wire::tcp::{OptionOrder, TcpOptions, Timestamps};
use std::num::NonZeroU8;

/// What a peer can take that says nothing (RFC 9293 3.7.1).
pub(crate) const DEFAULT_MSS: u16 = 536;
/// Below this a peer could make us send a header a byte (Linux's TCP_MIN_MSS).
const MINIMUM_MSS: u16 = 48;
/// The largest shift (RFC 7323 2.3).
const MAXIMUM_SHIFT: u8 = 14;
/// Bytes of a timestamps option with its padding, in every segment once agreed on (RFC 7323 3.2).
pub(crate) const TIMESTAMPS_LENGTH: u16 = 12;

/// What we say in a SYN or SYN/ACK.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// The largest segment we take: the link's MTU less the headers without options.
    pub mss: u16,
    /// The first window without timestamps, and with them.
    pub(crate) first_windows: [u16; 2],
    /// The shift of the windows we send.
    pub window_scale: Option<u8>,
    /// Whether we send timestamps.
    pub timestamps: bool,
    /// Whether we understand SACK (RFC 2018).
    pub sack: bool,
    /// Whether our SYN asks for ECN (RFC 3168), or our SYN/ACK agrees to it.
    pub ecn: bool,
    /// Whether a SYN/ACK of ours would agree to ECN.
    pub ecn_if_asked: bool,
    /// How the options follow one another.
    pub order: OptionOrder,
}

/// What is of use of an [`Offer`] once both SYNs have said theirs, for a connection [at rest](crate::Parked).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParkedOffer {
    mss: u16,
    window_scale: Option<NonZeroU8>,
}

impl ParkedOffer {
    pub(crate) fn of(offer: &Offer) -> Self {
        Self {
            mss: offer.mss,
            window_scale: offer
                .window_scale
                .map(|shift| NonZeroU8::MIN.saturating_add(shift)),
        }
    }

    pub(crate) fn wake(self) -> Offer {
        Offer {
            mss: self.mss,
            first_windows: [0; 2],
            window_scale: self.window_scale.map(|shift| shift.get() - 1),
            timestamps: false,
            sack: false,
            ecn: false,
            ecn_if_asked: false,
            order: OptionOrder::default(),
        }
    }
}

impl Offer {
    /// What the knobs let us say on a link whose segments are at most `mss` bytes.
    pub fn new(mss: u16, sysctls: &Sysctls) -> Self {
        let shift = shift_for(sysctls.tcp_rmem.most);
        Self {
            mss,
            first_windows: first_windows(usual_space(sysctls), mss),
            window_scale: sysctls.tcp_window_scaling.then_some(shift),
            timestamps: sysctls.tcp_timestamps,
            sack: sysctls.tcp_sack,
            ecn: sysctls.tcp_ecn == 1,
            ecn_if_asked: sysctls.tcp_ecn != 0,
            order: sysctls.syn_option_order,
        }
    }

    /// The offer of a socket with these options: a smaller MSS, and a scale for windows that it can reach.
    #[inline]
    pub fn of_socket(self, options: &SocketOptions, sysctls: &Sysctls) -> Self {
        let SocketOptions {
            receive_buffer: None,
            window_clamp: None,
            max_segment: None,
            ..
        } = options
        else {
            return self.changed_by(options, sysctls);
        };
        self
    }

    #[cold]
    fn changed_by(self, options: &SocketOptions, sysctls: &Sysctls) -> Self {
        let asked = options
            .receive_buffer
            .map(|asked| asked.min(sysctls.rmem_max));
        let clamp = options.window_clamp.filter(|&clamp| clamp > 0);
        let reach = asked.into_iter().chain(clamp.map(|clamp| clamp as usize));
        let reach = reach.fold(sysctls.tcp_rmem.most, usize::min);
        let mss = options
            .max_segment
            .map_or(self.mss, |mss| mss.max(MINIMUM_MSS).min(self.mss));
        let space = space_of_socket(usual_space(sysctls), options, sysctls);
        Self {
            mss,
            first_windows: first_windows(space, mss),
            window_scale: self.window_scale.map(|_| shift_for(reach)),
            ..self
        }
    }

    /// The window that a SYN offers, or a SYN/ACK that agrees to `timestamps` or not.
    #[inline]
    pub(crate) fn first_window(&self, timestamps: bool) -> u32 {
        self.first_windows[usize::from(timestamps)].into()
    }

    /// The offer, less what the peer's SYN did not say (RFC 7323 2.2 and 3.2: in a SYN/ACK only if the SYN had it; so
    /// does Linux with SACK-permitted).
    pub fn answering(self, syn: &TcpOptions) -> Self {
        Self {
            window_scale: self.window_scale.filter(|_| syn.window_scale.is_some()),
            timestamps: self.timestamps && syn.timestamps.is_some(),
            sack: self.sack && syn.sack_permitted,
            ..self
        }
    }

    /// The options of the SYN or SYN/ACK; `timestamps` is used where they are offered.
    pub fn options(&self, timestamps: Timestamps) -> TcpOptions {
        TcpOptions {
            mss: Some(self.mss),
            window_scale: self.window_scale,
            timestamps: self.timestamps.then_some(timestamps),
            sack_permitted: self.sack,
            order: self.order,
            ..TcpOptions::default()
        }
    }
}

/// The least shift by which a window field tells of `bytes` (RFC 7323 2.2).
fn shift_for(bytes: usize) -> u8 {
    let fits = |&shift: &u8| bytes >> shift <= usize::from(u16::MAX);
    (0..MAXIMUM_SHIFT).find(fits).unwrap_or(MAXIMUM_SHIFT)
}

/// What both agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Negotiated {
    /// Payload bytes of the largest segment we send, options in it already taken off (RFC 6691).
    pub segment_size: u16,
    /// Snd.Wind.Shift: of the windows the peer sends.
    pub send_shift: u8,
    /// Rcv.Wind.Shift: of the windows we send.
    pub receive_shift: u8,
    /// Whether every segment carries timestamps.
    pub timestamps: bool,
    /// Whether SACK is understood at both ends.
    pub sack: bool,
}

impl Negotiated {
    /// What follows from our offer and the options of the peer's SYN or SYN/ACK.
    pub(crate) fn new(offer: Offer, peer: &TcpOptions) -> Self {
        Self::from_parts(
            offer,
            peer.mss,
            peer.window_scale,
            peer.timestamps.is_some(),
            peer.sack_permitted,
        )
    }

    /// The same from what a compact record kept.
    pub(crate) fn from_parts(
        offer: Offer,
        mss: Option<u16>,
        window_scale: Option<u8>,
        timestamps: bool,
        sack: bool,
    ) -> Self {
        let timestamps = offer.timestamps && timestamps;
        let mss = mss.unwrap_or(DEFAULT_MSS).max(MINIMUM_MSS).min(offer.mss);
        let (send_shift, receive_shift) = match (offer.window_scale, window_scale) {
            // A shift above 14 counts as 14 (RFC 7323 2.3).
            (Some(ours), Some(theirs)) => (theirs.min(MAXIMUM_SHIFT), ours),
            _ => (0, 0),
        };
        let segment_size = if timestamps {
            mss - TIMESTAMPS_LENGTH
        } else {
            mss
        };
        Self {
            segment_size,
            send_shift,
            receive_shift,
            timestamps,
            sack: offer.sack && sack,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_needs_both_sides() {
        let offer = Offer::new(1460, &Sysctls::default());
        assert_eq!(offer.window_scale, Some(7));
        let without = Negotiated::new(
            offer,
            &TcpOptions {
                mss: Some(1400),
                ..TcpOptions::default()
            },
        );
        assert_eq!(
            (
                without.send_shift,
                without.receive_shift,
                without.segment_size
            ),
            (0, 0, 1400)
        );
        let with = Negotiated::new(
            offer,
            &TcpOptions {
                window_scale: Some(15),
                ..TcpOptions::default()
            },
        );
        assert_eq!(
            (with.send_shift, with.receive_shift, with.segment_size),
            (14, 7, 536)
        );
    }
}
