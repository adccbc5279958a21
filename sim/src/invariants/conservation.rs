//! Every frame is accounted for.

use super::{Broken, Invariant};
use crate::world::World;
use periplus_ring::Device;

/// Of each host: what arrived was taken, lost or is held; what was taken ended in exactly one way.
///
/// # Errors
/// What does not add up.
pub fn frames_are_conserved(world: &World) -> Result<(), Broken> {
    for (number, host) in world.hosts.iter().enumerate() {
        let ring = host.port.statistics();
        let ledger = host.shard.ledger();
        let witness = &host.port.witness;
        let checks = [
            (ring.is_balanced(), "the ring's counts"),
            (ledger.is_balanced(), "the stack's ledger"),
            (
                ledger.received == ring.taken,
                "what the ring gave and the stack took",
            ),
            (
                ledger.received == witness.received,
                "what was seen to arrive",
            ),
        ];
        for (holds, name) in checks {
            if !holds {
                let what = format!(
                    "host {number}: {name}: {ring:?}, {ledger:?}, {} seen",
                    witness.received
                );
                return Err(Invariant::Conservation.broken(world.now, what));
            }
        }
    }
    Ok(())
}
