//! A bad link: a wrapper that loses, duplicates, reorders, damages and delays what a device receives. The
//! same seed and the same arrivals give the same faults.
//!
//! ```text
//!   inner device ─▶ complete, cut ─▶ lose ─▶ mark ─▶ duplicate ─▶ damage ─▶ rate ─▶ delay ─▶ receive
//! ```
//!
//! Checksums are completed and uncut packets cut before anything else, and nothing counts as verified
//! afterwards: what happens to a frame here is what happens on a wire, and is for the stack to notice.

use crate::segmentation::{complete_arrival, of_arrival};
use crate::{
    Arrival, Capabilities, Device, PoolLevel, RingStatistics, RxBurst, RxChecksum, RxFrame,
    TxDescriptor,
};
use bursts::BurstState;
use fate::Fate;
use line::Line;
use marks::Marker;
use periplus_journey::Instant;
use random::Random;
use std::task::{Context, Poll};
use std::time::Duration;

mod bursts;
mod fate;
mod line;
mod marks;
mod random;
#[cfg(test)]
mod tests;

pub use bursts::LossBursts;

/// How bad a link is. By default it is perfect.
#[derive(Clone, PartialEq, Debug)]
pub struct FaultOptions {
    /// Where chance begins.
    pub seed: u64,
    /// Probability that a frame is lost, 0 to 1, each by itself.
    pub loss: f64,
    /// Losses that come together, beside those.
    pub bursts: Option<LossBursts>,
    /// Probability that a packet whose sender understands it is marked as having met a congested router (RFC 3168).
    pub mark: f64,
    /// Probability that a frame comes twice.
    pub duplicate: f64,
    /// Probability that a frame is held back, so that later ones overtake it.
    pub reorder: f64,
    /// Longest time for which a frame is held back.
    pub reorder_delay: Duration,
    /// Probability that one bit of a frame, any bit, is inverted.
    pub corrupt: f64,
    /// Time that every frame takes.
    pub delay: Duration,
    /// Time, up to this, that a frame takes beside it: frames closer than that overtake each other.
    pub jitter: Duration,
    /// Bits a second that the link carries.
    pub rate: Option<u64>,
    /// Longest time that a frame waits for its turn at that rate: rate × time is a router's queue. Beyond it frames are lost.
    pub longest_wait: Option<Duration>,
    /// Frames that are on the link or wait for it at most; beyond it they are lost.
    pub limit: usize,
}

impl Default for FaultOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            loss: 0.0,
            bursts: None,
            mark: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            reorder_delay: Duration::from_millis(2),
            corrupt: 0.0,
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            rate: None,
            longest_wait: None,
            limit: 1000,
        }
    }
}

/// What was done to frames so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FaultCounters {
    /// Frames that came through the wrapped device, cut ones as their segments.
    pub frames: u64,
    /// Frames lost by chance.
    pub lost: u64,
    /// Frames lost because [`limit`](FaultOptions::limit) others were on the link, or the [wait](FaultOptions::longest_wait) was too
    /// long.
    pub overflowed: u64,
    /// Packets marked.
    pub marked: u64,
    /// Frames that came twice.
    pub duplicated: u64,
    /// Frames held back.
    pub reordered: u64,
    /// Frames with a bit inverted.
    pub corrupted: u64,
}

/// A device whose receive side is a bad link. Frames it holds back are due at its
/// [`next_timeout`](Device::next_timeout).
#[derive(Debug)]
pub struct FaultDevice<D> {
    inner: D,
    capabilities: Capabilities,
    pulled: RxBurst,
    link: Link,
    taken: u64,
    /// When frames were last asked for: those due by then can be had.
    asked: Instant,
}

impl<D: Device> FaultDevice<D> {
    /// Puts a link with `options` before what `inner` receives.
    ///
    /// # Panics
    /// If a probability is not between 0 and 1, or the rate is 0.
    pub fn new(inner: D, options: FaultOptions) -> Self {
        let capabilities = Capabilities {
            rx_checksum: false,
            coalescing: false,
            ..*inner.capabilities()
        };
        Self {
            inner,
            capabilities,
            pulled: RxBurst::new(),
            link: Link {
                random: Random::new(options.seed),
                bursts: BurstState::new(options.seed),
                marker: Marker::new(options.seed),
                line: Line::default(),
                options: checked(options),
                counters: FaultCounters::default(),
            },
            taken: 0,
            asked: Instant::ZERO,
        }
    }

    /// The wrapped device.
    pub fn inner(&self) -> &D {
        &self.inner
    }

    /// What was done to frames so far.
    pub fn counters(&self) -> FaultCounters {
        self.link.counters
    }

    /// The link becomes better or worse. What is on it already arrives as it would have; chance goes on where it was, whatever
    /// the new seed.
    ///
    /// # Panics
    /// As [`FaultDevice::new`].
    pub fn set_options(&mut self, options: FaultOptions) {
        self.link.options = checked(options);
    }

    /// How long a frame that came now would wait for its turn at the link's [rate](FaultOptions::rate).
    pub fn waiting_time(&self, now: Instant) -> Duration {
        self.link.line.waiting_time(now)
    }
}

fn checked(options: FaultOptions) -> FaultOptions {
    for (name, probability) in [
        ("loss", options.loss),
        ("mark", options.mark),
        ("duplicate", options.duplicate),
        ("reorder", options.reorder),
        ("corrupt", options.corrupt),
    ] {
        assert!(
            (0.0..=1.0).contains(&probability),
            "{name} is {probability}: a probability lies between 0 and 1"
        );
    }
    assert!(
        options.rate != Some(0),
        "a link that carries 0 bits a second"
    );
    options
}

/// The link itself, apart from the device, so that both can be borrowed.
#[derive(Debug)]
struct Link {
    options: FaultOptions,
    random: Random,
    bursts: BurstState,
    marker: Marker,
    line: Line,
    counters: FaultCounters,
}

impl Link {
    fn carry(&mut self, mut arrival: Arrival, now: Instant) {
        let arrived = arrival.arrived;
        if arrival.segments == 1 && arrival.rest.is_empty() {
            complete_arrival(&mut arrival.frame, arrival.checksum);
            self.carry_frame(arrival.frame, arrived, now);
        } else {
            for frame in of_arrival(&arrival) {
                self.carry_frame(frame.into(), arrived, now);
            }
        }
    }

    /// One frame as on a wire.
    fn carry_frame(&mut self, mut frame: RxFrame, arrived: Option<Instant>, now: Instant) {
        self.counters.frames += 1;
        let fate = Fate::draw(&mut self.random, &self.options);
        let lost_in_burst = self.bursts.takes(self.options.bursts.as_ref());
        if fate.lost || lost_in_burst {
            self.counters.lost += 1;
            return;
        }
        self.counters.marked += u64::from(self.marker.mark(&mut frame, self.options.mark));
        let twin = fate.duplicated.then(|| RxFrame::from(frame.to_vec()));
        if let Some(chance) = fate.corrupted {
            chance.invert_a_bit(&mut frame);
            self.counters.corrupted += 1;
        }
        self.counters.duplicated += u64::from(fate.duplicated);
        self.counters.reordered += u64::from(!fate.held_back.is_zero());
        let delay = self.options.delay + fate.jitter + fate.held_back;
        for frame in [Some(frame), twin].into_iter().flatten() {
            let arrival = Arrival::single(frame, arrived, RxChecksum::Unverified);
            let at = arrived.unwrap_or(now);
            if !self.line.enter(&self.options, arrival, at, delay) {
                self.counters.overflowed += 1;
            }
        }
    }
}

impl<D: Device> Device for FaultDevice<D> {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        loop {
            self.inner.receive(now, &mut self.pulled);
            let more = self.pulled.is_full();
            for arrival in self.pulled.drain() {
                self.link.carry(arrival, now);
            }
            if !more {
                break;
            }
        }
        burst.taken = now;
        while !burst.is_full()
            && let Some(arrival) = self.link.line.leave(now)
        {
            self.taken += 1;
            burst.push(arrival);
        }
        self.asked = now;
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.inner.reserve(length)
    }

    fn room(&self, length: usize) -> usize {
        self.inner.room(length)
    }

    fn commit(&mut self, now: Instant, descriptor: TxDescriptor) {
        self.inner.commit(now, descriptor);
    }

    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.link.line.next_due() {
            Some(due) if due <= self.asked => Poll::Ready(()),
            _ => self.inner.poll_arrivals(context),
        }
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_room(context)
    }

    fn next_timeout(&self) -> Option<Instant> {
        let inner = self.inner.next_timeout();
        self.link.line.next_due().into_iter().chain(inner).min()
    }

    fn level(&self) -> PoolLevel {
        self.inner.level()
    }

    fn statistics(&self) -> RingStatistics {
        let inner = self.inner.statistics();
        let counters = &self.link.counters;
        RingStatistics {
            // what the inner device gave counts as it was after cutting
            received: inner.received - inner.taken + counters.frames + counters.duplicated,
            taken: self.taken,
            rx_ring_full: inner.rx_ring_full,
            lost: inner.lost + counters.lost + counters.overflowed,
            held: inner.held + self.link.line.len() as u64,
            transmitted: inner.transmitted,
            tx_dropped: inner.tx_dropped,
        }
    }
}
