//! What an honest TCP would send.

use super::connection::{PeerConnection, PeerState};
use super::plan::Says;
use crate::content;
use crate::packet::Packet;
use periplus_journey::Instant;
use periplus_wire::SeqNum;
use periplus_wire::tcp::{TcpFlags, Timestamps};

/// Segments in flight at most: the peer knows nothing of congestion.
const FLIGHT: u32 = 8;

/// The window that it offers, in units of its scale.
pub(super) const WINDOW: u16 = 60_000;

impl PeerConnection {
    /// All that may be sent now.
    pub(super) fn segments(&mut self, now: Instant) -> Vec<Packet> {
        let mut out = Vec::new();
        if self.resend_at.is_some_and(|at| at <= now) {
            self.backoff += 1;
            self.nxt = self.una;
            self.arm(now);
        }
        if self.state == PeerState::Dead {
            return out;
        }
        if self.nxt == self.iss {
            out.push(self.syn());
            self.sent(now, self.iss + 1);
            if self.state != PeerState::Open {
                return out;
            }
        }
        if self.state == PeerState::Open {
            self.text_segments(now, &mut out);
        }
        if std::mem::take(&mut self.owes_ack) && out.is_empty() && self.state == PeerState::Open {
            out.push(self.bare());
        }
        if !out.is_empty() && self.state == PeerState::Open {
            self.claimed = self.claimed.max(self.next);
        }
        out
    }

    fn text_segments(&mut self, now: Instant, out: &mut Vec<Packet>) {
        let fin = self.fin();
        // a closed window is probed by a byte, with the timer
        let probes = u32::from(self.backoff > 0);
        let most = (FLIGHT * self.mss as u32).min(self.window.max(probes));
        while self.nxt.before(fin) && (self.nxt - self.una) < most {
            let room = most - (self.nxt - self.una);
            let length = (fin - self.nxt).min(room).min(self.mss as u32);
            let mut packet = self.text_at(self.nxt, length);
            self.nxt += length;
            if self.nxt == fin {
                packet.flags |= TcpFlags::FIN;
                self.nxt = fin + 1;
            }
            self.sent(now, self.nxt);
            out.push(packet);
        }
        if self.nxt == fin {
            let mut packet = self.bare();
            packet.seq = fin;
            packet.flags |= TcpFlags::FIN;
            self.sent(now, fin + 1);
            out.push(packet);
        }
        // what waits for a window has to be asked for again and again
        if self.nxt.before(fin) && self.resend_at.is_none() {
            self.arm(now);
        }
    }

    fn sent(&mut self, now: Instant, end: SeqNum) {
        self.nxt = self.nxt.max(end);
        self.max = self.max.max(end);
        if self.resend_at.is_none() {
            self.arm(now);
        }
    }

    fn syn(&self) -> Packet {
        let Says {
            mss,
            window_scale,
            sack,
            ..
        } = self.agreed;
        let mut packet = Packet::new(self.local, self.remote, self.iss);
        packet.flags = TcpFlags::SYN;
        packet.window = WINDOW;
        packet.options.mss = mss;
        packet.options.window_scale = window_scale;
        packet.options.sack_permitted = sack;
        if self.state != PeerState::SynSent {
            packet.flags |= TcpFlags::ACK;
            packet.ack = self.next;
        }
        self.stamp(&mut packet);
        packet
    }

    /// A segment without text.
    pub(super) fn bare(&self) -> Packet {
        let mut packet = Packet::new(self.local, self.remote, self.nxt);
        packet.flags = TcpFlags::ACK;
        packet.ack = self.next.max(self.claimed);
        packet.window = WINDOW;
        self.stamp(&mut packet);
        if self.agreed.sack {
            let told = self
                .swallowed
                .iter()
                .chain(&self.beyond)
                .filter(|(start, _)| start.after(packet.ack));
            for &(start, end) in told.rev().take(3) {
                packet.options.sack.push(start, end);
            }
        }
        packet
    }

    /// A segment with the text from `seq` on.
    pub(super) fn text_at(&self, seq: SeqNum, length: u32) -> Packet {
        let mut packet = self.bare();
        packet.seq = seq;
        packet.flags |= TcpFlags::PSH;
        packet.text = vec![0; length as usize];
        content::fill(self.sends.0, self.offset(seq), &mut packet.text);
        packet
    }

    fn stamp(&self, packet: &mut Packet) {
        packet.options.timestamps = self.agreed.timestamps.then_some(Timestamps {
            // a clock that stands still is an honest one, too (RFC 7323 5.4)
            value: 1000,
            echo_reply: if packet.flags.contains(TcpFlags::ACK) {
                self.ts_recent
            } else {
                0
            },
        });
    }
}
