//! A capture: a wrapper that writes down every frame that passes a device, in both directions, as the wire
//! would have it.

use crate::segmentation::{of_arrival, of_transmission};
use crate::{Capabilities, Device, PoolLevel, RingStatistics, RxBurst, TxDescriptor};
use periplus_journey::Instant;
use std::io::{self, Write};
use std::task::{Context, Poll};

#[cfg(test)]
mod tests;
mod writer;

pub use writer::Writer;

/// A device whose traffic is written to `W` in the pcap format with nanoseconds, which Wireshark and tcpdump read.
/// Partial checksums are completed and uncut packets cut first, in the capture only.
///
/// A failing write ends the capture, never the traffic: see [`error`](Self::error).
#[derive(Debug)]
pub struct PcapDevice<D, W> {
    inner: D,
    writer: Writer<W>,
    /// What is reserved: the inner device's buffer is out of reach when the frame is in it.
    scratch: Vec<u8>,
}

impl<D: Device, W: Write> PcapDevice<D, W> {
    /// Captures to `output` what passes `inner`. `clock_start` is the time at [`Instant::ZERO`], in nanoseconds since
    /// 1970. As every frame is several writes, a file belongs in a [`BufWriter`](io::BufWriter).
    pub fn new(inner: D, output: W, clock_start: u64) -> Self {
        Self {
            scratch: vec![0; inner.capabilities().max_frame()],
            inner,
            writer: Writer::new(output, clock_start),
        }
    }

    /// The wrapped device.
    pub fn inner(&self) -> &D {
        &self.inner
    }

    /// What ended the capture, if something did.
    pub fn error(&self) -> Option<&io::Error> {
        self.writer.error()
    }

    /// Passes on what the output has buffered.
    pub fn flush(&mut self) {
        self.writer.flush();
    }

    /// Ends the capture: the device, and the output or what went wrong with it.
    pub fn into_parts(self) -> (D, io::Result<W>) {
        (self.inner, self.writer.into_output())
    }
}

impl<D: Device, W: Write> Device for PcapDevice<D, W> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        let before = burst.len();
        self.inner.receive(now, burst);
        for arrival in &burst.as_slice()[before..] {
            for frame in of_arrival(arrival) {
                self.writer.write(arrival.arrived.unwrap_or(now), &frame);
            }
        }
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.inner.reserve(length)?;
        Some(&mut self.scratch[..length])
    }

    fn room(&self, length: usize) -> usize {
        self.inner.room(length)
    }

    fn commit(&mut self, now: Instant, descriptor: TxDescriptor) {
        let frame = &self.scratch[..descriptor.length];
        // there was room when it was reserved, and nobody else fills it
        let Some(buffer) = self.inner.reserve(frame.len()) else {
            return;
        };
        buffer.copy_from_slice(frame);
        self.inner.commit(now, descriptor);
        for frame in of_transmission(frame, descriptor) {
            self.writer.write(now, &frame);
        }
    }

    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_arrivals(context)
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_room(context)
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.inner.next_timeout()
    }

    fn level(&self) -> PoolLevel {
        self.inner.level()
    }

    fn statistics(&self) -> RingStatistics {
        self.inner.statistics()
    }
}
