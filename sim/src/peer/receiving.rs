//! What the peer makes of a segment.

use super::connection::{PeerConnection, PeerState};
use crate::content;
use crate::packet::Packet;
use periplus_journey::Instant;
use periplus_wire::SeqNum;
use periplus_wire::tcp::TcpFlags;

impl PeerConnection {
    /// A segment of the stack's has come.
    pub(super) fn receive(&mut self, now: Instant, packet: &Packet) {
        if packet.has(TcpFlags::RST) {
            self.reset(packet);
            return;
        }
        match self.state {
            PeerState::Dead => return,
            PeerState::SynSent if packet.has(TcpFlags::SYN | TcpFlags::ACK) => {
                if packet.ack != self.iss + 1 {
                    return;
                }
                self.learn(packet);
            }
            PeerState::SynSent => return,
            _ => {}
        }
        if let Some(timestamps) = packet.options.timestamps {
            self.ts_recent = timestamps.value;
        }
        if packet.has(TcpFlags::ACK) {
            self.acknowledged(now, packet);
        }
        self.text(packet);
    }

    /// A RST, which is believed where RFC 5961 3.2 does: answers to what pretends to be of this connection are not for it.
    fn reset(&mut self, packet: &Packet) {
        let is_for_it = match self.state {
            PeerState::SynSent => packet.has(TcpFlags::ACK) && packet.ack == self.iss + 1,
            _ => packet.seq == self.next,
        };
        if is_for_it {
            self.state = PeerState::Dead;
            self.resend_at = None;
        }
    }

    /// The stack's SYN, or SYN/ACK, says what it agrees to.
    pub(super) fn learn(&mut self, packet: &Packet) {
        let options = &packet.options;
        self.irs = packet.seq;
        self.next = packet.seq + 1;
        self.claimed = self.next;
        self.seen = self.next;
        self.mss = options.mss.map_or(536, usize::from).clamp(64, 1400);
        self.agreed.sack &= options.sack_permitted;
        self.agreed.timestamps &= options.timestamps.is_some();
        if options.window_scale.is_none() {
            self.agreed.window_scale = None;
        } else if self.agreed.window_scale.is_some() {
            self.shift = options.window_scale.unwrap_or(0);
        }
        self.window = packet.window.into();
        self.owes_ack = true;
    }

    fn acknowledged(&mut self, now: Instant, packet: &Packet) {
        if packet.ack.after(self.una) && packet.ack.at_or_before(self.max) {
            self.una = packet.ack;
            self.nxt = self.nxt.max(self.una);
            self.backoff = 0;
            self.resend_at = None;
            if self.una != self.max {
                self.arm(now);
            }
            if self.una != self.iss {
                self.state = PeerState::Open;
            }
        }
        if !packet.has(TcpFlags::SYN) {
            self.window = u32::from(packet.window) << self.shift;
        }
    }

    fn text(&mut self, packet: &Packet) {
        let start = packet.seq + u32::from(packet.has(TcpFlags::SYN));
        let end = packet.end();
        // a probe has no text, and a number that was acknowledged long ago
        self.owes_ack |= start != end || start != self.next;
        if start == end {
            return;
        }
        // of a later lap of the sequence space nothing is expected
        if (end - self.irs) > 1 << 30 {
            self.wrong = Some(format!("text at {} of the sequence space", start.0));
            return;
        }
        let offset = u64::from(start - (self.irs + 1));
        if let Some(place) = content::mismatch(self.receives, offset, &packet.text) {
            self.wrong = Some(format!(
                "the byte at {place} that was sent is not the one written"
            ));
        }
        self.seen = self.seen.max(end);
        // what is sent again begins where an acknowledgment ended that was a guess
        if start.after(self.next) && self.guessed.contains(&start) {
            self.claimed = self.claimed.max(start);
        }
        self.segment = packet.text.len() as u32;
        if packet.has(TcpFlags::FIN) && !packet.text.is_empty() && start.after(self.next) {
            // it takes no note of a FIN that comes out of order: that will come again
            self.insert(start, start + packet.text.len() as u32);
        } else if !packet.has(TcpFlags::FIN) || start.at_or_before(self.next) {
            self.insert(start, end);
            self.fin_came |= packet.has(TcpFlags::FIN) && self.next == end;
        }
    }

    fn insert(&mut self, start: SeqNum, end: SeqNum) {
        // what it has acknowledged falsely it will never get
        self.next = self.next.max(self.claimed);
        if start.after(self.next) {
            self.beyond.push((start, end));
            return;
        }
        self.next = self.next.max(end);
        while let Some(place) = self
            .beyond
            .iter()
            .position(|(start, _)| start.at_or_before(self.next))
        {
            let (_, end) = self.beyond.swap_remove(place);
            self.next = self.next.max(end);
        }
    }
}
