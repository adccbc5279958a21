//! Why the command ended before its work was done, and what to do about it.

use std::fmt;
use std::process::ExitCode;

/// What kind of failure: the command's exit code. 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// It failed while running: a port was taken, a file could not be written.
    Running = 1,
    /// It was called wrongly: a bad flag (clap exits with the same code), a folder that does not exist.
    Usage = 2,
    /// The host refused it: a permission is missing.
    Refused = 3,
    /// A check found a fault.
    Fault = 4,
}

/// A failure in three parts: what failed, why, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    kind: Kind,
    what: String,
    fix: Option<String>,
    /// What else is wrong.
    others: Vec<Failure>,
}

impl Failure {
    /// `what` names what failed and why: `cannot read a.txt: permission denied`.
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            fix: None,
            others: Vec::new(),
        }
    }

    /// The work could not go on: `cannot start the stack: out of memory`.
    pub(crate) fn cannot(what: &str, error: &std::io::Error) -> Self {
        Self::new(Kind::Running, format!("cannot {what}: {}", reason(error)))
    }

    /// The host's devices could not be set up.
    pub(crate) fn of(kind: Kind, error: &periplus_nic::OpenError) -> Self {
        Self {
            kind,
            what: error.what().into(),
            fix: error.advice().map(Into::into),
            others: Vec::new(),
        }
    }

    /// What to do about it.
    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self {
            fix: Some(fix.into()),
            ..self
        }
    }

    /// Several as one, of the kind of the first.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn all(failures: Vec<Self>) -> Self {
        let mut failures = failures.into_iter();
        let mut first = failures.next().expect("something failed");
        first.others.extend(failures);
        first
    }

    /// The same, of another kind.
    pub(crate) fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Tells it on stderr, and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        crate::talk::say(&self.to_string());
        ExitCode::from(self.kind as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "periplus: {}", harmless(&self.what))?;
        if let Some(fix) = &self.fix {
            write!(f, "\n  {}", harmless(fix))?;
        }
        self.others
            .iter()
            .try_for_each(|other| write!(f, "\n{other}"))
    }
}

/// Without what a terminal would obey: a failure quotes what stands in files and flags.
fn harmless(text: &str) -> String {
    let obeyed = |character: char| character.is_control() && character != '\n';
    text.replace(obeyed, "\u{fffd}")
}

/// An error of the operating system in words, without its number: `permission denied`.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Error;

    #[test]
    fn reasons_are_words() {
        assert_eq!(reason(&Error::from_raw_os_error(13)), "permission denied");
        assert_eq!(reason(&Error::other("no room")), "no room");
    }

    #[test]
    fn a_failure_tells_a_terminal_nothing_but_words() {
        let failure = Failure::new(Kind::Usage, "unknown key `a\x1b[31m`").fix("Not \u{9b}2J.");
        assert_eq!(
            failure.to_string(),
            "periplus: unknown key `a\u{fffd}[31m`\n  Not \u{fffd}2J."
        );
    }

    #[test]
    fn a_failure_says_what_and_then_the_fix() {
        let failure = Failure::new(Kind::Usage, "cannot serve x: no such file or directory");
        let failure = failure.fix("Name a folder that exists.");
        assert_eq!(
            failure.to_string(),
            "periplus: cannot serve x: no such file or directory\n  Name a folder that exists."
        );
    }
}
