//! The access log: every request as a line of JSON, for people and programs that ask who wanted what.
//!
//! Beside a recording of journeys it is what servers commonly write, and the stations' times. Its file may be replaced while it
//! is written, so that it can be rotated; what cannot be written is counted and told, and the log goes on as soon as it can.

mod line;

use crate::Logged;
use crate::writer::Keeper;
use line::Line;
use periplus_journey::Kind;
use std::io::{self, Write};
use std::mem::take;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What is gathered before it is written, in bytes, while lines come faster than they can be written one by one.
const BUFFER: usize = 64 * 1024;

/// Where lines go.
type Out = Box<dyn Write + Send>;

/// Keeps requests as lines of an access log.
pub struct AccessLog {
    name: String,
    out: Out,
    shared: Arc<Shared>,
    buffer: Vec<u8>,
    /// How many lines are in it.
    lines: u64,
    /// How many were lost since writing last went well.
    lost: u64,
    tell: Box<dyn FnMut(&str) + Send>,
}

/// The way to an access log from other threads.
#[derive(Clone)]
pub struct AccessLogHandle(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Where lines go from the next one on.
    next: Mutex<Option<Out>>,
    lost: AtomicU64,
}

impl AccessLog {
    /// Writes to `out`, which is called `name` where something is told by `tell`.
    pub fn new(
        name: impl Into<String>,
        out: impl Write + Send + 'static,
        tell: impl FnMut(&str) + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            out: Box::new(out),
            shared: Arc::default(),
            buffer: Vec::with_capacity(BUFFER),
            lines: 0,
            lost: 0,
            tell: Box::new(tell),
        }
    }

    /// The way to it from other threads.
    pub fn handle(&self) -> AccessLogHandle {
        AccessLogHandle(self.shared.clone())
    }

    /// Writes out what is gathered. What cannot be written is lost: to keep it would hold ever more memory.
    fn write_out(&mut self) {
        let lines = take(&mut self.lines);
        if lines == 0 {
            return;
        }
        if self.lost > 0 {
            // The last attempt may have left a part of a line.
            self.buffer.insert(0, b'\n');
        }
        let written = self.out.write_all(&self.buffer);
        let written = written.and_then(|()| self.out.flush());
        self.buffer.clear();
        let name = &self.name;
        match written {
            Ok(()) if self.lost > 0 => {
                let lost = take(&mut self.lost);
                (self.tell)(&format!("{name} is written again; lines lost: {lost}"));
            }
            Ok(()) => {}
            Err(error) => {
                if self.lost == 0 {
                    (self.tell)(&format!(
                        "cannot write {name}: {error}; lines are lost until it can be written"
                    ));
                }
                self.lost += lines;
                self.shared.lost.fetch_add(lines, Ordering::Relaxed);
            }
        }
    }

    /// Goes on in the file that takes the place of this one, if there is one.
    fn move_on(&mut self) {
        let next = self.shared.next().take();
        if let Some(out) = next {
            self.write_out();
            self.out = out;
        }
    }
}

impl Keeper for AccessLog {
    fn name(&self) -> &str {
        &self.name
    }

    fn keep(&mut self, logged: &Logged) -> io::Result<()> {
        if logged.kind != Kind::Request {
            return Ok(());
        }
        self.move_on();
        serde_json::to_writer(&mut self.buffer, &Line::of(logged))?;
        self.buffer.push(b'\n');
        self.lines += 1;
        if self.buffer.len() >= BUFFER {
            self.write_out();
        }
        Ok(())
    }

    fn rest(&mut self) -> io::Result<Option<Duration>> {
        self.write_out();
        self.move_on();
        Ok(None)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.write_out();
        if self.lost > 0 {
            let (name, lost) = (&self.name, self.lost);
            (self.tell)(&format!(
                "{name} was not written to its end; lines lost: {lost}"
            ));
        }
        Ok(())
    }
}

impl AccessLogHandle {
    /// Has lines go to `out` from the next one on.
    pub fn replace(&self, out: impl Write + Send + 'static) {
        *self.0.next() = Some(Box::new(out));
    }

    /// How many lines could not be written so far.
    pub fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn next(&self) -> std::sync::MutexGuard<'_, Option<Out>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessLog")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for AccessLogHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessLogHandle").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
