//! The stack behind packetdrill's shared-object interface: `packetdrill --so_filename=libperiplus_packetdrill.so`.
//!
//! [`packetdrill_interface_init`] fills packetdrill's [`Interface`]; its members are in `entries`, which turns C's
//! arguments into an `Adapter`'s calls. An adapter is a `World` behind one lock: a `Link` (the shard, and the peer's end
//! of its cable), a clock that moves only when packetdrill asks it to, and a table of descriptors. Calls that have to
//! wait do so in `waiting`, on a condition variable outside that lock.
//!
//! The adapter holds what a kernel has around its TCP: descriptors, `errno`, blocking, `epoll`, pipes. It takes no
//! protocol decision, and uses only what the stack offers to everybody.
//!
//! `getsockopt` and `sendfile` are exported as well: packetdrill calls them past the interface, and with `LD_PRELOAD` the
//! calls for the adapter's descriptors come here; `mlockall` then does nothing.

mod accounting;
mod adapter;
mod calls;
mod control;
mod descriptors;
mod entries;
mod epoll;
mod errno;
mod error_queue;
mod flags;
mod interface;
mod interposer;
mod link;
mod memory;
mod pipe;
mod poll;
mod setting;
mod socket;
mod sysctl_file;
mod tcp_info;
mod waiting;
mod world;

pub use entries::packetdrill_interface_init;
pub use interface::{Interface, Userdata};
pub use interposer::{getsockopt, mlockall, sendfile};
pub use tcp_info::CTcpInfo;
