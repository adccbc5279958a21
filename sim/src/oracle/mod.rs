//! A judge written apart from the stack: it reads every frame and every call of one host, and accepts whatever the RFCs permit.

mod agreed;
mod arrivals;
mod conversation;
mod facts;
mod frame;
mod incarnation;
mod judge;
mod late;
mod news;
mod options;

mod ranges;
mod receiving;
mod repair;
mod rules;
mod scoreboard;
mod segment;
mod sending;
mod sequence;
#[cfg(test)]
mod tests;
mod user;
mod watching;
mod window_bound;

pub use judge::Oracle;
pub use watching::{Call, Complaint, Connection};
