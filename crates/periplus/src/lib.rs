//! The command: serve a folder over a TCP/IP stack in user space, and see where every request waited.
//!
//! stdout is data, stderr is talk. Every failure has an exit code of its kind.
//!
//! It is a library so that cargo builds it while the last of what it stands on are still being built: a program would wait for them.

mod config;
mod configuration;
mod control;
mod data;
mod doctor;
mod draw;
mod failure;
mod frames;
mod generate;
mod health;
mod host;
mod limits;
mod notify;
mod options;
mod plan;
mod privileges;
mod recording;
mod serve;
mod signals;
mod sockets;
mod talk;
mod terminal;

use clap::Parser;
use options::{Command, Options};
use std::process::ExitCode;

/// Does what the command line asks for, and says how that went.
pub fn run() -> ExitCode {
    let outcome = match Options::parse().command {
        Command::Serve(options) => serve::run(&options),
        Command::Sockets(options) => sockets::run(&options),
        Command::Draw(options) => draw::run(&options),
        Command::Doctor(options) => doctor::run(&options),
        Command::Config(command) => configuration::run(&command),
        Command::Generate(command) => generate::run(&command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
