//! Where finished records wait until the driver takes them.

use super::underway::Underway;
use periplus_journey::Record;

/// What connections leave behind when they come to rest, kept for the next ones that have something to remember.
const SPARE: usize = 64;

/// A bounded queue of finished records, and the numbers they get.
#[derive(Debug)]
pub struct Recorder {
    enabled: bool,
    device: &'static str,
    last_id: u64,
    records: Vec<Record>,
    limit: usize,
    dropped: u64,
    #[expect(clippy::vec_box, reason = "lent to a connection as a box")]
    spare: Vec<Box<Underway>>,
}

impl Recorder {
    /// A recorder for requests that come in by `device`; at most `limit` records wait in it.
    pub fn new(enabled: bool, device: &'static str, limit: usize) -> Self {
        Self {
            enabled,
            device,
            last_id: 0,
            records: Vec::new(),
            limit,
            dropped: 0,
            spare: Vec::new(),
        }
    }

    /// Whether journeys are recorded at all.
    #[inline]
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Keeps a record, made from its number (which no other has) and the device's name, until it is taken; at the limit it
    /// is counted and forgotten.
    #[inline]
    pub fn push(&mut self, record: impl FnOnce(u64, &'static str) -> Record) {
        if !self.enabled {
            return;
        }
        self.last_id += 1;
        if self.records.len() == self.records.capacity() {
            self.grow();
        }
        // Where it is seen that there is room, a record is written into its place instead of being moved there.
        if self.records.len() < self.records.capacity() && self.records.len() < self.limit {
            self.records.push(record(self.last_id, self.device));
        } else {
            self.dropped += 1;
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.records.reserve(1);
    }

    /// Moves everything recorded into `out`.
    #[inline]
    pub fn take(&mut self, out: &mut Vec<Record>) {
        if self.records.is_empty() {
            return;
        }
        if out.is_empty() {
            std::mem::swap(out, &mut self.records);
        } else {
            out.append(&mut self.records);
        }
    }

    /// Whether anything waits.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Records forgotten at the limit.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What a connection needs that has something to remember.
    pub(super) fn lend(&mut self) -> Box<Underway> {
        self.spare.pop().unwrap_or_default()
    }

    /// A connection has nothing to remember.
    pub(super) fn give_back(&mut self, underway: Box<Underway>) {
        if self.spare.len() < SPARE {
            self.spare.push(underway);
        }
    }
}
