//! The calls, one file a family. Arguments are checked in the order in which Linux checks them, where it can be told.

mod clock;
mod closing;
mod control;
mod opening;
mod options;
mod receiving;
mod sending;
mod splicing;
mod watching;

pub(crate) use clock::time_of_day;
