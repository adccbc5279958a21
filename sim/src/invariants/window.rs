//! A loss brings the congestion window down.

use super::{Broken, Invariant};
use crate::world::World;
use periplus_stack::{CaState, ConnectionId};
use std::collections::BTreeMap;

/// What the windows of connections were before their losses.
#[derive(Debug, Default)]
pub struct Windows {
    largest: BTreeMap<(usize, ConnectionId), u32>,
}

impl Windows {
    /// While a loss is repaired, the slow start threshold is known, and below the largest window that there was before (RFC 5681
    /// 3.1: half of what is in flight; RFC 9438 4.6: 0.7 of the window).
    ///
    /// # Errors
    /// The connection that goes on as if nothing was lost.
    pub fn check(&mut self, world: &World) -> Result<(), Broken> {
        for flow in &world.flows {
            for (user, number) in [
                (&flow.opener, flow.plan.from),
                (&flow.acceptor, flow.plan.to),
            ] {
                let (Some(host), Some(id)) = (world.hosts.get(number), user.connection()) else {
                    continue;
                };
                let Some(info) = host.shard.tcp_info(world.now, id) else {
                    continue;
                };
                let largest = self.largest.entry((number, id)).or_default();
                *largest = info.snd_cwnd.max(*largest);
                // two segments are the least
                let least = *largest <= 2;
                let is_down = info.snd_ssthresh.is_some_and(|ssthresh| ssthresh < *largest);
                if info.ca_state == CaState::Recovery && !is_down && !least {
                    let what = format!(
                        "flow {} repairs a loss at host {number} with a threshold of {:?} segments, and its window was {largest}",
                        flow.number, info.snd_ssthresh
                    );
                    return Err(Invariant::Proportion.broken(world.now, what));
                }
            }
        }
        Ok(())
    }
}
