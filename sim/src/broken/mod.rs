//! Known faults: the sources are copied and changed, and the simulation has to notice.
//!
//! The stack knows nothing of it. What a fault is stands in `sim/broken/NAME.toml`.

mod build;
mod fault;
mod hunt;
mod workspace;

pub use fault::{Change, Fault, FaultError};
pub use hunt::hunt;
pub use workspace::root;
