//! What the bench is told.

use crate::contestant::Who;
use crate::works::Name;
use clap::{Args, Parser, Subcommand};

/// What the stack costs, beside its peers in the same run.
#[derive(Debug, Parser)]
#[command(name = "periplus-bench", max_term_width = 100)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure every work, the stacks in turn
    Compare(CompareOptions),
    /// Do one work on one stack, for a profiler
    Once(OnceOptions),
}

#[derive(Args, Debug)]
pub(crate) struct CompareOptions {
    /// A line of JSON a figure, instead of the table
    #[arg(long)]
    pub(crate) json: bool,
    /// Count instructions as well: needs valgrind
    #[arg(long)]
    pub(crate) instructions: bool,
    /// Rounds of each stack at each work, of which the median counts
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Only these works
    #[arg(long = "work", value_name = "WORK")]
    pub(crate) works: Vec<Name>,
}

#[derive(Args, Debug)]
pub(crate) struct OnceOptions {
    /// The work
    pub(crate) work: Name,
    /// The stack
    pub(crate) stack: Who,
    /// How often
    pub(crate) iterations: u32,
}
