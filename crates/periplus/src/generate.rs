//! `periplus generate`: what a package installs beside the command.

use crate::data;
use crate::failure::Failure;
use crate::options::{GenerateCommand, Options};
use clap::CommandFactory;

/// Writes it to standard output.
pub(crate) fn run(command: &GenerateCommand) -> Result<(), Failure> {
    let mut page = Vec::new();
    match command {
        GenerateCommand::Completions { shell } => {
            clap_complete::generate(*shell, &mut Options::command(), "periplus", &mut page);
        }
        GenerateCommand::Man => {
            manual(&mut page).map_err(|error| Failure::cannot("write the page", &error))?
        }
    }
    data::write(&page).map(|_| ())
}

/// One page: the command, and then each of its commands at length.
fn manual(page: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = Options::command().disable_help_subcommand(true);
    command.build();
    clap_mangen::Man::new(command.clone()).render(page)?;
    for sub in command.get_subcommands() {
        let name = format!("periplus {}", sub.get_name()).to_uppercase();
        page.extend_from_slice(format!(".SH \"{name}\"\n").as_bytes());
        let man = clap_mangen::Man::new(sub.clone());
        man.render_synopsis_section(page)?;
        man.render_description_section(page)?;
        man.render_options_section(page)?;
    }
    Ok(())
}
