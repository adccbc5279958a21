//! The host's own devices behind [`periplus_ring`]'s interface, and what is asked of the host's kernel to set them up.
//!
//! - [`netlink`] reads and changes links, addresses and routes.
//! - [`TapDevice`] is an interface whose other end is a descriptor.
//! - [`PacketDevice`] is an interface that is taken over, by a packet socket.
//! - [`privileges`] are given up once everything is open.
//! - [`range_is_routed`] tells whether an address range is free; [`doctor`] tells which devices work here.
//! - [`disk`] reads files while the thread goes on.
//! - [`OpenError`] says why a device could not be opened, and what to do about it.

mod descriptor;
mod grant;
mod open_error;
mod packet;
mod routed;
mod takeover;
mod tap;
mod transmit_buffer;
mod virtio_header;

pub mod disk;
pub mod doctor;
pub mod netlink;
pub mod privileges;

pub use open_error::{OpenError, OpenErrorKind};
pub use packet::{PacketDevice, PacketOptions};
pub use routed::range_is_routed;
pub use tap::{TapDevice, TapOptions};
