//! What the two ends said in their SYNs.

use super::segment::Segment;

/// What one SYN, or SYN/ACK, said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) maximum_segment_size: Option<u16>,
    pub(super) window_scale: Option<u8>,
    pub(super) sack_permitted: bool,
    pub(super) timestamps: bool,
    /// An ECN-setup SYN, or an ECN-setup SYN/ACK (RFC 3168 6.1.1).
    pub(super) congestion_notification: bool,
}

impl Said {
    pub(super) fn by(segment: &Segment<'_>) -> Self {
        let flags = segment.flags;
        Self {
            maximum_segment_size: segment.options.maximum_segment_size,
            window_scale: segment.options.window_scale,
            sack_permitted: segment.options.sack_permitted,
            timestamps: segment.options.timestamps.is_some(),
            congestion_notification: flags.ece && flags.cwr != flags.ack,
        }
    }
}

/// Whether something was agreed on. SYNs that are repeated may say something else, and which of them was heard is not
/// always to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    No,
    Perhaps,
    Surely,
}

/// What both said.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreed {
    own: Vec<Said>,
    peer: Vec<Said>,
}

/// More different SYNs of one end are not remembered.
const VARIANTS: usize = 8;

impl Agreed {
    /// The host said this.
    pub(super) fn own(&mut self, said: Said) {
        Self::remember(&mut self.own, said);
    }

    /// The peer said this.
    pub(super) fn peer(&mut self, said: Said) {
        Self::remember(&mut self.peer, said);
    }

    /// The peer is another one than was thought: what it said before does not count.
    pub(super) fn peer_instead(&mut self, said: Said) {
        self.peer.clear();
        self.peer.push(said);
    }

    /// Whether the host said it in any of its SYNs.
    pub(super) fn own_said(&self, what: impl Fn(&Said) -> bool) -> bool {
        self.own.iter().any(what)
    }

    /// Whether the peer said in all its SYNs, in some, or in none, what `what` asks for.
    pub(super) fn peer_said(&self, what: impl Fn(&Said) -> bool) -> Agreement {
        Self::agreement(self.peer.iter().map(what))
    }

    /// Whether both did.
    pub(super) fn both_said(&self, what: impl Fn(&Said) -> bool) -> Agreement {
        let what = &what;
        Self::agreement(
            self.own
                .iter()
                .flat_map(|own| self.peer.iter().map(move |peer| what(own) && what(peer))),
        )
    }

    /// By how much the windows that the peer offers may be shifted, at the most (RFC 7323 2.2).
    pub(super) fn peer_scale(&self) -> u8 {
        self.scale(&self.peer, &self.own)
    }

    /// By how much the host's are shifted.
    pub(super) fn own_scale(&self) -> u8 {
        self.scale(&self.own, &self.peer)
    }

    /// The longest segment that the peer takes, options included; 536 bytes if it does not say (RFC 9293 3.7.1, MUST-15).
    pub(super) fn peer_maximum_segment_size(&self) -> i64 {
        let sizes = self.peer.iter().map(|said| said.maximum_segment_size);
        i64::from(sizes.map(|size| size.unwrap_or(536)).max().unwrap_or(536))
    }

    fn scale(&self, of: &[Said], with: &[Said]) -> u8 {
        if !with.iter().any(|said| said.window_scale.is_some()) {
            return 0;
        }
        // RFC 7323 2.3: a shift above 14 is to be taken as 14.
        let shifts = of.iter().filter_map(|said| said.window_scale);
        shifts.max().unwrap_or(0).min(14)
    }

    fn agreement(answers: impl Iterator<Item = bool>) -> Agreement {
        let (mut some, mut all) = (false, true);
        for answer in answers {
            some |= answer;
            all &= answer;
        }
        match (some, all) {
            (false, _) => Agreement::No,
            (true, false) => Agreement::Perhaps,
            (true, true) => Agreement::Surely,
        }
    }

    fn remember(list: &mut Vec<Said>, said: Said) {
        if list.len() < VARIANTS && !list.contains(&said) {
            list.push(said);
        }
    }
}
