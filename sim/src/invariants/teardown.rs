//! When all is over nothing is left.

use super::{Broken, Invariant};
use crate::world::World;
use periplus_ring::Device;
use periplus_stack::Claim;

/// Of each host: no connection in any state, no timer, no memory claimed, every frame back in its pool.
///
/// # Errors
/// What is left.
pub fn nothing_is_left(world: &World) -> Result<(), Broken> {
    for (number, host) in world.hosts.iter().enumerate() {
        let counts = host.shard.connection_counts();
        let (free, total) = host.port.memory().free_frames();
        let claim = host.shard.tcp_memory();
        let checks = [
            (counts == (0, 0, 0), format!("connections: {counts:?}")),
            (claim == Claim::default(), format!("memory: {claim:?}")),
            (
                host.shard.next_timeout().is_none(),
                format!("a timer: {:?}", host.shard.next_timeout()),
            ),
            (!host.shard.has_output(), "something to send".to_owned()),
            (
                host.port.statistics().held == 0,
                format!("frames in the ring: {}", host.port.statistics().held),
            ),
            (
                free == total,
                format!(
                    "{} of {total} frames are not back in the pool",
                    total - free
                ),
            ),
        ];
        for (holds, what) in checks {
            if !holds {
                let what = format!("host {number} keeps {what}");
                return Err(Invariant::Teardown.broken(world.now, what));
            }
        }
    }
    Ok(())
}
