//! What a TAP is like.

use std::net::Ipv4Addr;

/// Longest frame that the kernel hands over in one piece: an IP packet of 64 KiB, the IPv6 header that is not counted in one's
/// length, and an Ethernet header with a VLAN tag.
pub(super) const LONGEST_FRAME: usize = 65_535 + 40 + 18;

/// Smallest buffers: with them, one read takes up to 66.
const SMALLEST_BUFFER: usize = 1024;

/// What a TAP is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapOptions {
    /// The interface's name; without one the kernel picks `periplus0`, `periplus1`, …
    pub name: Option<String>,
    /// An address for the host's side of it, and how many bits of that are the network's. Without one, the interface stays as
    /// it was found in that respect.
    pub host_address: Option<(Ipv4Addr, u8)>,
    /// Largest IP packet.
    pub mtu: usize,
    /// Buffers in the receive pool, and places in the kernel's queue before it.
    pub frames: usize,
    /// Bytes of each.
    pub frame_size: usize,
}

impl Default for TapOptions {
    fn default() -> Self {
        Self {
            name: None,
            host_address: None,
            mtu: 1500,
            frames: 4096,
            frame_size: 2048,
        }
    }
}

impl TapOptions {
    /// Buffers that the longest frame takes.
    pub(super) fn longest_chain(&self) -> usize {
        LONGEST_FRAME.div_ceil(self.frame_size)
    }

    /// # Panics
    /// If the pool does not hold the longest frame, or its buffers are too small.
    pub(super) fn check(&self) {
        assert!(
            self.frame_size >= SMALLEST_BUFFER,
            "frame_size is {}, and has to be {SMALLEST_BUFFER} at least",
            self.frame_size
        );
        assert!(
            self.frames >= self.longest_chain(),
            "frames is {}, and one frame may take {} of {} bytes",
            self.frames,
            self.longest_chain(),
            self.frame_size
        );
    }
}
