//! `ip_local_port_range`.

use std::fmt;
use std::ops::RangeInclusive;

/// The ports that connections and sockets get that do not ask for one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// From `first` to `last`. `None` if there is no port in it, or 0, which is none.
    pub fn new(first: u16, last: u16) -> Option<Self> {
        (first > 0 && first <= last).then_some(Self { first, last })
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        u32::from(self.last - self.first) + 1
    }

    /// The `n`th, and from the first on again behind the last.
    pub fn nth(self, n: u32) -> u16 {
        self.first + (n % self.count()) as u16
    }
}

impl Default for PortRange {
    fn default() -> Self {
        Self {
            first: 32_768,
            last: 60_999,
        }
    }
}

impl IntoIterator for PortRange {
    type Item = u16;
    type IntoIter = RangeInclusive<u16>;

    fn into_iter(self) -> Self::IntoIter {
        self.first..=self.last
    }
}

impl fmt::Debug for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.first, self.last)
    }
}
