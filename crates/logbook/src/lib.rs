//! Storing, drawing and telling journeys: a [`periplus_journey::Record`] comes in, and goes out as a line of JSON
//! ([`json`]), as a block on a terminal ([`text`]) or as a picture ([`draw`]).
//!
//! All three start from [`Logged`], the record as it is stored, so that a picture drawn from a file is the picture
//! that would have been drawn live. Nothing here reads a clock; the [`writer`] is the only file that does I/O of its
//! own accord, on a thread of its own.

pub mod access;
mod date;
pub mod draw;
mod epoch;
pub mod json;
mod lanes;
mod logged;
mod names;
mod plain;
mod remarks;
pub mod text;
mod throttle;
pub mod units;
pub mod writer;

pub use epoch::Epoch;
pub use logged::{Logged, LoggedInterval, LoggedOverlay, LoggedQueue, LoggedQueues, LoggedTcp};
pub use throttle::Throttle;
