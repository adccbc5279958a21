//! A journey as a line of JSON, version 1, and back.

use crate::logged::{Logged, VERSION};
use serde::Deserialize;
use std::fmt;
use std::io::{self, BufRead, Write};

/// Writes the record as one line, its newline included.
pub fn write_line(out: &mut impl Write, logged: &Logged) -> io::Result<()> {
    serde_json::to_writer(&mut *out, logged)?;
    out.write_all(b"\n")
}

/// The records of a file, one after the other: a file of any length is read in the memory of one line. `name` is what
/// errors call it. Empty lines are passed over.
pub fn read<R: BufRead>(name: &str, reader: R) -> Records<R> {
    Records {
        name: name.into(),
        reader,
        line: String::new(),
        number: 0,
        ended: false,
    }
}

/// The iterator of [`read`].
#[derive(Debug)]
pub struct Records<R> {
    name: Box<str>,
    reader: R,
    line: String,
    number: usize,
    ended: bool,
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Logged, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            self.line.clear();
            self.number += 1;
            match self.reader.read_line(&mut self.line) {
                Ok(0) => self.ended = true,
                Ok(_) if self.line.trim().is_empty() => continue,
                Ok(_) => {
                    return Some(
                        parse(&self.line).map_err(|(column, what)| self.error(column, what)),
                    );
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(self.error(None, error.to_string())));
                }
            }
        }
        None
    }
}

impl<R> Records<R> {
    fn error(&self, column: Option<usize>, what: String) -> ReadError {
        ReadError {
            name: self.name.clone(),
            line: self.number,
            column,
            what,
        }
    }
}

/// What is wrong with a file of journeys, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file, as the caller calls it.
    pub name: Box<str>,
    /// The line, counting from 1.
    pub line: usize,
    /// The column, counting from 1, where the line's text itself is wrong.
    pub column: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.name, self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for ReadError {}

type Wrong = (Option<usize>, String);

fn parse(line: &str) -> Result<Logged, Wrong> {
    // The version first: in a line of another version, everything else may be different.
    #[derive(Deserialize)]
    struct Version {
        v: Option<u32>,
    }
    match serde_json::from_str(line).map_err(|error| explain(line, &error))? {
        Version { v: Some(VERSION) } => {}
        Version { v: Some(other) } => {
            return Err((
                None,
                format!("a journey of version {other}; this periplus reads version {VERSION}"),
            ));
        }
        Version { v: None } => {
            return Err((
                None,
                "no version (\"v\":1): is this a file that `serve --journeys` wrote?".into(),
            ));
        }
    }
    let logged: Logged = serde_json::from_str(line).map_err(|error| explain(line, &error))?;
    let sum = logged.spine_ns();
    if sum != logged.total_ns {
        let total = logged.total_ns;
        return Err((
            None,
            format!("the spine's stations add up to {sum} ns, but total_ns says {total}"),
        ));
    }
    Ok(logged)
}

fn explain(line: &str, error: &serde_json::Error) -> Wrong {
    if error.is_eof() {
        let hint = if line.ends_with('\n') {
            ""
        } else {
            ": is the server still writing?"
        };
        return (
            Some(error.column()),
            format!("the line is cut off in the middle of its JSON{hint}"),
        );
    }
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&place).unwrap_or(&text);
    match error.classify() {
        serde_json::error::Category::Data => (Some(error.column()), what.into()),
        _ => (Some(error.column()), format!("not JSON: {what}")),
    }
}

#[cfg(test)]
mod tests;
