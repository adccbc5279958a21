//! Test doubles: a stream without a stack, a journal that is a list, and a runner that knows when a future is stuck.

mod client;
mod journal;
mod line;
mod runner;
mod whims;

pub(crate) use client::{Client, Reply};
pub(crate) use journal::ListJournal;
pub(crate) use line::{Far, Line, line};
pub(crate) use runner::{Runner, block_on};
pub(crate) use whims::{LARGE, MEDIUM, Whims, kept};
