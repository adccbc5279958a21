//! The turnstile with real hyper behind it and a line in memory before it.

mod bench;
mod cases;
mod disagreements;
mod exact;
mod hostile;
mod parser;
