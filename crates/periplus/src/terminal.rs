//! The journeys of requests on the terminal: the first at once, then at most one a second.

use periplus_journey::{Instant, Kind};
use periplus_logbook::writer::Keeper;
use periplus_logbook::{Logged, Throttle, text};
use std::io::{self, Write};
use std::time::Duration;

const AT_MOST_ONE_IN: Duration = Duration::from_secs(1);

/// Shows journeys as blocks of text.
pub(crate) struct Terminal<W> {
    out: W,
    look: text::Look,
    throttle: Throttle,
    clock: fn() -> Instant,
    /// How to see the others is told once.
    hinted: bool,
}

impl<W: Write> Terminal<W> {
    pub(crate) fn new(out: W, look: text::Look, clock: fn() -> Instant) -> Self {
        Self {
            out,
            look,
            throttle: Throttle::new(AT_MOST_ONE_IN),
            clock,
            hinted: false,
        }
    }

    /// What is to be said of journeys that were not shown.
    fn not_shown(&mut self) -> String {
        let journeys = match self.throttle.take_not_shown() {
            0 => return String::new(),
            1 => "1 more journey".to_string(),
            count => format!("{count} more journeys"),
        };
        let hint = if self.hinted {
            ""
        } else {
            " (`--journeys FILE` keeps them all)"
        };
        self.hinted = true;
        format!("\n{journeys} not shown{hint}\n")
    }

    /// Everything that is said at one time goes out in one write, so that it stays together. Where nobody listens any
    /// more, that is no failure.
    fn say(&mut self, words: &str) {
        let _ = self.out.write_all(words.as_bytes());
    }
}

impl<W: Write + Send> Keeper for Terminal<W> {
    fn name(&self) -> &str {
        "the terminal"
    }

    fn keep(&mut self, logged: &Logged) -> io::Result<()> {
        if logged.kind != Kind::Request || !self.throttle.admits((self.clock)()) {
            return Ok(());
        }
        let not_shown = self.not_shown();
        self.say(&format!("{not_shown}\n{}", text::block(logged, self.look)));
        Ok(())
    }

    fn rest(&mut self) -> io::Result<Option<Duration>> {
        let Some(due) = self.throttle.next_timeout() else {
            return Ok(None);
        };
        let now = (self.clock)();
        if now < due {
            return Ok(Some(due.since(now)));
        }
        let not_shown = self.not_shown();
        self.say(&not_shown);
        Ok(None)
    }

    fn finish(&mut self) -> io::Result<()> {
        let not_shown = self.not_shown();
        self.say(&not_shown);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
