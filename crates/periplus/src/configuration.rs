//! `periplus config`: what the file may say, and whether one says it well.

use crate::config::{Config, Environment, template};
use crate::data;
use crate::failure::{Failure, Kind};
use crate::options::ConfigCommand;
use crate::plan;
use crate::talk;
use std::path::Path;

/// Prints the template, or checks a file.
pub(crate) fn run(command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Print => data::write(template().as_bytes()).map(|_| ()),
        ConfigCommand::Check { file } => check(file),
    }
}

/// Exit code 4 where something is wrong with it, and 2 where it cannot even be read.
fn check(file: &Path) -> Result<(), Failure> {
    if let Err(error) = std::fs::read_to_string(file) {
        let (file, reason) = (file.display(), crate::failure::reason(&error));
        return Err(
            Failure::new(Kind::Usage, format!("cannot read {file}: {reason}")).fix(
                "Name the file that is to be checked, as in `periplus config check periplus.toml`.",
            ),
        );
    }
    let found = Config::read(Some(file), &Environment::of_the_process());
    let config = found.map_err(|faults| Failure::all(faults).of_kind(Kind::Fault))?;
    let faults = plan::faults_of_file(&config);
    if !faults.is_empty() {
        return Err(Failure::all(faults).of_kind(Kind::Fault));
    }
    let (listeners, sites) = (config.listeners.len(), config.sites.len());
    talk::say(&format!(
        "{} is well written: listeners {listeners}, sites {sites}",
        file.display()
    ));
    Ok(())
}
