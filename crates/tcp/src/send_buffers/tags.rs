//! What is known of a run of segments that is out: the bits of Linux's `TCP_SKB_CB(skb)->sacked`.

/// A run's tags. It is in the network if it is neither SACKed nor lost, and once more if it is there as a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tags(u8);

impl Tags {
    /// The peer has it, and did not acknowledge it yet.
    pub(crate) const SACKED: Self = Self(1);
    /// It left the network without having arrived.
    pub(crate) const LOST: Self = Self(2);
    /// It was sent again, and that copy is in the network.
    pub(crate) const RETRANSMITTED: Self = Self(4);
    /// It was ever sent again: which copy an ACK is for, nobody knows (Karn).
    pub(crate) const EVER_RETRANSMITTED: Self = Self(8);

    /// Sent once, and nothing heard of it.
    pub(crate) fn is_clean(self) -> bool {
        self.0 == 0
    }

    /// Whether one of `tags` is set.
    pub(crate) fn has(self, tags: Self) -> bool {
        self.0 & tags.0 != 0
    }

    /// Both.
    pub(crate) const fn with(self, tags: Self) -> Self {
        Self(self.0 | tags.0)
    }

    /// Those that are not among `tags`.
    pub(crate) const fn without(self, tags: Self) -> Self {
        Self(self.0 & !tags.0)
    }

    /// Whether a copy of it, the latest, may be in the network.
    pub(super) fn is_copy_out(self) -> bool {
        self.has(Self::EVER_RETRANSMITTED)
            && !self.has(Self::SACKED)
            && (self.has(Self::RETRANSMITTED) || !self.has(Self::LOST))
    }
}
