//! Whole stacks over a bad network, on virtual time and from one seed, under the eyes of an oracle.

pub mod oracle;
