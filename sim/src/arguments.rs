//! What can be asked of the command.

use clap::Parser;
use std::path::PathBuf;

/// Plays whole stacks over bad networks, each scenario drawn from a seed, and checks what must hold. The same seed is the same
/// scenario, frame by frame.
#[derive(Debug, Parser)]
#[command(name = "periplus-sim", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// How many seeds to play
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub seeds: u64,
    /// The first of them
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub from: u64,
    /// Plays this one only, and says what it is
    #[arg(long, value_name = "S", conflicts_with_all = ["seeds", "from"])]
    pub seed: Option<u64>,
    /// With --seed: prints every frame
    #[arg(long, requires = "seed")]
    pub verbose: bool,
    /// Goes on after a seed that fails
    #[arg(long)]
    pub keep_going: bool,
    /// Builds a known fault into a copy of the stack, and plays until it is noticed; `all` does so with each of sim/broken
    #[arg(long, value_name = "NAME", conflicts_with_all = ["seed", "from", "keep_going"])]
    pub broken: Option<String>,
    /// How many to play at the same time [default: as many as there are processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Where the captures of failed seeds go
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub captures: PathBuf,
}

const EXAMPLES: &str = "\
Exits with 0 if everything held, with 1 if not; then failed-SEED.pcap is what the first host sent and received. With --broken it
is the other way round: 0 if the fault was noticed.

Examples:
  periplus-sim --seeds 10000            the first ten thousand
  periplus-sim --seeds 1000 --from 5001
  periplus-sim --seed 42 --verbose      one, frame by frame
  periplus-sim --broken all             are the known faults noticed?";
