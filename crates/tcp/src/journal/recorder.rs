//! Where finished journeys wait until the driver takes them.

use super::open_request::OpenRequest;
use super::underway::Underway;
use periplus_journey::Finished;

/// What connections leave behind when they come to rest, kept for the next ones that have something to remember.
const SPARE: usize = 64;

/// Room for open requests that is kept with them. Who had more streams than that at once is to have had them.
const OPEN_REQUESTS: usize = 64;

/// A bounded queue of finished journeys, and the numbers they get.
#[derive(Debug)]
pub struct Recorder {
    enabled: bool,
    device: &'static str,
    last_id: u64,
    journeys: Vec<Finished>,
    limit: usize,
    dropped: u64,
    #[expect(clippy::vec_box, reason = "lent to a connection as a box")]
    spare: Vec<Box<Underway>>,
}

impl Recorder {
    /// A recorder for requests that come in by `device`; at most `limit` journeys wait in it.
    pub fn new(enabled: bool, device: &'static str, limit: usize) -> Self {
        Self {
            enabled,
            device,
            last_id: 0,
            journeys: Vec::new(),
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

    /// What the next journey is written down with: a number that no other has, and the device's name.
    #[inline]
    pub fn number(&mut self) -> (u64, &'static str) {
        self.last_id += 1;
        (self.last_id, self.device)
    }

    /// Keeps a journey until it is taken; at the limit it is counted and forgotten.
    pub fn keep(&mut self, journey: Finished) {
        if !self.enabled {
            return;
        }
        if self.journeys.len() >= self.limit {
            self.dropped += 1;
            return;
        }
        self.journeys.push(journey);
    }

    /// Keeps the journey of the only open request, and leaves none.
    #[inline]
    pub(super) fn keep_only(&mut self, open: &mut Vec<OpenRequest>) {
        let waiting = self.journeys.len();
        // Where it is seen that there is memory for one more, it is copied once.
        if waiting < self.limit
            && waiting < self.journeys.capacity()
            && let Some(request) = open.pop()
        {
            self.journeys.push(request.finished);
        } else if let Some(request) = open.pop() {
            self.keep(request.finished);
        }
    }

    /// Moves everything recorded into `out`.
    #[inline]
    pub fn take(&mut self, out: &mut Vec<Finished>) {
        if self.journeys.is_empty() {
            return;
        }
        if out.is_empty() {
            std::mem::swap(out, &mut self.journeys);
        } else {
            out.append(&mut self.journeys);
        }
    }

    /// Whether anything waits.
    pub fn is_empty(&self) -> bool {
        self.journeys.is_empty()
    }

    /// Journeys forgotten at the limit.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What a connection needs that has something to remember.
    #[cold]
    pub(super) fn lend(&mut self) -> Box<Underway> {
        self.spare.pop().unwrap_or_default()
    }

    /// A connection has nothing to remember.
    pub(super) fn give_back(&mut self, underway: Box<Underway>) {
        if self.spare.len() < SPARE && underway.open.capacity() <= OPEN_REQUESTS {
            self.spare.push(underway);
        }
    }
}
