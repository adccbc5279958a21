//! The command's beginning.

use std::process::ExitCode;

fn main() -> ExitCode {
    periplus::run()
}
