//! Attacks, drawn.

use crate::attack::{Attack, Forgery};
use crate::random::Random;
use crate::world::FlowPlan;
use periplus_wire::icmpv4::unreachable;
use std::time::Duration;

/// What a router may say of a way that it does not know.
const CODES: [u8; 6] = [
    unreachable::NET,
    unreachable::HOST,
    unreachable::PROTOCOL,
    unreachable::PORT,
    unreachable::SOURCE_ROUTE,
    unreachable::COMMUNICATION_PROHIBITED,
];

/// Attacks on `flows` between two hosts, before it heals: none in most scenarios.
pub(super) fn attacks(random: &mut Random, flows: &[FlowPlan], before: Duration) -> Vec<Attack> {
    if !random.one_in(4) {
        return Vec::new();
    }
    // one deadly stranger is enough, and most scenarios have none
    let is_deadly = random.one_in(4);
    let many = random.magnitude(1..=60);
    let mut attacks: Vec<_> = (0..many)
        .map(|number| {
            let flow = random.below(flows.len() as u64) as usize;
            let earliest = flows[flow].starts;
            let span = Duration::from_millis(10)..=before.max(Duration::from_millis(20));
            Attack {
                after: (earliest + random.time(span)).min(before),
                host: random.below(2) as usize,
                flow,
                forgery: if is_deadly && number == 0 {
                    Forgery::ExactReset
                } else {
                    forgery(random)
                },
            }
        })
        .collect();
    attacks.sort_by_key(|attack| attack.after);
    attacks
}

fn forgery(random: &mut Random) -> Forgery {
    let far = random.number() as u32;
    let near = random.magnitude(1..=100_000) as u32;
    let code = random.pick(&CODES);
    match random.below(9) {
        0 => Forgery::ResetInWindow(random.pick(&[0, near, far])),
        1 => Forgery::ResetOutside(random.pick(&[0, near, far])),
        2 => Forgery::SynInWindow(random.pick(&[0, near, far])),
        3 => Forgery::OldText(near, random.pick(&[0, -1, 1000, -100_000])),
        4 => Forgery::AckOfTheFuture(random.pick(&[0, near, 1 << 30])),
        5 => Forgery::Unreachable(code),
        6 => Forgery::UnreachableElsewhere(code, random.pick(&[1, near, 1 << 30])),
        7 => Forgery::Narrow(random.between(0..=1500) as u16),
        _ => Forgery::Again(random.below(32) as usize),
    }
}
