//! Explicit Congestion Notification (RFC 3168 6.1): routers mark packets that they would have dropped, the receiver echoes the
//! mark, and the sender slows down as if one had been lost.

use crate::connection::AckDue;
use crate::{Connection, Segment};
use periplus_wire::tcp::TcpFlags;
use periplus_wire::{Ecn, SeqNum};

/// Where one connection stands, by the names of Linux's `ecn_flags`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EcnState(u8);

impl EcnState {
    const OK: u8 = 1;
    const QUEUE_CWR: u8 = 2;
    const DEMAND_CWR: u8 = 4;
    const SEEN: u8 = 8;

    fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    /// As the SYNs agreed.
    pub(crate) fn new(agreed: bool) -> Self {
        Self(u8::from(agreed) * Self::OK)
    }

    /// Whether both ends speak ECN.
    pub(crate) fn is_agreed(self) -> bool {
        self.has(Self::OK)
    }

    /// Whether a packet of the peer carried a mark.
    pub(crate) fn is_seen(self) -> bool {
        self.has(Self::SEEN)
    }

    /// The congestion window was reduced: the next new data says so.
    pub(crate) fn queue_cwr(&mut self) {
        if self.is_agreed() {
            self.0 |= Self::QUEUE_CWR;
        }
    }

    /// It was not reduced after all.
    pub(crate) fn withdraw_cwr(&mut self) {
        self.0 &= !Self::QUEUE_CWR;
    }

    /// New data went out, and said so.
    fn told_cwr(&mut self) {
        self.0 &= !Self::QUEUE_CWR;
    }

    /// Text came that lies in the window. Returns whether it is acknowledged at once: the sender may have so small a window that
    /// it waits for the ACK (as on Linux).
    fn text_arrives(&mut self, ecn: Ecn, cwr: bool) -> bool {
        if !self.is_agreed() {
            return false;
        }
        if cwr {
            self.0 &= !Self::DEMAND_CWR;
        }
        let changed = match ecn {
            // Probably sent again, as nothing is while all is well.
            Ecn::NotEct => self.is_seen(),
            Ecn::Ce => !self.has(Self::DEMAND_CWR),
            Ecn::Ect0 | Ecn::Ect1 => false,
        };
        if ecn != Ecn::NotEct {
            self.0 |= Self::SEEN;
        }
        if ecn == Ecn::Ce {
            self.0 |= Self::DEMAND_CWR;
        }
        changed || cwr
    }

    /// ECE, until the peer has said CWR.
    pub(crate) fn echo(self) -> TcpFlags {
        if self.has(Self::DEMAND_CWR) {
            TcpFlags::ECE
        } else {
            TcpFlags::NONE
        }
    }
}

/// A SYN's flags, less what asks for ECN (RFC 3168 6.1.1) in a marked packet: a SYN must not be marked, so whoever sent it, or
/// passed it on, has something else in mind (as on Linux).
#[inline]
pub(crate) fn setup_flags(flags: TcpFlags, ecn: Ecn) -> TcpFlags {
    match ecn {
        Ecn::NotEct => flags,
        _ => flags.without(TcpFlags::ECE | TcpFlags::CWR),
    }
}

/// Whether the answer to our SYN agrees to ECN: a SYN/ACK, or a SYN that asks itself.
fn agrees(syn: &Segment) -> bool {
    let setup = TcpFlags::ECE | TcpFlags::CWR;
    if syn.has(TcpFlags::ACK) {
        syn.has(TcpFlags::ECE) && !syn.has(TcpFlags::CWR)
    } else {
        setup_flags(syn.flags, syn.ecn).contains(setup)
    }
}

impl Connection {
    /// The flags that our SYN or SYN/ACK has beside its own. A SYN that is sent again does without, in case something on the
    /// path dropped it for them (RFC 3168 6.1.1.1, `tcp_ecn_fallback`).
    pub(crate) fn ecn_setup_flags(
        &self,
        is_syn_ack: bool,
        again: bool,
        fallback: bool,
    ) -> TcpFlags {
        match (is_syn_ack, self.offer.ecn) {
            (true, _) if self.ecn.is_agreed() => TcpFlags::ECE,
            (false, true) if !(again && fallback) => TcpFlags::ECE | TcpFlags::CWR,
            _ => TcpFlags::NONE,
        }
    }

    /// Our SYN was answered.
    pub(crate) fn agree_on_ecn(&mut self, answer: &Segment) {
        self.ecn = EcnState::new(self.offer.ecn && agrees(answer));
    }

    /// Text lies in the window: what its packet and its flags say of congestion.
    pub(crate) fn note_ecn(&mut self, segment: &Segment) {
        let cwr = segment.has(TcpFlags::CWR);
        if self.ecn.text_arrives(segment.ecn, cwr) {
            self.ack_due = AckDue::Now;
        }
    }

    /// An ACK, not taken yet, may echo a mark: the window is halved, once a window of data (RFC 3168 6.1.2).
    pub(crate) fn note_echo(&mut self, segment: &Segment) {
        if !self.ecn.is_agreed() || !segment.has(TcpFlags::ECE) || segment.has(TcpFlags::SYN) {
            return;
        }
        self.slow_down_for_mark();
        // A mark is congestion whatever becomes of the losses beside it (RFC 4015 3.2).
        self.congestion.keep_reduction();
    }

    /// What a segment about to be sent says of congestion: new text is marked as sent by who speaks ECN, and tells once that
    /// the window was reduced. Text that is sent again is not marked (RFC 3168 6.1.5), nor are bare ACKs (6.1.4).
    pub(crate) fn ecn_of(&self, seq: SeqNum, length: usize) -> (Ecn, TcpFlags) {
        if !self.ecn.is_agreed() || length == 0 || seq.before(self.snd.nxt) {
            return (Ecn::NotEct, TcpFlags::NONE);
        }
        let cwr = if self.ecn.has(EcnState::QUEUE_CWR) {
            TcpFlags::CWR
        } else {
            TcpFlags::NONE
        };
        (Ecn::Ect0, cwr)
    }

    /// A segment with these flags went out.
    pub(crate) fn ecn_sent(&mut self, flags: TcpFlags) {
        if flags.contains(TcpFlags::CWR) {
            self.ecn.told_cwr();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_echoed_until_the_peer_has_slowed_down() {
        let mut ecn = EcnState::new(true);
        assert!(!ecn.text_arrives(Ecn::Ect0, false));
        assert_eq!(ecn.echo(), TcpFlags::NONE);
        assert!(ecn.text_arrives(Ecn::Ce, false), "acknowledged at once");
        assert!(!ecn.text_arrives(Ecn::Ect0, false));
        assert_eq!(ecn.echo(), TcpFlags::ECE);
        assert!(ecn.text_arrives(Ecn::Ect0, true));
        assert_eq!(ecn.echo(), TcpFlags::NONE);
        // slowed down for an earlier mark, and marked again
        assert!(ecn.text_arrives(Ecn::Ce, true));
        assert_eq!(ecn.echo(), TcpFlags::ECE);
    }

    #[test]
    fn who_did_not_agree_neither_echoes_nor_tells() {
        let mut ecn = EcnState::new(false);
        assert!(!ecn.text_arrives(Ecn::Ce, false));
        ecn.queue_cwr();
        assert_eq!(ecn.0, 0);
    }
}
