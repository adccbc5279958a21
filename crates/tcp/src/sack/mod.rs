//! Selective acknowledgments (RFC 2018, RFC 2883): what the peer is told, and what it tells.

mod received_blocks;
mod repairing;
mod reporting;
mod taking;

pub(crate) use received_blocks::ReceivedBlocks;
