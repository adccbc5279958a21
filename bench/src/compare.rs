//! All works, the contestants in turn.

use crate::contestant::{Contestant, Seen, Who};
use crate::options::CompareOptions;
use crate::works::{Name, Unit};
use crate::{instructions, machine, report};
use clap::ValueEnum;
use std::time::Duration;

/// How often the referee has a work done, and which part of the frames comes damaged.
pub(crate) const REPLAYED: u32 = 20_000;
const DAMAGED_IN: usize = 1000;

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
            for figure in &mut measured {
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
    let mut contestants: Vec<(Who, Box<dyn Contestant>, Vec<Duration>)> = Who::ALL
        .into_iter()
        .filter_map(|who| Some((who, who.at(work)?, Vec::new())))
        .collect();
    for (_, contestant, _) in &mut contestants {
        contestant.work(work.warm_up());
    }
    for _ in 0..rounds {
        for (_, contestant, times) in &mut contestants {
            let start = processor_time();
            contestant.work(work.iterations());
            times.push(processor_time() - start);
        }
    }
    let figure = |(who, mut contestant, mut times): (Who, Box<dyn Contestant>, Vec<Duration>)| {
        times.sort();
        let median = times[times.len() / 2];
        let of_median = |time: Duration| time.as_secs_f64() / median.as_secs_f64();
        Figure {
            work,
            who,
            value: value(work, median),
            spread: (of_median(times[times.len() - 1]), of_median(times[0])),
            instructions: None,
            seen: contestant.replay(REPLAYED, DAMAGED_IN),
        }
    };
    contestants.into_iter().map(figure).collect()
}

/// A round's time in the work's unit.
fn value(work: Name, round: Duration) -> f64 {
    let nanoseconds = round.as_nanos() as f64 / f64::from(work.iterations());
    match work.unit() {
        Unit::Nanoseconds => nanoseconds,
        Unit::Throughput(bytes) => f64::from(bytes) / nanoseconds,
    }
}

/// Time that this thread has had a processor: others that want it as well cost the figures less than by the clock on the
/// wall.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
