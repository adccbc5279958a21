//! Where finished records wait until the driver takes them.

use periplus_journey::Record;
use std::collections::VecDeque;

/// A bounded queue of finished records, and the numbers they get.
#[derive(Debug)]
pub struct Recorder {
    enabled: bool,
    device: &'static str,
    last_id: u64,
    records: VecDeque<Record>,
    limit: usize,
    dropped: u64,
}

impl Recorder {
    /// A recorder for requests that come in by `device`; at most `limit` records wait in it.
    pub fn new(enabled: bool, device: &'static str, limit: usize) -> Self {
        Self {
            enabled,
            device,
            last_id: 0,
            records: VecDeque::new(),
            limit,
            dropped: 0,
        }
    }

    /// Whether journeys are recorded at all.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// The device's name in the records.
    pub fn device(&self) -> &'static str {
        self.device
    }

    /// A number no other record has.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Keeps a record until it is taken; at the limit it is counted and forgotten.
    pub fn push(&mut self, record: Record) {
        if !self.enabled {
            return;
        }
        if self.records.len() >= self.limit {
            self.dropped += 1;
            return;
        }
        self.records.push_back(record);
    }

    /// Moves everything recorded into `out`.
    pub fn take(&mut self, out: &mut Vec<Record>) {
        if !self.records.is_empty() {
            out.extend(self.records.drain(..));
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
}
