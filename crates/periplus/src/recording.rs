//! What becomes of the journeys: a file, the terminal, an access log, all of them or none.

mod access;

use crate::failure::{Failure, Kind, reason};
use crate::options::ServeOptions;
use crate::plan::Plan;
use crate::talk;
use crate::terminal::Terminal;
use periplus_journey::{Counters, Instant};
use periplus_logbook::Epoch;
use periplus_logbook::text::Look;
use periplus_logbook::writer::{Inlet, JsonLines, Keeper, Writer};
use periplus_net::{Recorder, clock};
use std::fs::File;
use std::io;
use std::path::Path;

pub(crate) use access::{LogFile, Rotation};

/// How many journeys may wait for a slow disk before some are lost: about 4 MiB of them.
const CAPACITY: usize = 8192;

/// What keeps the journeys of a server, open. The thread that writes them is not there yet.
pub(crate) struct Keepers {
    keepers: Vec<Box<dyn Keeper>>,
    rotation: Rotation,
    access_log: Option<LogFile>,
}

/// The logbook of a running server. Without a writer, where nobody wants journeys: then none are recorded.
pub(crate) struct Recording {
    writer: Option<Writer>,
    rotation: Rotation,
}

impl Keepers {
    /// Opens what the options ask for.
    pub(crate) fn open(options: &ServeOptions, plan: &Plan) -> Result<Self, Failure> {
        let mut keepers: Vec<Box<dyn Keeper>> = Vec::new();
        if let Some(path) = &options.journeys {
            if plan.access_log.as_deref() == Some(path.as_path()) {
                let what = format!(
                    "journeys and access log would both be written to {}",
                    path.display()
                );
                return Err(
                    Failure::new(Kind::Usage, what).fix("Name another file for one of them.")
                );
            }
            keepers.push(open(path)?);
        }
        if !plan.quiet {
            let look = Look {
                colour: talk::colour(),
                width: talk::width(),
            };
            keepers.push(Box::new(Terminal::new(io::stderr(), look, clock::now)));
        }
        let mut rotation = Rotation::default();
        let mut access_log = None;
        if let Some(path) = &plan.access_log {
            let (log, file) = access::open(path)?;
            access_log = file;
            rotation = Rotation::of(log.handle());
            keepers.push(Box::new(log));
        }
        Ok(Self {
            keepers,
            rotation,
            access_log,
        })
    }

    /// The access log's file, if it has one.
    pub(crate) fn access_log(&self) -> Option<&LogFile> {
        self.access_log.as_ref()
    }

    /// Starts the logbook's thread.
    pub(crate) fn start(self) -> Result<Recording, Failure> {
        let Self {
            keepers, rotation, ..
        } = self;
        if keepers.is_empty() {
            return Ok(Recording {
                writer: None,
                rotation,
            });
        }
        let epoch = Epoch::from_unix_nanos(clock::unix_nanos(Instant::ZERO));
        let writer = Writer::spawn(epoch, CAPACITY, keepers, |name, error| {
            talk::say(&format!(
                "periplus: cannot write {name}: {}; serving goes on",
                reason(&error)
            ));
        });
        let writer =
            writer.map_err(|error| Failure::cannot("start the logbook's thread", &error))?;
        Ok(Recording {
            writer: Some(writer),
            rotation,
        })
    }
}

impl Recording {
    /// What the shard gives its records to.
    pub(crate) fn recorder(&self) -> Option<Recorder> {
        let inlet = self.inlet()?;
        Some(Box::new(move |record| inlet.give(record)))
    }

    /// The way to the thread.
    pub(crate) fn inlet(&self) -> Option<Inlet> {
        self.writer.as_ref().map(Writer::inlet)
    }

    /// How its access log's file is opened anew.
    pub(crate) fn rotation(&self) -> Rotation {
        self.rotation.clone()
    }

    /// Waits until everything is written.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Some(writer) = self.writer else {
            return Ok(());
        };
        let finished = writer.finish();
        if finished.lost > 0 {
            let lost = finished.lost;
            talk::say(&format!(
                "Journeys lost because they came faster than they could be written: {lost}"
            ));
        }
        match finished.failed {
            0 => Ok(()),
            _ => Err(Failure::new(Kind::Running, "the recording is not complete")),
        }
    }
}

/// What the recording lacks, in words, a line a reason: nothing is lost in silence.
pub(crate) fn missing(counters: &Counters) -> Vec<String> {
    let reasons = [
        (
            counters.journeys_shed,
            "Requests served without a journey, because their connection had too many open",
        ),
        (
            counters.records_dropped,
            "Journeys lost because the shard did not come to hand them over",
        ),
        (
            counters.arrival_records_limited,
            "Arrivals without a connection that were counted only, because they were too many",
        ),
    ];
    reasons
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, reason)| format!("{reason}: {count}"))
        .collect()
}

/// That marks are missing from journeys.
pub(crate) fn marks_missing(lost: u64) -> String {
    format!(
        "Marks lost because the shard did not come to take them; their journeys are not complete: {lost}"
    )
}

fn open(path: &Path) -> Result<Box<dyn Keeper>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(JsonLines::new(
            "journeys to standard output",
            io::stdout(),
        )));
    }
    let name = format!("journeys to {}", path.display());
    match File::create(path) {
        Ok(file) => Ok(Box::new(JsonLines::new(name, file))),
        Err(error) => Err(Failure::new(
            Kind::Running,
            format!("cannot write {name}: {}", reason(&error)),
        )
        .fix("Name a file in a folder that exists, or `-` for standard output.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_recording_lacks_is_told_and_only_that() {
        let mut counters = Counters::default();
        assert_eq!(missing(&counters), Vec::<String>::new());
        counters.journeys_shed = 440;
        counters.records_dropped = 3;
        let told = missing(&counters);
        assert_eq!(told.len(), 2);
        assert!(told[0].starts_with("Requests served without a journey"));
        assert!(told[0].ends_with(": 440"), "{}", told[0]);
        assert!(told[1].ends_with(": 3"), "{}", told[1]);
    }
}
