//! What a connection at rest has learned of its path, where nothing was ever lost, late or held up: in a fifth of the memory.

use crate::Connection;
use crate::activity::ParkedActivity;
use crate::congestion::{CwndValidation, ParkedWindow};
use crate::loss::{ParkedRoundTrips, Rack, Recovery, TailLossProbe};
use crate::options::TimestampClock;
use crate::pacing::Pacing;
use periplus_journey::Instant;

/// Everything that may be [apart](super::Apart) instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    round_trips: ParkedRoundTrips,
    window: ParkedWindow,
    activity: ParkedActivity,
    delivered_more: i8,
    ts_recent: u32,
    /// How long before the peer was last heard that was, in nanoseconds.
    ts_recent_age: u32,
    /// When the pace lets the next go, in nanoseconds from when something was last let out.
    departure: i32,
    max_packets_out: u16,
    cwnd_limited: bool,
}

impl Plain {
    /// `None` if there is more to keep.
    pub(super) fn of(connection: &Connection) -> Option<Self> {
        let nothing_else = connection.recovery.is_untouched()
            && connection.rack.is_untouched()
            && connection.tail_loss_probe.is_idle()
            && connection.retransmissions == 0;
        if !nothing_else {
            return None;
        }
        let una = connection.una_offset;
        let (cwnd_limited, max_packets_out) = connection.cwnd_validation.parked(una)?;
        let (activity, delivered_more) = ParkedActivity::of(&connection.activity)?;
        let latest = connection.send_buffers.latest.unwrap_or_default();
        let heard_at = connection.keepalive.heard_at().as_nanos();
        let (ts_recent, ts_recent_age) = match &connection.timestamps {
            Some(clock) => {
                let age = heard_at.checked_sub(clock.recent_at.as_nanos())?;
                (clock.recent, age.try_into().ok()?)
            }
            None => (0, 0),
        };
        Some(Self {
            round_trips: ParkedRoundTrips::of(&connection.retransmission_timer)?,
            window: ParkedWindow::of(&connection.congestion, connection.largest_segment)?,
            activity,
            delivered_more,
            ts_recent,
            ts_recent_age,
            departure: connection.pacing.parked(latest)?,
            max_packets_out,
            cwnd_limited,
        })
    }

    #[inline]
    pub(super) fn touch(&self) -> u32 {
        self.ts_recent ^ u32::from(self.max_packets_out)
    }

    /// Gives it back to a connection whose numbers and times are set.
    pub(super) fn restore(&self, connection: &mut Connection, has_timestamps: bool) {
        let heard_at = connection.keepalive.heard_at().as_nanos();
        let una = connection.una_offset;
        let latest = connection.send_buffers.latest.unwrap_or_default();
        connection.timestamps = has_timestamps.then(|| TimestampClock {
            offset: connection.timestamp_offset,
            recent: self.ts_recent,
            recent_at: Instant::from_nanos(heard_at - u64::from(self.ts_recent_age)),
        });
        connection.retransmission_timer = self.round_trips.wake();
        connection.recovery = Recovery::default();
        connection.rack = Rack::default();
        connection.tail_loss_probe = TailLossProbe::default();
        connection.congestion = self.window.wake(connection.largest_segment);
        connection.cwnd_validation =
            CwndValidation::woken(self.cwnd_limited, self.max_packets_out, una);
        connection.pacing = Pacing::woken(self.departure, latest);
        connection.retransmissions = 0;
        connection.activity = self.activity.wake(self.delivered_more);
    }
}
