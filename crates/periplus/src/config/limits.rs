//! `[limits]`: how many there may be.

use super::section::Section;
use crate::failure::Failure;
use periplus_net::{ShardOptions, SourceLimits};

/// Connections that a run takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Connections, half-open ones and those in TIME-WAIT apart.
    pub(crate) connections: usize,
    /// Half-open connections of all listeners together.
    pub(crate) half_open: usize,
    /// What one network of sources may hold of them.
    pub(crate) sources: SourceLimits,
    /// RSTs a second to one network of sources for its SYNs to closed ports.
    pub(crate) resets_per_network: u32,
}

impl Limits {
    pub(super) const KEYS: [&str; 5] = [
        "connections",
        "half_open",
        "connections_per_network",
        "half_open_per_network",
        "resets_per_network",
    ];

    /// What the section says, and where it says nothing the usual.
    pub(super) fn from_section(section: &Section<'_>) -> Result<Self, Failure> {
        let usual = Self::default();
        let number = |key| section.number(key, "a number, 1 to 4294967295", 1u32..);
        let count = |key, usual| Ok(number(key)?.map_or(usual, |number| number as usize));
        Ok(Self {
            connections: count("connections", usual.connections)?,
            half_open: count("half_open", usual.half_open)?,
            sources: SourceLimits {
                connections: number("connections_per_network")?,
                half_open: number("half_open_per_network")?,
            },
            resets_per_network: number("resets_per_network")?.unwrap_or(usual.resets_per_network),
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        let usual = ShardOptions::default();
        Self {
            connections: usual.max_connections,
            half_open: usual.max_half_open,
            sources: usual.sources,
            resets_per_network: usual.resets_per_network,
        }
    }
}
