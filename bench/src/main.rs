//! What the stack costs, in nanoseconds and instructions, beside a peer that does the same work in the same run.
//!
//! A [client] that is a script plays the works of [`works`] on a [stack](stacks), a frame at a time, in memory
//! and without a system call. [`compare`] takes the contestants in turn; a [referee] then replays the work and looks at
//! every frame. The rules stand in `bench/README.md`.

mod allocator;
mod bench;
mod client;
mod compare;
mod content;
mod contestant;
mod gates;
mod instructions;
mod linux_loopback;
mod lookup;
mod machine;
mod options;
mod referee;
mod report;
mod stacks;
#[cfg(test)]
mod tests;
mod through_tokio;
mod weight;
mod works;

use clap::Parser;
use options::{Command, Options};
use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = match Options::parse().command {
        Command::Compare(options) => compare::run(&options),
        Command::Once(options) => contestant::once(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("periplus-bench: {message}");
            ExitCode::FAILURE
        }
    }
}
