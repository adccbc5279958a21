//! The TCP header (RFC 9293 3.1) and the options that a connection's life needs.

mod flags;
mod header;
mod options;
mod sack;

pub use flags::TcpFlags;
pub use header::{
    HEADER_LENGTH, MAX_HEADER_LENGTH, QuotedSegment, TcpFields, TcpHeader, verify_checksum,
    write_checksum,
};
pub use options::{MAX_OPTIONS_LENGTH, MAX_WINDOW_SCALE, OptionOrder, TcpOptions, Timestamps};
pub use sack::SackBlocks;
