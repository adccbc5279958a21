//! One shard of the stack: from Ethernet to the sockets' tables. No clock, no randomness, no I/O: the time, frames and
//! secrets come in as arguments; frames and the next timeout come out.

pub mod flow_table;
pub mod handle;
mod keyed_hash;
mod list;
pub mod listener_table;
pub mod neighbours;
pub mod rate_limit;
pub mod routes;
pub mod slab;
pub mod timer_wheel;

pub use handle::Handle;
