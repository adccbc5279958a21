//! What the command does.

use crate::arguments::Arguments;
use crate::broken;
use crate::campaign::{self, Failure, Totals};
use crate::panics;
use crate::run;
use crate::scenario::Scenario;
use crate::trace;
use crate::world::Passage;
use periplus_ring::pcap::Writer;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Seeds between two lines of progress.
const PROGRESS: u64 = 500;

/// Does what was asked for. False: something did not hold.
///
/// # Errors
/// What could not be written.
pub fn execute(arguments: &Arguments) -> io::Result<bool> {
    panics::are_told_by_their_seeds();
    match (&arguments.broken, arguments.seed) {
        (Some(name), _) => broken::hunt(name, arguments.seeds).map_err(io::Error::other),
        (None, Some(seed)) => replay(arguments, seed),
        (None, None) => play(arguments),
    }
}

fn play(arguments: &Arguments) -> io::Result<bool> {
    let begun = Instant::now();
    let processors = std::thread::available_parallelism().map_or(1, |many| many.get());
    let threads = arguments.threads.unwrap_or(processors.min(256) as u16);
    let seeds = (arguments.from, arguments.seeds);
    let totals = campaign::play(seeds, threads, |totals, failure| {
        if let Some(Failure { seed, broken }) = failure {
            println!("seed {seed}: {broken}");
        }
        if totals.seeds.is_multiple_of(PROGRESS) {
            println!("{} of {} seeds", totals.seeds, arguments.seeds);
        }
        match failure {
            Some(_) if !arguments.keep_going => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    for failure in &totals.failures {
        let path = capture(arguments, failure.seed)?;
        println!("\nseed {}, captured in {}:", failure.seed, path.display());
        println!("  {}\n{}", failure.broken, Scenario::draw(failure.seed));
    }
    summarize(&totals, begun);
    Ok(totals.failures.is_empty())
}

fn summarize(totals: &Totals, begun: Instant) {
    let Totals {
        seeds,
        frames,
        bytes,
        seconds,
        failures,
    } = totals;
    println!(
        "{seeds} seeds, {} failed; {frames} frames, {bytes} bytes, {seconds} s of their time in {:.1} s",
        failures.len(),
        begun.elapsed().as_secs_f64()
    );
}

fn replay(arguments: &Arguments, seed: u64) -> io::Result<bool> {
    let scenario = Scenario::draw(seed);
    println!("seed {seed}:\n{scenario}");
    let verdict = run::replay(&scenario);
    if arguments.verbose {
        let mut output = io::stdout().lock();
        for line in trace::lines(&verdict.passages) {
            writeln!(output, "{line}")?;
        }
    }
    println!(
        "{} frames, {} bytes, {:?} of its time",
        verdict.frames, verdict.bytes, verdict.lasted
    );
    let Some(broken) = verdict.broken else {
        println!("everything held");
        return Ok(true);
    };
    let path = write_capture(&arguments.captures, seed, &verdict.passages[0])?;
    println!("captured in {}\n{broken}", path.display());
    Ok(false)
}

/// Plays a seed once more, to see what passed.
fn capture(arguments: &Arguments, seed: u64) -> io::Result<PathBuf> {
    let verdict = run::replay(&Scenario::draw(seed));
    write_capture(&arguments.captures, seed, &verdict.passages[0])
}

fn write_capture(folder: &Path, seed: u64, passages: &[Passage]) -> io::Result<PathBuf> {
    let path = folder.join(format!("failed-{seed}.pcap"));
    let name = |error: io::Error| io::Error::other(format!("{}: {error}", path.display()));
    let file = File::create(&path).map_err(name)?;
    let mut writer = Writer::new(BufWriter::new(file), 0);
    for passage in passages {
        writer.write(passage.at, &passage.frame);
    }
    writer.into_output().map_err(name)?;
    Ok(path)
}
