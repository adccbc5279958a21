//! What lies between a stack and its link: [frames](RxFrame) out of a [pool](FramePool) of fixed buffers,
//! the [descriptors](TxDescriptor) that go with them, and the [`Device`] that moves them in bursts.
//!
//! Nothing here knows an operating system or reads a clock. The [memory link](memory) joins two stacks in
//! one process; [`fault`] and [`pcap`] wrap any device, to spoil what arrives and to write down what passes.

mod arrival;
mod descriptor;
mod device;
mod frame;
mod layout;
mod pool;
mod segmentation;
mod statistics;
#[cfg(test)]
mod testing;

pub mod fault;
pub mod memory;
pub mod pcap;

pub use arrival::{Arrival, BURST, RxBurst, RxChecksum};
pub use descriptor::{TxChecksum, TxDescriptor};
pub use device::{Capabilities, Device};
pub use frame::{FrameBuffer, RxFrame};
pub use pool::{FramePool, PoolLevel};
pub use segmentation::{
    WireFrames, complete_checksum, first_on_the_wire, of_arrival, of_transmission, segments,
};
pub use statistics::RingStatistics;
