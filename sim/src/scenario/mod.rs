//! What one seed stands for: a world, what goes wrong in it, and when it heals.

mod attacks;
mod draw;
mod hostile;
mod network;
mod sockets;
mod users;
mod words;
mod wrap;

use crate::attack::Attack;
use crate::world::WorldPlan;
use periplus_ring::fault::FaultOptions;
use std::time::Duration;

/// A world with its faults. The same seed gives the same scenario, for ever as far as the ways to draw it stay the same.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it was drawn from.
    pub seed: u64,
    /// Hosts and users.
    pub world: WorldPlan,
    /// What packets the way from each host carries, before it heals.
    pub path_mtu: Vec<Option<PathLimit>>,
    /// What strangers slip in.
    pub attacks: Vec<Attack>,
    /// So long after the beginning the network becomes good: from then on everything must come to its end.
    pub heals_after: Duration,
    /// What each host's way in is like from then on. `None`: as before, it never had faults.
    pub healed: Vec<Option<FaultOptions>>,
}

/// A path that carries shorter packets than the link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathLimit {
    /// The longest packet.
    pub longest: usize,
    /// Nobody says so.
    pub is_black_hole: bool,
}
