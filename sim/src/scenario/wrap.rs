//! Sequence numbers begin anew after 2^32 of them: that has to happen while somebody looks.

use crate::random::Random;
use crate::world::{FlowPlan, World, address, secret_bytes};
use periplus_tcp::InitialSequence;
use std::time::Duration;

/// A port from which nobody else connects.
const PORT: u16 = 20_000;

/// A nanosecond clock ticks so often with each step of the initial sequence number (RFC 6528).
const TICK: u64 = 64;

/// How late the flow may begin.
const LATEST: Duration = Duration::from_secs(3);

/// How many secrets are tried: one in a hundred has the number pass the end of the circle soon enough.
const TRIES: usize = 1000;

/// Finds a secret for the host that opens `flow`, and a moment to begin, with which its numbers begin anew amid what it sends.
pub(super) fn seek(random: &mut Random, flow: &mut FlowPlan) -> Option<u64> {
    let local = (address(flow.from), PORT).into();
    let remote = (address(flow.to), flow.port).into();
    let before = random.between(0..=flow.opener.sends) as u32;
    for _ in 0..TRIES {
        let secret = random.number();
        let mut key = [0; 16];
        key.copy_from_slice(&secret_bytes(secret)[16..]);
        let first = InitialSequence::new(key).iss(World::BEGINNING, local, remote);
        let steps = 0_u32.wrapping_sub(before).wrapping_sub(first.0);
        let after = Duration::from_nanos(u64::from(steps) * TICK);
        if after < LATEST {
            flow.from_port = Some(PORT);
            flow.starts = after;
            return Some(secret);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::packet::Packet;
    use crate::scenario::Scenario;
    use crate::world::Way;

    #[test]
    fn some_scenarios_see_the_numbers_begin_anew() {
        let has_wrapped = |seed: &u64| {
            let mut scenario = Scenario::draw(*seed);
            if scenario.world.flows[0].from_port.is_none() {
                return false;
            }
            scenario.world.watched = false;
            let passages = crate::run::run(&scenario, true).passages;
            let mut sent = passages
                .iter()
                .flatten()
                .filter(|passage| passage.way == Way::Out);
            sent.any(|passage| {
                let packet = Packet::parse(&passage.frame);
                packet.is_some_and(|packet| packet.end().0 < packet.seq.0)
            })
        };
        assert!((1..100).filter(has_wrapped).count() >= 3);
    }
}
