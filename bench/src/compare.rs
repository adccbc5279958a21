//! All works, the contestants in turn.

use crate::allocator::allocations;
use crate::contestant::{Contestant, Seen, Who};
use crate::options::CompareOptions;
use crate::referee::Disturbances;
use crate::works::{Name, Unit};
use crate::{instructions, machine, report};
use clap::ValueEnum;
use std::time::Duration;

/// What the referee does to the frames.
const DISTURBANCES: Disturbances = Disturbances {
    damaged_in: 1000,
    late_in: 1000,
};

/// What one contestant needed for a work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) work: Name,
    pub(crate) who: Who,
    /// The median of the rounds, in the work's unit.
    pub(crate) value: f64,
    /// The slowest and the fastest round, as parts of it.
    pub(crate) spread: (f64, f64),
    /// Instructions of one iteration.
    pub(crate) instructions: Option<u64>,
    /// How often memory is asked for, an iteration.
    pub(crate) allocations: f64,
    /// What the referee saw.
    pub(crate) seen: Seen,
}

/// Measures and reports.
///
/// # Errors
/// What could not be run.
pub(crate) fn run(options: &CompareOptions) -> Result<(), String> {
    let works = match &options.works[..] {
        [] => Name::value_variants(),
        works => works,
    };
    let machine = machine::describe();
    let before = machine::load_beside(0.0);
    eprintln!("{machine}; load {before}");
    let mut figures = Vec::new();
    for &work in works {
        let mut measured = measure(work, options.rounds);
        if options.instructions {
            let countable = measured
                .iter_mut()
                .filter(|figure| figure.is_countable() && figure.who.is_in_memory());
            for figure in countable {
                figure.instructions = Some(instructions::count(work, figure.who)?);
            }
        }
        if options.json {
            measured.iter().for_each(report::json);
        }
        figures.extend(measured);
    }
    let after = machine::load_beside(1.0);
    if !options.json {
        println!(
            "{machine}; load {before} before, {after} after; {} rounds",
            options.rounds
        );
        report::table(works, &figures);
    }
    Ok(())
}

fn measure(work: Name, rounds: u32) -> Vec<Figure> {
    eprintln!("{}: {}", work.as_str(), work.title());
    if work.unit() == Unit::Bytes {
        let weighed = |who: Who| Some((who, who.weigh(work)?));
        return Who::ALL
            .into_iter()
            .filter_map(weighed)
            .map(|(who, bytes)| Figure::weighed(work, who, bytes))
            .collect();
    }
    let mut runs: Vec<_> = Who::ALL
        .into_iter()
        .filter_map(|who| Run::of(who, work))
        .collect();
    for _ in 0..rounds {
        runs.iter_mut().for_each(|run| run.round(work));
    }
    runs.into_iter().map(|run| run.figure(work)).collect()
}

/// A contestant and what its rounds gave.
struct Run {
    who: Who,
    contestant: Box<dyn Contestant>,
    values: Vec<f64>,
    /// In the last round.
    allocations: u64,
}

impl Run {
    /// `who` at `work`, warm.
    fn of(who: Who, work: Name) -> Option<Self> {
        let mut contestant = who.at(work)?;
        let times = who.times(work.warm_up());
        contestant.plan(times);
        contestant.work(times);
        Some(Self {
            who,
            contestant,
            values: Vec::new(),
            allocations: 0,
        })
    }

    fn round(&mut self, work: Name) {
        let times = self.who.times(work.times());
        self.contestant.plan(times);
        let (start, before) = (processor_time(), allocations());
        let moved = self.contestant.work(times);
        let nanoseconds = (processor_time() - start).as_nanos() as f64;
        self.allocations = allocations() - before;
        self.values.push(match work.unit() {
            Unit::Throughput => moved as f64 / nanoseconds,
            _ => nanoseconds / f64::from(times),
        });
    }

    fn figure(mut self, work: Name) -> Figure {
        self.values.sort_by(f64::total_cmp);
        let median = self.values[self.values.len() / 2];
        let of_median = |value: Option<&f64>| value.map_or(1.0, |value| value / median);
        Figure {
            work,
            who: self.who,
            value: median,
            spread: (
                of_median(self.values.last()),
                of_median(self.values.first()),
            ),
            instructions: None,
            allocations: self.allocations as f64 / f64::from(self.who.times(work.times())),
            seen: self.contestant.replay(work.replayed(), DISTURBANCES),
        }
    }
}

impl Figure {
    /// What was weighed is the same every time.
    fn weighed(work: Name, who: Who, bytes: f64) -> Self {
        Self {
            work,
            who,
            value: bytes,
            spread: (1.0, 1.0),
            instructions: None,
            allocations: 0.0,
            seen: Seen::default(),
        }
    }

    /// Whether counting its instructions takes seconds, not hours, and means something.
    fn is_countable(&self) -> bool {
        let is_small = !self.work.is_large() && self.work != Name::W5Of1k;
        self.work.unit() != Unit::Bytes && is_small && self.work != Name::W5Lookup
    }
}

/// Time that this thread has had a processor: others that want it as well cost the figures less than by the clock on the
/// wall.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
