//! How much may be in flight.

mod new_reno;

pub(crate) use new_reno::NewReno;
