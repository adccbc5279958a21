//! What joins more than two hosts: it takes a frame to the host that it is for, at once.

use periplus_journey::Instant;
use periplus_ring::memory::MemoryDevice;
use periplus_ring::{Device, RxBurst, TxDescriptor, of_arrival};
use periplus_wire::ethernet::{EthernetAddress, EthernetHeader};

/// The other ends of the hosts' links, in the hosts' order.
#[derive(Debug)]
pub struct Switch {
    ends: Vec<MemoryDevice>,
    burst: RxBurst,
}

impl Switch {
    pub(super) fn new(ends: Vec<MemoryDevice>) -> Self {
        Self {
            ends,
            burst: RxBurst::new(),
        }
    }

    /// Takes every frame that waits to where it is to go. Returns whether there was any.
    pub(super) fn forward(&mut self, now: Instant) -> bool {
        let mut forwarded = false;
        for from in 0..self.ends.len() {
            let Self { ends, burst } = self;
            ends[from].receive(now, burst);
            for arrival in self.burst.drain() {
                forwarded = true;
                for frame in of_arrival(&arrival) {
                    send(&mut self.ends, now, from, &frame);
                }
            }
        }
        forwarded
    }
}

fn send(ends: &mut [MemoryDevice], now: Instant, from: usize, frame: &[u8]) {
    let Ok((header, _)) = EthernetHeader::parse(frame) else {
        return;
    };
    let to = header.destination();
    for (number, end) in ends.iter_mut().enumerate() {
        let is_for = number != from && (to.is_broadcast() || to == ethernet_address(number));
        if is_for && let Some(buffer) = end.reserve(frame.len()) {
            buffer.copy_from_slice(frame);
            end.commit(now, TxDescriptor::complete(frame.len()));
        }
    }
}

/// The Ethernet address of a host.
pub fn ethernet_address(host: usize) -> EthernetAddress {
    EthernetAddress([2, 0, 0, 0, 0, host as u8 + 1])
}
