//! A loss brings the congestion window down.

use super::{Broken, Invariant};
use crate::world::{Host, World};
use periplus_stack::CaState;

/// While a loss is repaired, the slow start threshold is known (RFC 5681 3.1): unless the host has found out of some losses that they
/// were none.
///
/// # Errors
/// The connection that goes on as if nothing was lost.
pub(super) fn comes_down(world: &World) -> Result<(), Broken> {
    for flow in &world.flows {
        let ends = [
            (&flow.opener, flow.plan.from),
            (&flow.acceptor, flow.plan.to),
        ];
        for (user, number) in ends {
            let (Some(host), Some(id)) = (world.hosts.get(number), user.connection()) else {
                continue;
            };
            let info = host.shard.tcp_info(world.now, id);
            let goes_on = info.is_some_and(|info| {
                info.ca_state == CaState::Recovery && info.snd_ssthresh.is_none()
            });
            if goes_on && !has_undone(host) {
                let what = format!(
                    "flow {} repairs a loss at host {number}, and its window is what it was",
                    flow.number
                );
                return Err(Invariant::Proportion.broken(world.now, what));
            }
        }
    }
    Ok(())
}

fn has_undone(host: &Host) -> bool {
    let counters = host.shard.counters();
    let undone = [
        counters.tcp_full_undo,
        counters.tcp_partial_undo,
        counters.tcp_loss_undo,
        counters.tcp_dsack_undo,
    ];
    undone.iter().any(|&many| many > 0)
}
