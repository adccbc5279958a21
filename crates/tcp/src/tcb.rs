//! The transmission control block's variables, by the names of RFC 9293, section 3.3.1.
//!
//! ```text
//!   Send                                          Receive
//!
//!        1         2          3          4             1          2          3
//!   ----------|----------|----------|----------   ----------|----------|----------
//!          SND.UNA    SND.NXT    SND.UNA               RCV.NXT    RCV.NXT
//!                               +SND.WND                         +RCV.WND
//!
//!   1 acknowledged          2 sent, not yet         1 received and acknowledged
//!   3 may be sent           4 not yet allowed       2 may be received    3 not yet allowed
//! ```

use periplus_wire::SeqNum;

/// The send sequence space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendSequence {
    /// SND.UNA: the oldest byte not acknowledged.
    pub una: SeqNum,
    /// SND.NXT: what is sent next. It never goes back: what is to be sent again is in the send buffers.
    pub nxt: SeqNum,
    /// SND.WND: the peer's window in bytes, scaled.
    pub wnd: u32,
    /// The largest window the peer ever offered (RFC 9293 3.8.6.2.1, and the bound of RFC 5961 5).
    pub max_wnd: u32,
    /// SND.WL1: the segment sequence number of the last window update.
    pub wl1: SeqNum,
    /// SND.WL2: the segment acknowledgment number of the last window update.
    pub wl2: SeqNum,
    /// ISS: our initial sequence number.
    pub iss: SeqNum,
    /// Snd.Wind.Shift (RFC 7323 2.3): how far the peer's windows are shifted.
    pub wind_shift: u8,
}

impl SendSequence {
    /// A space that begins with our SYN at `iss`, not yet sent.
    pub(crate) fn new(iss: SeqNum) -> Self {
        Self {
            una: iss,
            nxt: iss,
            wnd: 0,
            max_wnd: 0,
            wl1: SeqNum::new(0),
            wl2: iss,
            iss,
            wind_shift: 0,
        }
    }

    /// FlightSize (RFC 5681 2): sequence numbers sent and not acknowledged.
    pub(crate) fn flight_size(&self) -> u32 {
        self.nxt - self.una
    }

    /// Moves SND.NXT over `length` sequence numbers just sent.
    pub(crate) fn advance(&mut self, length: u32) {
        self.nxt += length;
    }
}

/// The receive sequence space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiveSequence {
    /// RCV.NXT: the next byte expected.
    pub nxt: SeqNum,
    /// RCV.NXT + RCV.WND as last advertised: the right edge, which never moves left.
    pub edge: SeqNum,
    /// IRS: the peer's initial sequence number.
    pub irs: SeqNum,
    /// Rcv.Wind.Shift (RFC 7323 2.3): how far the windows we send are shifted.
    pub wind_shift: u8,
    /// Last.ACK.sent (RFC 7323 4.3).
    pub last_ack_sent: SeqNum,
}

impl ReceiveSequence {
    /// A space that begins after the peer's SYN at `irs`, with `window` bytes offered.
    pub(crate) fn new(irs: SeqNum, window: u32, wind_shift: u8) -> Self {
        let nxt = irs + 1;
        Self {
            nxt,
            edge: nxt + window,
            irs,
            wind_shift,
            last_ack_sent: nxt,
        }
    }

    /// RCV.WND: what the peer may still send by what it was told.
    pub(crate) fn wnd(&self) -> u32 {
        self.edge - self.nxt
    }
}
