//! Journeys are written on a thread of their own, so that a slow disk never makes a request wait.

use crate::{Epoch, Logged, json};
use periplus_journey::Record;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the thread leaves journeys to gather after it has kept some. As long as it does not wait for the next one, giving one wakes nobody:
/// a system call and two switches for each request would be several times what recording it costs.
const GATHERING: Duration = Duration::from_millis(5);

/// Something that keeps journeys or shows them. It runs on the writer's thread and may take its time.
pub trait Keeper: Send {
    /// What it is called in an error message.
    fn name(&self) -> &str;

    /// Takes one journey.
    fn keep(&mut self, logged: &Logged) -> io::Result<()>;

    /// Nothing more has come for now: what is buffered is written out. Answers after how long it wants to be called
    /// again if still nothing has come; `None`, not before something does.
    fn rest(&mut self) -> io::Result<Option<Duration>>;

    /// Nothing more will come.
    fn finish(&mut self) -> io::Result<()>;
}

/// Keeps journeys as lines of JSON.
#[derive(Debug)]
pub struct JsonLines<W: Write> {
    name: String,
    out: BufWriter<W>,
}

impl<W: Write> JsonLines<W> {
    /// Writes to `out`, which errors call `name`.
    pub fn new(name: impl Into<String>, out: W) -> Self {
        Self {
            name: name.into(),
            out: BufWriter::with_capacity(64 * 1024, out),
        }
    }
}

impl<W: Write + Send> Keeper for JsonLines<W> {
    fn name(&self) -> &str {
        &self.name
    }

    fn keep(&mut self, logged: &Logged) -> io::Result<()> {
        json::write_line(&mut self.out, logged)
    }

    fn rest(&mut self) -> io::Result<Option<Duration>> {
        self.out.flush()?;
        Ok(None)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The way into the writer's thread. Clones lead to the same thread.
#[derive(Clone, Debug)]
pub struct Inlet {
    /// `None` is the end.
    sender: SyncSender<Option<Record>>,
    lost: Arc<AtomicU64>,
}

impl Inlet {
    /// How many records were lost so far.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Gives a record to the thread. Never waits: where the thread is too far behind, the record is lost and counted.
    pub fn give(&self, record: Record) {
        if self.sender.try_send(Some(record)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What a writer did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Records that came to the keepers.
    pub kept: u64,
    /// Records that did not, because the keepers were too slow.
    pub lost: u64,
    /// Keepers that failed and were left out from then on.
    pub failed: u64,
}

/// A writer's thread. [`Writer::finish`] ends it; a writer that is dropped leaves its thread to what was given so far.
#[derive(Debug)]
pub struct Writer {
    inlet: Inlet,
    thread: JoinHandle<Finished>,
}

impl Writer {
    /// Starts the thread, with room for `capacity` records that were given and not yet kept. A keeper that fails is
    /// reported once through `on_failure`, on the thread, and left out from then on.
    pub fn spawn(
        epoch: Epoch,
        capacity: usize,
        keepers: Vec<Box<dyn Keeper>>,
        on_failure: impl FnMut(&str, io::Error) + Send + 'static,
    ) -> io::Result<Writer> {
        let (sender, receiver) = sync_channel(capacity);
        let mut desk = Desk {
            keepers,
            on_failure,
            finished: Finished::default(),
            has_kept: false,
        };
        let thread = std::thread::Builder::new()
            .name("periplus-logbook".into())
            .spawn(move || desk.work(epoch, &receiver))?;
        Ok(Writer {
            inlet: Inlet {
                sender,
                lost: Arc::default(),
            },
            thread,
        })
    }

    /// The way into the thread.
    pub fn inlet(&self) -> Inlet {
        self.inlet.clone()
    }

    /// Waits until every record that was given is kept, and ends the thread. Records given later are lost.
    pub fn finish(self) -> Finished {
        // The thread is gone only if a keeper panicked; the join below passes that on.
        let _ = self.inlet.sender.send(None);
        let finished = self
            .thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Finished {
            lost: self.inlet.lost.load(Ordering::Relaxed),
            ..finished
        }
    }
}

/// Where the thread works.
struct Desk<F> {
    keepers: Vec<Box<dyn Keeper>>,
    on_failure: F,
    finished: Finished,
    /// Since it last let journeys gather.
    has_kept: bool,
}

impl<F: FnMut(&str, io::Error)> Desk<F> {
    fn work(&mut self, epoch: Epoch, receiver: &Receiver<Option<Record>>) -> Finished {
        while let Some(record) = self.next(receiver) {
            let logged = Logged::new(&record, epoch);
            self.each(|keeper| keeper.keep(&logged));
            self.finished.kept += 1;
            self.has_kept = true;
        }
        self.each(|keeper| keeper.finish());
        self.finished
    }

    /// The next record; the keepers rest while there is none. `None` when no more will come.
    fn next(&mut self, receiver: &Receiver<Option<Record>>) -> Option<Record> {
        let mut message = receiver.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        loop {
            match message {
                Ok(record) => return record,
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    let mut alarm: Option<Duration> = None;
                    self.each(|keeper| {
                        let wish = keeper.rest()?;
                        alarm = [alarm, wish].into_iter().flatten().min();
                        Ok(())
                    });
                    if std::mem::take(&mut self.has_kept) {
                        std::thread::sleep(alarm.map_or(GATHERING, |alarm| alarm.min(GATHERING)));
                        message = receiver.try_recv().map_err(|_| RecvTimeoutError::Timeout);
                        continue;
                    }
                    message = match alarm {
                        Some(alarm) => receiver.recv_timeout(alarm),
                        None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    };
                }
            }
        }
    }

    fn each(&mut self, mut act: impl FnMut(&mut dyn Keeper) -> io::Result<()>) {
        self.keepers
            .retain_mut(|keeper| match act(keeper.as_mut()) {
                Ok(()) => true,
                Err(error) => {
                    (self.on_failure)(keeper.name(), error);
                    self.finished.failed += 1;
                    false
                }
            });
    }
}

#[cfg(test)]
mod tests;
