//! A host's end of its link: where its frames are seen, where frames are slipped in, and where packets are too long for the path.

use super::path_mtu::PathMtu;
use super::witness::{Way, Witness};
use periplus_journey::Instant;
use periplus_ring::fault::{FaultDevice, FaultOptions};
use periplus_ring::memory::MemoryDevice;
use periplus_ring::{
    Arrival, Capabilities, Device, PoolLevel, RingStatistics, RxBurst, RxChecksum, RxFrame,
    TxDescriptor, of_arrival, of_transmission,
};
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// What a port is plugged into.
#[derive(Debug)]
enum Cable {
    /// A memory link as it is, with what it offloads.
    Perfect(MemoryDevice),
    /// One with faults on what arrives.
    Faulty(Box<FaultDevice<MemoryDevice>>),
}

/// A device for a host in a simulation.
#[derive(Debug)]
pub struct Port {
    /// Sees every frame as the wire has it.
    pub witness: Witness,
    /// What the way from here carries.
    pub path: PathMtu,
    cable: Cable,
    /// Frames that nobody sent over the link, to arrive next.
    slipped_in: VecDeque<Vec<u8>>,
    slipped: u64,
    /// What is reserved: the cable's own buffer is out of reach when the frame is in it.
    scratch: Vec<u8>,
}

impl Port {
    /// The end of a link. With `faults` what arrives meets them.
    pub fn new(end: MemoryDevice, faults: Option<FaultOptions>) -> Self {
        let cable = match faults {
            None => Cable::Perfect(end),
            Some(faults) => Cable::Faulty(Box::new(FaultDevice::new(end, faults))),
        };
        let mut port = Self {
            witness: Witness::new(),
            path: PathMtu::default(),
            cable,
            slipped_in: VecDeque::new(),
            slipped: 0,
            scratch: Vec::new(),
        };
        port.scratch = vec![0; port.capabilities().max_frame()];
        port
    }

    /// What arrives here meets other faults from now on. A perfect cable stays as it is.
    pub fn set_faults(&mut self, faults: FaultOptions) {
        if let Cable::Faulty(device) = &mut self.cable {
            device.set_options(faults);
        }
    }

    /// The faulty link before this port, if it is one.
    pub fn link(&self) -> Option<&FaultDevice<MemoryDevice>> {
        match &self.cable {
            Cable::Perfect(_) => None,
            Cable::Faulty(device) => Some(device),
        }
    }

    /// The memory link behind it all.
    pub fn memory(&self) -> &MemoryDevice {
        match &self.cable {
            Cable::Perfect(device) => device,
            Cable::Faulty(device) => device.inner(),
        }
    }

    /// `frame` arrives with the next burst, though nobody sent it.
    pub fn slip_in(&mut self, frame: Vec<u8>) {
        self.slipped_in.push_back(frame);
    }

    /// Whether frames wait that were slipped in.
    pub fn has_slipped_in(&self) -> bool {
        !self.slipped_in.is_empty()
    }

    fn device(&self) -> &dyn Device {
        match &self.cable {
            Cable::Perfect(device) => device,
            Cable::Faulty(device) => device,
        }
    }

    fn device_mut(&mut self) -> &mut dyn Device {
        match &mut self.cable {
            Cable::Perfect(device) => device,
            Cable::Faulty(device) => device,
        }
    }

    fn hand_over(&mut self, now: Instant, length: usize, descriptor: TxDescriptor) {
        let Self { cable, scratch, .. } = self;
        let device: &mut dyn Device = match cable {
            Cable::Perfect(device) => device,
            Cable::Faulty(device) => device,
        };
        if let Some(buffer) = device.reserve(length) {
            buffer.copy_from_slice(&scratch[..length]);
            device.commit(now, descriptor);
        }
    }

    /// As a router that cuts nothing: what is too long goes no further, and its sender may be told.
    fn route(&mut self, now: Instant, frames: Vec<Vec<u8>>) {
        for frame in frames {
            if self.path.carries(&frame) {
                self.scratch[..frame.len()].copy_from_slice(&frame);
                self.hand_over(now, frame.len(), TxDescriptor::complete(frame.len()));
            } else if let Some(error) = self.path.refuse(&frame) {
                self.slip_in(error);
            }
        }
    }
}

impl Device for Port {
    fn capabilities(&self) -> &Capabilities {
        self.device().capabilities()
    }

    fn receive(&mut self, now: Instant, burst: &mut RxBurst) {
        let before = burst.len();
        while !burst.is_full()
            && let Some(frame) = self.slipped_in.pop_front()
        {
            self.slipped += 1;
            let frame = RxFrame::from(frame);
            burst.push(Arrival::single(frame, Some(now), RxChecksum::Unverified));
        }
        self.device_mut().receive(now, burst);
        for arrival in &burst.as_slice()[before..] {
            if arrival.rest.is_empty() && arrival.checksum == RxChecksum::Unverified {
                self.witness.passes(now, Way::In, &arrival.frame);
            } else {
                let frames = of_arrival(arrival);
                frames.for_each(|frame| self.witness.passes(now, Way::In, &frame));
            }
        }
    }

    fn reserve(&mut self, length: usize) -> Option<&mut [u8]> {
        self.device_mut().reserve(length)?;
        Some(&mut self.scratch[..length])
    }

    fn commit(&mut self, now: Instant, descriptor: TxDescriptor) {
        let frames: Vec<_> =
            of_transmission(&self.scratch[..descriptor.length], descriptor).collect();
        for frame in &frames {
            self.witness.passes(now, Way::Out, frame);
        }
        if frames.iter().all(|frame| self.path.carries(frame)) {
            self.hand_over(now, descriptor.length, descriptor);
        } else {
            self.route(now, frames);
        }
    }

    fn poll_arrivals(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.device_mut().poll_arrivals(context)
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.device_mut().poll_room(context)
    }

    fn next_timeout(&self) -> Option<Instant> {
        if self.has_slipped_in() {
            return Some(Instant::ZERO);
        }
        self.device().next_timeout()
    }

    fn level(&self) -> PoolLevel {
        self.device().level()
    }

    fn statistics(&self) -> RingStatistics {
        let device = self.device().statistics();
        RingStatistics {
            received: device.received + self.slipped,
            taken: device.taken + self.slipped,
            ..device
        }
    }
}
