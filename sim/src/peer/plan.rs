//! What a peer is up to.

use std::time::Duration;

/// How a peer behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerPlan {
    /// Where chance begins.
    pub seed: u64,
    /// Probability that a segment is sent otherwise than it should be.
    pub shame: f64,
    /// In which ways.
    pub tricks: Vec<Trick>,
    /// How often it makes noise that belongs to no connection, on average. `None`: never.
    pub noise: Option<Duration>,
    /// When it leaves off, counted from the beginning.
    pub until: Duration,
    /// Whether it is honest from then on, instead of silent.
    pub repents: bool,
    /// Probability that a frame that comes is not looked at, until then.
    pub deaf: f64,
    /// The time that each of its frames takes.
    pub delay: Duration,
    /// What its SYNs say: MSS, window scale, SACK, timestamps.
    pub says: Says,
}

impl PeerPlan {
    /// Whether it may send other text than it sent before.
    pub fn tells_lies(&self) -> bool {
        self.tricks.contains(&Trick::OtherText)
    }
}

/// The options of its SYNs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Says {
    /// The most that it takes in a segment.
    pub mss: Option<u16>,
    /// By how much its windows are shifted.
    pub window_scale: Option<u8>,
    /// Whether it understands SACK.
    pub sack: bool,
    /// Whether it has timestamps.
    pub timestamps: bool,
}

/// A way not to do what an honest TCP does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// Acknowledges what was never sent.
    AckOfTheFuture,
    /// Acknowledges less than before.
    OldAck,
    /// Acknowledges what was sent and has not come.
    Optimist,
    /// Offers no window, or a small one, or the largest.
    Window,
    /// SACKs anything.
    WildSack,
    /// SACKs what was sent and has not come.
    FalseSack,
    /// Throws away what it has SACKed.
    Renege,
    /// Sends text once more that was acknowledged.
    OldText,
    /// Sends text that overlaps what it sent before.
    Overlap,
    /// Sends text from further on.
    Ahead,
    /// Sends other text than it sent before.
    OtherText,
    /// Ends its stream before its end.
    EarlyFin,
    /// Resets.
    Reset,
    /// Sets SYN within the window.
    Syn,
    /// Sets flags that mean little here, or none at all.
    OddFlags,
    /// Sends options that are none.
    OddOptions,
    /// Leaves out timestamps that were agreed on.
    NoTimestamps,
    /// Sends a timestamp of long ago.
    OldTimestamp,
    /// Sends one of a time to come.
    FutureTimestamp,
    /// Echoes a timestamp that it never saw.
    WrongEcho,
    /// Damages a bit.
    Damage,
    /// Cuts the frame short.
    Cut,
    /// Sends a fragment only.
    Fragment,
    /// Sends the segment several times.
    Again,
    /// Sends it late.
    Late,
    /// Does not send it.
    Nothing,
}

impl Trick {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::AckOfTheFuture,
        Self::OldAck,
        Self::Optimist,
        Self::Window,
        Self::WildSack,
        Self::FalseSack,
        Self::Renege,
        Self::OldText,
        Self::Overlap,
        Self::Ahead,
        Self::OtherText,
        Self::EarlyFin,
        Self::Reset,
        Self::Syn,
        Self::OddFlags,
        Self::OddOptions,
        Self::NoTimestamps,
        Self::OldTimestamp,
        Self::FutureTimestamp,
        Self::WrongEcho,
        Self::Damage,
        Self::Cut,
        Self::Fragment,
        Self::Again,
        Self::Late,
        Self::Nothing,
    ];

    /// Whether a connection may end by it, or never get on again: the peer has broken what only it could.
    pub fn breaks(self) -> bool {
        matches!(
            self,
            Self::EarlyFin | Self::Reset | Self::FutureTimestamp | Self::OtherText
        )
    }
}
