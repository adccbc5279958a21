//! What `generate` is told.

use clap::Subcommand;
use clap_complete::Shell;

pub(super) const EXAMPLES: &str = "\
Examples:
  periplus generate completions zsh > ~/.zfunc/_periplus
      Complete commands and flags in zsh.
  periplus generate man > periplus.1
      Write the manual page; `man ./periplus.1` shows it.
";

pub(super) const ABOUT: &str = "\
Writes what a package installs beside the command: completions for a shell, or the manual page. Both are made of the same \
description as the help, and go to standard output.";

#[derive(Debug, Subcommand)]
pub(crate) enum GenerateCommand {
    #[command(about = "Completions for a shell")]
    Completions {
        #[arg(value_name = "SHELL", help = "The shell")]
        shell: Shell,
    },
    #[command(about = "The manual page, for all commands")]
    Man,
}
