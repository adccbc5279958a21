//! What is written to stdout.

use crate::failure::Failure;
use std::io::{self, ErrorKind, Write};

/// Writes data. `false`: whoever read it has gone, as `head` does, and that is no failure.
pub(crate) fn write(data: &[u8]) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(data).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::cannot("write to standard output", &error)),
    }
}
