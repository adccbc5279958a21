//! A stack at a work, and what it can be told.

use crate::bench::{Bench, Nobody, Watch};
use crate::linux_loopback::LinuxLoopback;
use crate::options::OnceOptions;
use crate::referee::{Disturbances, Referee, Rules};
use crate::stacks::{Nothing, Periplus, SUPER, Setup, Smoltcp, Stack};
use crate::through_tokio::ThroughTokio;
use crate::works::{self, Name, Work};
use crate::{client, lookup, through_tokio, weight};
use std::hint::black_box;
use std::marker::PhantomData;

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Who {
    /// Periplus, recording off.
    Periplus,
    /// Periplus, every request recorded.
    #[value(name = "periplus+recording")]
    Recording,
    Smoltcp,
    #[cfg(feature = "lwip")]
    Lwip,
    /// Linux over its loopback, by sockets: a reference, not a peer.
    #[value(name = "linux-loopback")]
    LinuxLoopback,
    /// No stack at all: what the script costs by itself.
    Script,
}

impl Who {
    pub(crate) const ALL: [Self; if cfg!(feature = "lwip") { 6 } else { 5 }] = [
        Self::Periplus,
        Self::Recording,
        Self::Smoltcp,
        #[cfg(feature = "lwip")]
        Self::Lwip,
        Self::LinuxLoopback,
        Self::Script,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Periplus => "periplus",
            Self::Recording => "periplus+recording",
            Self::Smoltcp => "smoltcp",
            #[cfg(feature = "lwip")]
            Self::Lwip => "lwip",
            Self::LinuxLoopback => "linux-loopback",
            Self::Script => "script",
        }
    }

    /// Whether what it sends is seen, by the referee too; and whether its instructions are all that it does.
    pub(crate) fn is_in_memory(self) -> bool {
        self != Self::LinuxLoopback
    }

    /// How often it does what others do so often: a reference need not make a run long.
    pub(crate) fn times(self, times: u32) -> u32 {
        match self {
            Self::LinuxLoopback => times.div_ceil(10),
            _ => times,
        }
    }

    /// At `work`, established and warm; `None` if it cannot do that.
    pub(crate) fn at(self, work: Name) -> Option<Box<dyn Contestant>> {
        if self == Self::LinuxLoopback {
            return LinuxLoopback::at(work);
        }
        match work {
            Name::W1 => self.doing::<works::RequestAnswer>(),
            Name::W1Timestamps => self.doing::<works::RequestAnswerWithTimestamps>(),
            Name::W1Burst => self.doing::<works::RequestAnswerBurst>(),
            Name::W2 => self.doing::<works::ClientClosesFirst>(),
            Name::W2Server => self.doing::<works::ServerClosesFirst>(),
            Name::W2Burst => self.doing::<works::ConnectBurst>(),
            Name::W3r => self.doing::<works::ReceiveSegments>(),
            Name::W3rChunk => self.doing::<works::ReceiveInPlace<{ client::MSS }>>(),
            Name::W3rBurst => self.doing::<works::ReceiveBurst>(),
            Name::W3s => self.doing::<works::Send<false>>(),
            Name::W3gr => self.doing::<works::ReceiveSuper>(),
            Name::W3grChunk => self.doing::<works::ReceiveInPlace<SUPER>>(),
            Name::W3gs => self.doing::<works::Send<true>>(),
            Name::W4 => self.doing::<works::Flood>(),
            Name::W5Of1 => self.doing::<works::Crowd<1, 1>>(),
            Name::W5Of1k => self.doing::<works::Crowd<1_000, 1>>(),
            Name::W5Of100k => self.doing::<works::Crowd<100_000, 1>>(),
            Name::W5 => self.doing::<works::Crowd<1_000_000, 1>>(),
            Name::W5Burst => self.doing::<works::Crowd<1_000_000, 32>>(),
            Name::W5Lookup => (self == Self::Script).then(lookup::Lookup::boxed),
            Name::W6 => self.doing::<works::ReceiveSmall>(),
            Name::W6Burst => self.doing::<works::ReceiveSmallBurst>(),
            Name::W4Kept | Name::W5m | Name::W5mNet => None,
            Name::W7 => match self {
                Self::Periplus => Some(ThroughTokio::boxed(false)),
                Self::Recording => Some(ThroughTokio::boxed(true)),
                _ => None,
            },
        }
    }

    /// Bytes of memory that something of `work` takes; `None` if that cannot be said.
    pub(crate) fn weigh(self, work: Name) -> Option<f64> {
        match (work, self) {
            (Name::W4Kept, Self::Periplus) => Some(weight::kept::<Periplus>(false, work.times())),
            (Name::W4Kept, Self::Recording) => Some(weight::kept::<Periplus>(true, work.times())),
            (Name::W4Kept, Self::Smoltcp) => Some(weight::kept::<Smoltcp>(false, work.times())),
            (Name::W5m, Self::Periplus) => Some(weight::idle(|crowd| {
                weight::idle_of::<Periplus>(false, crowd)
            })),
            (Name::W5m, Self::Recording) => Some(weight::idle(|crowd| {
                weight::idle_of::<Periplus>(true, crowd)
            })),
            (Name::W5mNet, Self::Periplus) => {
                Some(weight::idle(|crowd| through_tokio::idle_of(false, crowd)))
            }
            _ => None,
        }
    }

    fn doing<W: Work + 'static>(self) -> Option<Box<dyn Contestant>> {
        match self {
            Self::Periplus => Run::<Periplus, W>::boxed(false),
            Self::Recording => Run::<Periplus, W>::boxed(true),
            Self::Smoltcp => Run::<Smoltcp, W>::boxed(false),
            #[cfg(feature = "lwip")]
            Self::Lwip => Run::<crate::stacks::Lwip, W>::boxed(false),
            Self::Script => Run::<Nothing, W>::boxed(false),
            Self::LinuxLoopback => None,
        }
    }
}

/// One who takes part, at a work.
pub(crate) trait Contestant {
    /// Prepares for doing the work so often, which takes no part in the figures.
    fn plan(&mut self, times: u32);

    /// Does the work so often, or a little more often where frames come in bursts. Returns how many bytes of payload were
    /// moved.
    fn work(&mut self, times: u32) -> u64;

    /// Does it so often before the referee, who disturbs it.
    ///
    /// # Panics
    /// If the referee finds anything wrong.
    fn replay(&mut self, times: u32, disturbances: Disturbances) -> Seen;
}

/// What the referee has looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Frames that left the stack.
    pub(crate) frames: u64,
    /// Damaged frames, all of which were dropped.
    pub(crate) damaged: u64,
    /// ACKs that came late, after each of which something had been sent again.
    pub(crate) late: u64,
    /// Bytes of both streams.
    pub(crate) bytes: u64,
    /// Bytes that the client sent.
    pub(crate) received: u64,
}

/// A stack, the script around it, and how it is set up for a work.
struct Run<S: Stack, W> {
    bench: Bench<S>,
    referee: Referee,
    work: PhantomData<W>,
}

impl<S: Stack + 'static, W: Work + 'static> Run<S, W> {
    fn boxed(recording: bool) -> Option<Box<dyn Contestant>> {
        let can = W::CONNECTIONS <= S::MOST_CONNECTIONS
            && (S::READS_IN_PLACE || !W::IN_PLACE)
            && (S::SUPER_MSS.is_some() || !W::SUPER_FRAMES)
            && (S::HAS_TIMESTAMPS || !W::TIMESTAMPS)
            && (S::SURVIVES_A_FLOOD || !W::FLOOD)
            // a burst comes while the window for it is still on its way
            && 2 * W::PAYLOAD * W::BURST <= S::WINDOW * W::CONNECTIONS;
        can.then(|| {
            let mss = S::SUPER_MSS.filter(|_| W::SUPER_FRAMES);
            let mut referee = Referee::new(Rules {
                mss: mss.unwrap_or(client::MSS as u16),
                cookies: W::FLOOD,
                rounds_windows: S::ROUNDS_WINDOWS,
            });
            let bench = if S::IS_STACK {
                ready::<S, W>(recording, &mut referee)
            } else {
                ready::<S, W>(recording, &mut Nobody)
            };
            Box::new(Self {
                bench,
                referee,
                work: PhantomData,
            }) as Box<dyn Contestant>
        })
    }
}

/// A stack before its first time of a work.
pub(crate) fn ready<S: Stack, W: Work>(recording: bool, watch: &mut impl Watch) -> Bench<S> {
    let setup = Setup {
        recording,
        timestamps: W::TIMESTAMPS,
        super_frames: W::SUPER_FRAMES,
        payload: W::PAYLOAD,
        connections: W::CONNECTIONS,
        burst: W::BURST,
    };
    let mut bench = Bench::new(setup, watch);
    W::prepare(&mut bench, watch);
    bench
}

/// How often `W` is iterated to do it so many times.
fn iterations<W: Work>(times: u32) -> usize {
    (times as usize).div_ceil(W::BURST)
}

impl<S: Stack, W: Work> Contestant for Run<S, W> {
    fn plan(&mut self, times: u32) {
        W::plan(&mut self.bench, iterations::<W>(times) * W::BURST);
    }

    fn work(&mut self, times: u32) -> u64 {
        let before = self.bench.moved;
        for _ in 0..iterations::<W>(times) {
            W::iterate(&mut self.bench, &mut Nobody);
        }
        black_box(self.bench.sum);
        self.bench.moved - before
    }

    fn replay(&mut self, times: u32, disturbances: Disturbances) -> Seen {
        if !S::IS_STACK {
            return Seen::default();
        }
        let (bench, referee) = (&mut self.bench, &mut self.referee);
        // Before the plan, which counts everything as sent.
        referee.resume(bench.known(), disturbances);
        W::plan(bench, iterations::<W>(times) * W::BURST);
        for _ in 0..iterations::<W>(times) {
            W::iterate(bench, referee);
        }
        referee.rest();
        assert!(
            referee.refused == 0 || !S::SERVES_IN_A_FLOOD,
            "clients were refused"
        );
        referee.seen
    }
}

/// Does a work so often and nothing else: for profilers, and for counting instructions.
pub(crate) fn once(options: &OnceOptions) -> Result<(), String> {
    let (work, who) = (options.work, options.stack);
    let mut contestant = who
        .at(work)
        .ok_or_else(|| format!("{} cannot do {work:?}", who.name()))?;
    contestant.plan(options.iterations);
    contestant.work(options.iterations);
    Ok(())
}
