//! The path's MTU as routers tell it (RFC 1191), believed as far as RFC 5927 7.2 advises.

use crate::options::TIMESTAMPS_LENGTH;
use crate::release::bound_to_half_window;
use crate::{Connection, Context};
use periplus_journey::Instant;

/// Bytes of the headers before the options, IPv4's and TCP's.
const HEADERS: u32 = 40;
/// The MTUs there are (RFC 1191 7.1), for routers that do not say theirs.
const PLATEAUS: [u32; 9] = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296];

/// A router's word, while it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathMtu {
    /// The largest segment before it.
    before: u32,
    expires_at: Instant,
}

impl Connection {
    /// A router says that a packet of ours [in flight](Connection::is_in_flight), of `length` bytes, is longer than the `mtu`
    /// of its link (0 from one that does not say). Segments get shorter and what is in flight is sent again, at once and
    /// without a word to the congestion control: nothing was lost to congestion (RFC 1191 6.4). Returns whether it was
    /// believed: not if the packet would have passed, and never below `min_pmtu`, or anybody could have us send a header a
    /// byte.
    pub fn fragmentation_needed(
        &mut self,
        context: &mut Context<'_>,
        length: usize,
        mtu: u16,
    ) -> bool {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let told = match mtu {
            0 => PLATEAUS.into_iter().find(|&plateau| plateau < length),
            mtu => Some(mtu.into()),
        };
        let Some(told) = told.filter(|&mtu| mtu < length) else {
            return false;
        };
        let mtu = told.max(context.sysctls.min_pmtu);
        let options = self.timestamps.map_or(0, |_| TIMESTAMPS_LENGTH.into());
        let largest = mtu.saturating_sub(HEADERS + options);
        if !self.state.is_synchronized() || largest == 0 || largest >= self.largest_segment {
            return false;
        }
        let before = self
            .path_mtu
            .as_deref()
            .map_or(self.largest_segment, |path| path.before);
        self.path_mtu = Some(Box::new(PathMtu {
            before,
            expires_at: context.now + context.sysctls.mtu_expires,
        }));
        self.set_largest_segment(largest);
        self.resend_too_long();
        true
    }

    /// Routes change: after `mtu_expires` longer segments are tried again (RFC 1191 6.3).
    pub(crate) fn try_longer_segments(&mut self, now: Instant) {
        if let Some(path) = self.path_mtu.take_if(|path| path.expires_at <= now) {
            self.set_largest_segment(path.before);
        }
    }

    fn set_largest_segment(&mut self, largest: u32) {
        self.largest_segment = largest;
        self.congestion.set_segment_size(largest);
        self.segment_size = bound_to_half_window(largest, self.snd.max_wnd);
    }
}
