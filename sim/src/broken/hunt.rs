//! Who notices a fault, and after how many seeds.

use super::build::build;
use super::fault::Fault;
use super::workspace::{copy, root};
use crate::campaign::play_one;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a fault may keep the simulation busy: one that makes it spin is noticed by that.
const LONGEST: Duration = Duration::from_secs(900);

/// Builds in the fault of that name, or all of them one after the other, and plays at most `seeds` seeds with each. False: one was
/// not noticed.
///
/// # Errors
/// That there is no such fault, or that it cannot be built in.
pub fn hunt(name: &str, seeds: u64) -> Result<bool, String> {
    let root = root();
    let faults = Fault::named(&root, name).map_err(|error| error.to_string())?;
    let mut noticed = 0;
    for fault in &faults {
        match notice(&root, fault, seeds)? {
            Some(how) => {
                println!("{}: noticed: {how}", fault.name);
                noticed += 1;
            }
            None => println!(
                "{}: NOT noticed in {seeds} seeds ({} It should be by: {})",
                fault.name, fault.what, fault.notices
            ),
        }
    }
    if faults.len() > 1 {
        println!("{noticed} of {} faults noticed", faults.len());
    }
    Ok(noticed == faults.len())
}

fn notice(root: &Path, fault: &Fault, seeds: u64) -> Result<Option<String>, String> {
    let place = root.join("target/broken");
    let workspace = place.join("workspace");
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", fault.name);
    copy(root, &workspace, fault).map_err(|error| named(&error))?;
    let command = build(&workspace, &place.join("target")).map_err(|error| named(&error))?;
    let captures = place.join("captures");
    std::fs::create_dir_all(&captures).map_err(|error| named(&error))?;
    let mut from = 1;
    while from <= seeds {
        let seen = play(&command, &captures, (from, seeds)).map_err(|error| named(&error))?;
        match seen {
            Seen::Nothing => return Ok(None),
            Seen::Endless => return Ok(Some(format!("it does not come to an end in {LONGEST:?}"))),
            // what fails without the fault as well has not noticed it
            Seen::Failure(seed, said) if play_one(seed).broken.is_none() => return Ok(Some(said)),
            Seen::Failure(seed, _) => from = seed + 1,
        }
    }
    Ok(None)
}

/// What became of some seeds.
enum Seen {
    /// They held.
    Nothing,
    /// One failed: which, and what was said of it.
    Failure(u64, String),
    /// They did not come to an end.
    Endless,
}

/// Plays the seeds from the first to the last, until one fails.
fn play(command: &Path, captures: &Path, (first, last): (u64, u64)) -> Result<Seen, String> {
    let named = |error: std::io::Error| format!("{}: {error}", command.display());
    let mut child = Command::new(command)
        .args(["--from", &first.to_string()])
        .args(["--seeds", &(last - first + 1).to_string()])
        .arg("--captures")
        .arg(captures)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(named)?;
    // what it says ends when it does
    let (says, said) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || says.send(std::io::read_to_string(stdout)));
    }
    let Ok(said) = said.recv_timeout(LONGEST) else {
        child.kill().map_err(named)?;
        child.wait().map_err(named)?;
        return Ok(Seen::Endless);
    };
    let (said, status) = (said.map_err(named)?, child.wait().map_err(named)?);
    if status.success() {
        return Ok(Seen::Nothing);
    }
    let failures = said.lines().filter_map(|line| {
        let (seed, _) = line.strip_prefix("seed ")?.split_once(':')?;
        Some((seed.parse().ok()?, line.chars().take(300).collect()))
    });
    match failures.min() {
        Some((seed, line)) => Ok(Seen::Failure(seed, line)),
        None => Err(format!("it ended by {status} and named no seed:\n{said}")),
    }
}
