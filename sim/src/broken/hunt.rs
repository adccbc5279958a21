//! Who notices a fault, and after how many seeds.

use super::build::build;
use super::fault::Fault;
use super::workspace::{copy, root};
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
    play(&command, &captures, seeds).map_err(|error| named(&error))
}

/// Plays until a seed fails: what it says of it. `None`: none does.
fn play(command: &Path, captures: &Path, seeds: u64) -> Result<Option<String>, String> {
    let named = |error: std::io::Error| format!("{}: {error}", command.display());
    let mut child = Command::new(command)
        .args(["--seeds", &seeds.to_string(), "--captures"])
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
        return Ok(Some(format!("it does not come to an end in {LONGEST:?}")));
    };
    let (said, status) = (said.map_err(named)?, child.wait().map_err(named)?);
    if status.success() {
        return Ok(None);
    }
    let mut lines = said.lines().filter(|line| line.starts_with("seed "));
    match lines.next() {
        Some(line) => Ok(Some(line.chars().take(300).collect())),
        None => Err(format!("it ended by {status} and named no seed:\n{said}")),
    }
}
