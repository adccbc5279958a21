//! The host's own devices behind `periplus_ring`'s interface, and what is asked of the host's kernel to set them up.
//!
//! - [`netlink`] reads and changes links, addresses and routes.
//! - [`privileges`] are given up once everything is open.
//! - [`OpenError`] says why a device could not be opened, and what to do about it.

mod open_error;
#[allow(dead_code, reason = "the devices that speak it follow")]
mod virtio_header;

pub mod netlink;
pub mod privileges;

pub use open_error::{OpenError, OpenErrorKind};
