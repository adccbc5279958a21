//! What a connection remembers while journeys are under way: the logs, the marks, what waits since when.

use super::Recorder;
use super::ending::Ending;
use super::open_request::{OpenRequest, UNKNOWN};
use super::stamp_log::{ReceiveStamp, SendStamp, StampLog};
use periplus_journey::{Instant, Rare, Station};

/// The marks' offsets, joined with the stamps of the bytes. It is lent to a connection from the first byte, or mark, until
/// the last journey is over, and keeps its memory for the next.
#[derive(Debug)]
pub(crate) struct Underway {
    pub(super) received: StampLog<ReceiveStamp>,
    pub(super) sent: StampLog<SendStamp>,
    /// The last two reads by the backend: the offset at which each began, and when it was.
    pub(super) reads: [(u64, Instant); 2],
    /// The first of the bytes that were read in part and may begin a request, and when it was read.
    pub(super) part_read: Option<(u64, Instant)>,
    /// Up to where the requests of multiplexed streams were told. Frames of one stream lie between those of another, so that their
    /// stamps are kept longer than a request takes.
    pub(super) told_to: u64,
    /// The oldest first.
    pub(super) open: Vec<OpenRequest>,
    /// Waits of bytes that no mark has given to a request yet.
    pub(super) unclaimed: Option<Box<Rare>>,
    /// Since when the backend has read everything and wants more.
    pub(super) starved_since: Option<Instant>,
    /// Since when the windows are closed though data waits.
    pub(super) blocked_since: Option<Instant>,
    /// Sent at least once: everything before this offset.
    pub(super) transmitted: u64,
    pub(super) acknowledged: u64,
    /// What the backend has said of the connection's end.
    pub(super) verdict: Option<Ending>,
}

impl Default for Underway {
    fn default() -> Self {
        Self {
            received: StampLog::new(),
            sent: StampLog::new(),
            reads: [(UNKNOWN, Instant::ZERO); 2],
            part_read: None,
            told_to: 0,
            open: Vec::new(),
            unclaimed: None,
            starved_since: None,
            blocked_since: None,
            transmitted: 0,
            acknowledged: 0,
            verdict: None,
        }
    }
}

impl Underway {
    /// What a connection has to remember, from now on if that was nothing: the bytes that it has sent are acknowledged then, up
    /// to `acknowledged`.
    #[inline]
    pub(super) fn begun<'a>(
        place: &'a mut Option<Box<Self>>,
        acknowledged: u64,
        recorder: &mut Recorder,
    ) -> &'a mut Self {
        place.get_or_insert_with(|| {
            let mut underway = recorder.lend();
            underway.reads = [(UNKNOWN, Instant::ZERO); 2];
            underway.starved_since = None;
            underway.part_read = None;
            underway.told_to = 0;
            underway.transmitted = acknowledged;
            underway.acknowledged = acknowledged;
            underway
        })
    }

    /// The received bytes up to `end` are in order now; they came at `stamp`.
    #[inline]
    pub(super) fn arrived(&mut self, end: u64, stamp: ReceiveStamp, read_to: u64) {
        let kept_from = self.received_kept_from(read_to);
        self.received.push(end, stamp, kept_from);
        self.fed(stamp.arrived);
    }

    /// What the backend waited for came at `at`, or will not come any more.
    #[inline]
    pub(super) fn fed(&mut self, at: Instant) {
        if let Some(since) = self.starved_since.take() {
            for request in self.open.iter_mut().filter(|request| request.is_parsing()) {
                request.add_peer(since, at);
            }
        }
    }

    /// Bytes that waited for others ahead of them from `from` to `to`.
    pub(super) fn reassembled(&mut self, from: Instant, to: Instant) {
        let mut is_claimed = false;
        // Whose of several streams' they are, nobody knows before they are in order: all were held up by them.
        for request in self
            .open
            .iter_mut()
            .filter(|request| request.end == UNKNOWN)
        {
            request.add_overlay(Station::ReassemblyQueue, from, to);
            is_claimed = true;
        }
        if !is_claimed {
            let unclaimed = self.unclaimed.get_or_insert_default();
            unclaimed.overlays.add(Station::ReassemblyQueue, from, to);
        }
    }

    /// The backend read the bytes [from, to); `drained` if nothing is left to read.
    #[inline]
    pub(super) fn read(&mut self, from: u64, to: u64, at: Instant, drained: bool) {
        self.reads = [self.reads[1], (from, at)];
        for request in &mut self.open {
            if request.finished.seen.read.is_none() && request.start < to {
                request.finished.seen.read = Some(at);
            }
        }
        if drained && self.is_parsing() {
            self.starved_since.get_or_insert(at);
        }
    }

    /// When the byte at `offset` was read, if that is still known.
    #[inline]
    pub(super) fn read_at(&self, offset: u64) -> Option<Instant> {
        if let Some((from, at)) = self.part_read
            && from == offset
        {
            return Some(at);
        }
        let mut reads = self.reads.iter().rev();
        let (_, at) = reads.find(|(from, _)| *from <= offset)?;
        Some(*at)
    }

    /// Bytes up to `end` were transmitted for the first time.
    #[inline]
    pub(super) fn transmitted(&mut self, end: u64, at: Instant) {
        self.transmitted = end;
        if !self.is_answer(end) {
            self.log_sent(end, at);
        }
        for request in &mut self.open {
            if request.response_end <= end && request.finished.seen.transmitted.is_none() {
                request.finished.seen.transmitted = Some(at);
            }
        }
    }

    /// Whether the bytes up to `end` are those of answers whose ends are told: no mark will ask of them any more.
    #[inline]
    fn is_answer(&self, end: u64) -> bool {
        match &self.open[..] {
            [.., last] if !(end..UNKNOWN).contains(&last.response_end) => false,
            [before @ .., last] if last.stream != 0 => {
                before.iter().all(|request| request.response_end != UNKNOWN)
            }
            open => !open.is_empty(),
        }
    }

    fn log_sent(&mut self, end: u64, at: Instant) {
        let starts = self.open.iter().map(|request| request.response_start);
        let kept_from = starts.min().unwrap_or(UNKNOWN).min(self.acknowledged);
        let stamp = SendStamp {
            transmitted: at,
            acknowledged: None,
        };
        self.sent.push(end, stamp, kept_from);
    }

    /// Data waits, and the windows (the peer's or cwnd) let nothing out.
    pub(super) fn blocked(&mut self, at: Instant) {
        self.blocked_since.get_or_insert(at);
    }

    /// The windows let something out again, or nothing waits any more.
    #[inline]
    pub(super) fn unblocked(&mut self, at: Instant) {
        if let Some(since) = self.blocked_since.take() {
            self.was_blocked(since, at);
        }
    }

    /// The windows were closed for whatever was being sent, of a stream or of the next answers as well.
    fn was_blocked(&mut self, since: Instant, at: Instant) {
        for request in self.open.iter_mut().filter(|request| request.is_sending()) {
            request.wait_for_windows(since, at);
        }
    }

    /// `request` was taken out, at `at`: what it waits for ends for it, and goes on for the others.
    pub(super) fn leave(&self, request: &mut OpenRequest, at: Instant) {
        if request.is_parsing()
            && let Some(since) = self.starved_since
        {
            request.add_peer(since, at);
        }
        if request.is_sending()
            && let Some(since) = self.blocked_since
        {
            request.wait_for_windows(since, at);
        }
    }

    /// Answers that end before `offset` are acknowledged.
    pub(super) fn acknowledged(&mut self, offset: u64, at: Instant) {
        for request in &mut self.open {
            if request.response_end <= offset && request.finished.seen.acknowledged.is_none() {
                request.finished.seen.acknowledged = Some(at);
            }
        }
    }

    /// The codec says at `at` that an answer ends before `end`, which was sent already.
    pub(super) fn was_sent(&mut self, at: Instant, end: u64) {
        let logged = end.checked_sub(1).and_then(|last| self.sent.of(last));
        // An answer without a byte ends where the one before it does.
        let mut requests = self
            .open
            .iter()
            .map(|request| (request.response_end, request.finished.seen));
        let before = requests.find(|(d, seen)| *d == end && seen.transmitted.is_some());
        let mut requests = self.open.iter_mut();
        let Some(request) = requests.find(|request| {
            request.response_end == end && request.finished.seen.transmitted.is_none()
        }) else {
            return;
        };
        if let Some((stamp, merged)) = logged {
            request.finished.seen.transmitted = Some(stamp.transmitted);
            request.finished.seen.acknowledged = stamp.acknowledged;
            request.finished.coarse |= merged;
        } else if let Some((_, seen)) = before {
            request.finished.seen.transmitted = seen.transmitted;
            request.finished.seen.acknowledged = seen.acknowledged;
        } else if end <= self.acknowledged {
            request.finished.seen.transmitted = Some(at);
            request.finished.seen.acknowledged = Some(at);
            request.finished.coarse = true;
        }
    }

    /// Nothing of it will be asked for again.
    pub(super) fn forget(&mut self) {
        self.received.forget_before(UNKNOWN);
        self.sent.forget_before(UNKNOWN);
        self.open.clear();
        self.unclaimed = None;
        self.blocked_since = None;
        self.verdict = None;
    }

    /// Whether nothing of it would be missed.
    pub(super) fn is_over(&self) -> bool {
        self.open.is_empty()
            && self.received.is_empty()
            && self.sent.is_empty()
            && self.unclaimed.is_none()
            && self.blocked_since.is_none()
            && self.verdict.is_none()
    }

    /// Whether a request is read in part.
    pub(super) fn is_parsing(&self) -> bool {
        self.open.iter().any(OpenRequest::is_parsing)
    }

    /// A request that is open, and begins or ends with the bytes that one of `stream` begins with at `start`: TLS has put both
    /// into one record.
    #[inline]
    pub(super) fn shares_bytes(&self, stream: u32, start: u64) -> Option<&OpenRequest> {
        if stream != 0 {
            let mut requests = self.open.iter().rev();
            return requests.find(|before| before.start == start);
        }
        // The stamps of the bytes that the one before it ends with were forgotten with that.
        let before = self.open.last()?;
        (before.end != UNKNOWN && (before.start..before.end).contains(&start)).then_some(before)
    }

    /// Lets go of the stamps of received bytes of which nothing more will be told when no request is open: those of streams'
    /// requests that were told, and all if the next request begins with the next byte.
    #[inline]
    pub(super) fn forget_told(&mut self) {
        if self.told_to == 0 && self.part_read.is_none() {
            return; // as where requests are answered in the order in which they come
        }
        let next = self.part_read.map_or(UNKNOWN, |(from, _)| from);
        if self.received.end() == Some(next) {
            self.received.forget_before(next);
        } else if self.told_to > 0 {
            self.received.forget_before(self.told_to.min(next));
        }
    }

    /// The offset before which no mark will ask for received bytes' stamps: the youngest request's end, or, where other streams'
    /// requests begin before that, what was read before the last two reads.
    #[inline]
    fn received_kept_from(&self, read_to: u64) -> u64 {
        match self.open.last() {
            Some(request) if request.stream == 0 && request.end == UNKNOWN => request.start,
            Some(request) if request.stream == 0 => request.end,
            _ => {
                let part_read = self.part_read.map_or(UNKNOWN, |(from, _)| from);
                let reads = self.reads[0].0.min(self.reads[1].0);
                reads.min(part_read).min(read_to)
            }
        }
    }
}
