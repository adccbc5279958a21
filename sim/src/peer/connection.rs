//! A connection of the peer's: what an honest TCP would know of it.

use super::plan::Says;
use crate::packet::Packet;
use periplus_journey::Instant;
use periplus_wire::SeqNum;
use std::net::SocketAddrV4;
use std::time::Duration;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerState {
    /// Its SYN is on its way.
    SynSent,
    /// Its SYN/ACK is on its way.
    SynReceived,
    /// The handshake is over.
    Open,
    /// It was reset.
    Dead,
}

/// One connection.
#[derive(Clone, Debug)]
pub struct PeerConnection {
    /// Which flow it is of.
    pub flow: usize,
    /// The peer's end.
    pub local: SocketAddrV4,
    /// The stack's.
    pub remote: SocketAddrV4,
    /// Where it stands.
    pub state: PeerState,
    /// The stream that it sends, and how many bytes of it.
    pub(super) sends: (u64, u64),
    /// The stream that it receives.
    pub(super) receives: u64,
    pub(super) iss: SeqNum,
    pub(super) una: SeqNum,
    pub(super) nxt: SeqNum,
    /// The end of all that was ever sent.
    pub(super) max: SeqNum,
    pub(super) irs: SeqNum,
    /// RCV.NXT.
    pub(super) next: SeqNum,
    /// The highest acknowledgment that was ever sent: what is before it will not come again.
    pub(super) claimed: SeqNum,
    /// Acknowledgments of what it has not seen: where the stack had sent it already, they were taken.
    pub(super) guessed: Vec<SeqNum>,
    /// What the stack has sent at most.
    pub(super) seen: SeqNum,
    /// The length of the last text that came.
    pub(super) segment: u32,
    /// What came out of order.
    pub(super) beyond: Vec<(SeqNum, SeqNum)>,
    /// What it says has come, and threw away.
    pub(super) swallowed: Vec<(SeqNum, SeqNum)>,
    /// The stack's window, in bytes, and the shift of its windows.
    pub(super) window: u32,
    pub(super) shift: u8,
    /// What was agreed on.
    pub(super) agreed: Says,
    pub(super) ts_recent: u32,
    pub(super) mss: usize,
    /// The peer has acknowledged our FIN, or we have its.
    pub(super) fin_came: bool,
    pub(super) resend_at: Option<Instant>,
    pub(super) backoff: u32,
    pub(super) owes_ack: bool,
    /// A trick has broken it.
    pub tainted: bool,
    /// A byte that came and is not what the stack was to send.
    pub wrong: Option<String>,
}

impl PeerConnection {
    pub(super) fn new(
        flow: usize,
        (local, remote): (SocketAddrV4, SocketAddrV4),
        iss: SeqNum,
        sends: (u64, u64),
        receives: u64,
        says: Says,
    ) -> Self {
        Self {
            flow,
            local,
            remote,
            state: PeerState::SynSent,
            sends,
            receives,
            iss,
            una: iss,
            nxt: iss,
            max: iss,
            irs: SeqNum(0),
            next: SeqNum(0),
            claimed: SeqNum(0),
            guessed: Vec::new(),
            seen: SeqNum(0),
            segment: 0,
            beyond: Vec::new(),
            swallowed: Vec::new(),
            window: 0,
            shift: 0,
            agreed: says,
            ts_recent: 0,
            mss: 536,
            fin_came: false,
            resend_at: None,
            backoff: 0,
            owes_ack: false,
            tainted: false,
            wrong: None,
        }
    }

    /// The number of its FIN.
    pub(super) fn fin(&self) -> SeqNum {
        self.iss + 1 + self.sends.1 as u32
    }

    /// The stream's offset of the byte at `seq`.
    pub(super) fn offset(&self, seq: SeqNum) -> u64 {
        u64::from(seq - (self.iss + 1))
    }

    /// Whether both ends have said all, and know it.
    pub fn is_complete(&self) -> bool {
        self.fin_came && self.una == self.fin() + 1
    }

    /// Bytes of the stack's stream that have come in order.
    pub fn received(&self) -> u64 {
        let fin = u32::from(self.fin_came);
        u64::from((self.next - (self.irs + 1)).saturating_sub(fin))
    }

    /// Text that comes is thrown away: in silence what is next, so that there is a hole, and what is beyond a hole with the word that
    /// it has come.
    pub(super) fn swallow(&mut self, packet: &Packet) {
        let (start, end) = (packet.seq, packet.seq + packet.text.len() as u32);
        if start.after(self.next) && end.after(start) {
            self.seen = self.seen.max(end);
            self.swallowed.push((start, end));
            self.owes_ack = true;
        }
    }

    pub(super) fn arm(&mut self, now: Instant) {
        let wait = Duration::from_millis(300) * 2_u32.pow(self.backoff.min(5));
        self.resend_at = Some(now + wait);
    }
}
