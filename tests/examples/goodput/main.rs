//! How fast a transfer is over a bad path, ours beside the host's kernel. `.ci/goodput` makes the namespaces and calls this.
//!
//! ```text
//! goodput transfer NAMESPACES SENDER RECEIVER BYTES LOSS ROUND_TRIP REORDERING SEED [CAPTURE]
//! goodput table RECORDS
//! ```
//!
//! `transfer` sends BYTES from the namespace NAMESPACES-a to NAMESPACES-b, and prints a record of it: a line. SENDER and RECEIVER are
//! `linux` or `periplus`; LOSS and REORDERING are frames of a hundred, the same in both directions, and ROUND_TRIP is in milliseconds.
//! With CAPTURE, what passes the sender's end of the link is written to this file in the pcap format.
//!
//! `table` makes the manual's table of a file of such lines. It exits with 3 if Periplus has less than nine tenths of Linux's goodput in pairs of the same seed, in any
//! of its cells.
//!
//! ```text
//!   NAMESPACES-a                                                          NAMESPACES-b
//!   kernel ── bridge ── TAP `link` ── the link (this process) ── TAP `link` ── bridge ── kernel
//!               │                                                               │
//!           TAP `stack` ── Periplus (this process)                          TAP `stack` ── Periplus
//! ```

mod alarm;
mod end;
mod kernel;
mod link;
mod namespace;
mod ours;
mod path;
mod record;
mod socket_statistics;
mod table;
mod transfer;

use end::End;
use path::Path;
use record::Record;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs, panic, process};
use transfer::Transfer;

const USAGE: &str = "usage: goodput transfer NAMESPACES SENDER RECEIVER BYTES LOSS ROUND_TRIP REORDERING SEED [CAPTURE]\n\
                     \x20      goodput table RECORDS";

/// The exit code that says that a cell is below what it should be.
const BELOW: u8 = 3;

fn main() -> ExitCode {
    // a thread that fails ends them all: its peer would wait for it
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        report(panicked);
        process::exit(1);
    }));
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["transfer", ref words @ ..] => transfer(words),
        ["table", records] => table(records),
        _ => Err(USAGE.to_owned()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn transfer(words: &[&str]) -> Result<ExitCode, String> {
    let (words, capture) = match words.len() {
        9 => (&words[..8], Some(PathBuf::from(words[8]))),
        _ => (words, None),
    };
    let &[
        namespaces,
        sender,
        receiver,
        bytes,
        loss,
        round_trip,
        reordering,
        seed,
    ] = words
    else {
        return Err(USAGE.to_owned());
    };
    let transfer = Transfer {
        namespaces: namespaces.to_owned(),
        sender: End::by_name(sender)?,
        receiver: End::by_name(receiver)?,
        bytes: number(bytes)?,
        path: Path {
            loss: number(loss)?,
            round_trip: number(round_trip)?,
            reordering: number(reordering)?,
            seed: number(seed)?,
        },
        capture,
    };
    println!("{}", transfer.run());
    Ok(ExitCode::SUCCESS)
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse()
        .map_err(|_| format!("{word} is no number that fits here\n{USAGE}"))
}

fn table(path: &str) -> Result<ExitCode, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let records: Vec<Record> = text.lines().map(Record::parse).collect::<Result<_, _>>()?;
    let cells = table::cells(&records);
    print!("{}", table::markdown(&cells));
    Ok(match table::is_enough(&cells) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(BELOW),
    })
}
