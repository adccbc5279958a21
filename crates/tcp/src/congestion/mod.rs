//! How much may be in flight.

mod new_reno;
mod validation;

pub(crate) use new_reno::NewReno;
pub(crate) use validation::CwndValidation;
