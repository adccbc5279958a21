//! Selective acknowledgments (RFC 2018, RFC 2883): what is told to the peer.

mod received_blocks;
mod reporting;

pub(crate) use received_blocks::ReceivedBlocks;
