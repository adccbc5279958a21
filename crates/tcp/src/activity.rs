//! What a connection did, counted and dated for whoever looks at it ([`TcpInfo`](crate::TcpInfo)).

use periplus_journey::Instant;
use periplus_wire::SeqNum;
use std::time::Duration;

/// A moment in milliseconds, as Linux keeps those of `tcp_info`; it comes round after 49 days.
#[derive(Clone, Copy, Debug)]
struct Moment(u32);

impl Moment {
    fn at(now: Instant) -> Self {
        Self(now.as_millis() as u32)
    }

    fn until(self, now: Instant) -> Duration {
        Duration::from_millis(u64::from(Self::at(now).0.wrapping_sub(self.0)))
    }
}

/// Segments and their times. A super-frame counts as the segments it is cut into (RFC 4898's `SegsOut`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Activity {
    pub(crate) segs_in: u32,
    pub(crate) segs_out: u32,
    pub(crate) data_segs_in: u32,
    pub(crate) data_segs_out: u32,
    pub(crate) bytes_retrans: u64,
    /// Segments that came out of order.
    pub(crate) rcv_ooopack: u32,
    /// D-SACKs that came.
    pub(crate) dsack_dups: u32,
    /// Segments that the peer has told to have arrived.
    pub(crate) delivered: u32,
    /// Retransmission time-outs.
    pub(crate) total_rto: u32,
    data_sent: Moment,
    data_received: Moment,
    ack_received: Moment,
}

/// What a connection [at rest](crate::Parked) keeps of them that has not sent anything again, and had all come in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParkedActivity {
    segs_in: u32,
    segs_out: u32,
    data_segs_in: u32,
    data_segs_out: u32,
    data_sent: Moment,
    data_received: Moment,
    ack_received: Moment,
}

impl ParkedActivity {
    /// With it, how many more segments have arrived than carried data: our SYN. `None` if there is more to keep.
    pub(crate) fn of(activity: &Activity) -> Option<(Self, i8)> {
        let more = activity.delivered.wrapping_sub(activity.data_segs_out) as i32;
        let nothing_else = activity.bytes_retrans == 0
            && activity.rcv_ooopack == 0
            && activity.dsack_dups == 0
            && activity.total_rto == 0;
        let kept = nothing_else.then_some(Self {
            segs_in: activity.segs_in,
            segs_out: activity.segs_out,
            data_segs_in: activity.data_segs_in,
            data_segs_out: activity.data_segs_out,
            data_sent: activity.data_sent,
            data_received: activity.data_received,
            ack_received: activity.ack_received,
        });
        kept.zip(more.try_into().ok())
    }

    pub(crate) fn wake(self, more: i8) -> Activity {
        Activity {
            segs_in: self.segs_in,
            segs_out: self.segs_out,
            data_segs_in: self.data_segs_in,
            data_segs_out: self.data_segs_out,
            bytes_retrans: 0,
            rcv_ooopack: 0,
            dsack_dups: 0,
            delivered: self.data_segs_out.wrapping_add_signed(more.into()),
            total_rto: 0,
            data_sent: self.data_sent,
            data_received: self.data_received,
            ack_received: self.ack_received,
        }
    }
}

impl Activity {
    /// A connection that begins now. Its times count from here until something happens, as on Linux.
    pub(crate) fn new(now: Instant) -> Self {
        let now = Moment::at(now);
        Self {
            segs_in: 0,
            segs_out: 0,
            data_segs_in: 0,
            data_segs_out: 0,
            bytes_retrans: 0,
            rcv_ooopack: 0,
            dsack_dups: 0,
            delivered: 0,
            total_rto: 0,
            data_sent: now,
            data_received: now,
            ack_received: now,
        }
    }

    /// A segment came.
    pub(crate) fn arrived(&mut self, text: usize) {
        self.segs_in = self.segs_in.wrapping_add(1);
        self.data_segs_in = self.data_segs_in.wrapping_add(u32::from(text > 0));
    }

    /// Text came that is taken.
    pub(crate) fn data_received(&mut self, now: Instant) {
        self.data_received = Moment::at(now);
    }

    /// An ACK came that is believed.
    pub(crate) fn ack_received(&mut self, now: Instant) {
        self.ack_received = Moment::at(now);
    }

    /// A segment without text was sent.
    pub(crate) fn sent_bare(&mut self) {
        self.segs_out = self.segs_out.wrapping_add(1);
    }

    /// Text was sent for the first time, in so many segments.
    #[inline]
    pub(crate) fn sent_new(&mut self, now: Instant, segments: u32) {
        self.segs_out = self.segs_out.wrapping_add(segments);
        self.data_segs_out = self.data_segs_out.wrapping_add(segments);
        self.data_sent = Moment::at(now);
    }

    /// Text was sent: `length` bytes at `seq` in segments of `segment_size`, when everything before `max` had been sent.
    pub(crate) fn sent(
        &mut self,
        now: Instant,
        seq: SeqNum,
        length: u32,
        segment_size: u32,
        max: SeqNum,
    ) {
        let segments = length.div_ceil(segment_size.max(1));
        self.sent_new(now, segments);
        if seq.before(max) {
            self.bytes_retrans += u64::from(length.min(max - seq));
        }
    }

    /// Times since data was sent, since data came, and since an ACK came.
    pub(crate) fn since(&self, now: Instant) -> [Duration; 3] {
        [self.data_sent, self.data_received, self.ack_received].map(|moment| moment.until(now))
    }
}
