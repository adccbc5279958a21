//! A stack at a work, and what it can be told.

use crate::bench::{Bench, Nobody};
use crate::options::OnceOptions;
use crate::referee::Referee;
use crate::stacks::{Nothing, Periplus, Setup, Smoltcp, Stack};
use crate::works::{self, Name, Work};
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
    /// No stack at all: what the script costs by itself.
    Script,
}

impl Who {
    pub(crate) const ALL: [Self; 4] =
        [Self::Periplus, Self::Recording, Self::Smoltcp, Self::Script];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Periplus => "periplus",
            Self::Recording => "periplus+recording",
            Self::Smoltcp => "smoltcp",
            Self::Script => "script",
        }
    }

    /// At `work`, established and warm; `None` if it cannot do that.
    pub(crate) fn at(self, work: Name) -> Option<Box<dyn Contestant>> {
        match work {
            Name::W1 => self.doing::<works::RequestAnswer>(),
            Name::W1Timestamps => self.doing::<works::RequestAnswerWithTimestamps>(),
            Name::W2 => self.doing::<works::ClientClosesFirst>(),
            Name::W2Server => self.doing::<works::ServerClosesFirst>(),
            Name::W3r => self.doing::<works::Receive>(),
            Name::W3rChunk => self.doing::<works::ReceiveInPlace>(),
            Name::W3s => self.doing::<works::Send>(),
            Name::W6 => self.doing::<works::ReceiveSmall>(),
        }
    }

    fn doing<W: Work + 'static>(self) -> Option<Box<dyn Contestant>> {
        match self {
            Self::Periplus => Run::<Periplus, W>::boxed(false),
            Self::Recording => Run::<Periplus, W>::boxed(true),
            Self::Smoltcp => Run::<Smoltcp, W>::boxed(false),
            Self::Script => Run::<Nothing, W>::boxed(false),
        }
    }
}

/// One who takes part, at a work.
pub(crate) trait Contestant {
    /// Does the work so often.
    fn work(&mut self, iterations: u32);

    /// Does it so often before the referee, who has one frame in `damaged_in` come damaged.
    ///
    /// # Panics
    /// If the referee finds anything wrong.
    fn replay(&mut self, iterations: u32, damaged_in: usize) -> Seen;
}

/// What the referee has looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Frames that left the stack.
    pub(crate) frames: u64,
    /// Damaged frames, all of which were dropped.
    pub(crate) damaged: u64,
    /// Bytes of both streams.
    pub(crate) bytes: u64,
}

struct Run<S, W> {
    bench: Bench<S>,
    referee: Referee,
    work: PhantomData<W>,
}

impl<S: Stack + 'static, W: Work + 'static> Run<S, W> {
    fn boxed(recording: bool) -> Option<Box<dyn Contestant>> {
        if W::IN_PLACE && !S::READS_IN_PLACE {
            return None;
        }
        let setup = Setup {
            recording,
            timestamps: W::TIMESTAMPS,
        };
        let mut referee = Referee::new();
        let bench = if S::IS_STACK {
            let mut bench = Bench::new(setup, W::PAYLOAD, &mut referee);
            W::prepare(&mut bench, &mut referee);
            bench
        } else {
            let mut bench = Bench::new(setup, W::PAYLOAD, &mut Nobody);
            W::prepare(&mut bench, &mut Nobody);
            bench
        };
        Some(Box::new(Self {
            bench,
            referee,
            work: PhantomData,
        }))
    }
}

impl<S: Stack, W: Work> Contestant for Run<S, W> {
    fn work(&mut self, iterations: u32) {
        for _ in 0..iterations {
            W::iterate(&mut self.bench, &mut Nobody);
        }
        black_box(self.bench.sum);
    }

    fn replay(&mut self, iterations: u32, damaged_in: usize) -> Seen {
        if !S::IS_STACK {
            return Seen::default();
        }
        let (bench, referee) = (&mut self.bench, &mut self.referee);
        let (client, server, received) = bench.client.numbers();
        referee.resume(client, server, bench.written - received, damaged_in);
        let before = (referee.frames, referee.damaged, referee.bytes);
        for _ in 0..iterations {
            W::iterate(bench, referee);
        }
        referee.rest();
        Seen {
            frames: referee.frames - before.0,
            damaged: referee.damaged - before.1,
            bytes: referee.bytes - before.2,
        }
    }
}

/// Does a work so often and nothing else: for profilers, and for counting instructions.
pub(crate) fn once(options: &OnceOptions) -> Result<(), String> {
    let (work, who) = (options.work, options.stack);
    let mut contestant = who
        .at(work)
        .ok_or_else(|| format!("{} cannot do {work:?}", who.name()))?;
    contestant.work(options.iterations);
    Ok(())
}
