//! `periplus-sim`: plays scenarios drawn from seeds, and says which of them broke what must hold.

use clap::Parser;
use periplus_sim::arguments::Arguments;
use periplus_sim::command;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match command::execute(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("periplus-sim: {error}");
            ExitCode::FAILURE
        }
    }
}
