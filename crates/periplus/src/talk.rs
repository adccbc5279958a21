//! What is said on stderr.

use std::io::{IsTerminal, Write};

/// Says one thing, a line or several. Where nobody listens any more (stderr closed), the work goes on.
pub(crate) fn say(what: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{what}");
}

/// Whether to colour what is said: on a terminal, unless `NO_COLOR` is set to something (no-color.org).
pub(crate) fn colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !refused
}

/// The width of the terminal, or what most of them have.
pub(crate) fn width() -> usize {
    const USUAL: usize = 80;
    match rustix::termios::tcgetwinsize(std::io::stderr()) {
        Ok(size) if size.ws_col > 0 => size.ws_col.into(),
        _ => USUAL,
    }
}
