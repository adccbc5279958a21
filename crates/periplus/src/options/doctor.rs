//! The options of `periplus doctor`.

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  periplus doctor
      A line a device: it works, or what is missing and how to get it.
  periplus doctor --json | jq 'select(.works | not) | .fix'
      What would help, to another program.
";

pub(super) const ABOUT: &str = "\
Tries every device by which clients can reach the stack, and says whether it works for you on this host, or what is missing \
and the command that grants it. Nothing that exists is changed: a TAP is made and is gone again.

Ends with 0 if `periplus serve DIR` works.";

#[derive(Args, Debug)]
pub(crate) struct DoctorOptions {
    #[arg(long, help = "A line of JSON for each")]
    pub(crate) json: bool,
}
