//! What `config` is told.

use clap::Subcommand;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  periplus config print > periplus.toml
      Begin with a file that shows every key, what it means and what is so if it is not given.
  periplus config check
      Say what is wrong with ./periplus.toml, all of it; exit code 4 if there is something.
";

pub(super) const ABOUT: &str = "\
Shows what periplus.toml may say, or checks one before a server has to: what is wrong is told with file, line and column, and \
with what was probably meant. A running server reads its file again on SIGHUP, and stays as it is if that is wrong.";

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    #[command(about = "Print a file with every key, its meaning and its default")]
    Print,
    #[command(about = "Say what is wrong with a file; exit code 4 if there is something")]
    Check {
        #[arg(
            value_name = "FILE",
            default_value = "periplus.toml",
            help = "The file"
        )]
        file: PathBuf,
    },
}
