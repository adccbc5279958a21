//! From a seed to a scenario.

use super::network::{self, Weather};
use super::{Scenario, sockets, users};
use crate::random::Random;
use crate::world::{HostPlan, WorldPlan};
use periplus_ring::memory::LinkOptions;
use std::time::Duration;

impl Scenario {
    /// The scenario of `seed`. Each part draws from numbers of its own, so that one more choice in one of them leaves the others as
    /// they were.
    pub fn draw(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let [mut networks, mut hosts, mut flows] = [random.fork(), random.fork(), random.fork()];
        let is_perfect = networks.one_in(12);
        let weather = Weather::draw(&mut networks);
        let mut link = network::link(&mut networks);
        let heals_after = networks.time(Duration::from_secs(2)..=Duration::from_secs(40));
        let plans: Vec<_> = (0..2)
            .map(|_| HostPlan {
                faults: (!is_perfect).then(|| weather.way(&mut networks)),
                ..host(&mut hosts)
            })
            .collect();
        if is_perfect {
            // what finds no room is not lost
            link.drop_when_full = false;
        } else {
            // frames on their way are in the pool's buffers
            link = LinkOptions {
                frames: 4096,
                ..link
            };
        }
        let limit = |_| network::path_limit(&mut networks, link.mtu).filter(|_| !is_perfect);
        Self {
            seed,
            path_mtu: (0..2).map(limit).collect(),
            heals_after,
            healed: plans
                .iter()
                .map(|host| host.faults.as_ref().map(network::healed))
                .collect(),
            world: WorldPlan {
                hosts: plans,
                link,
                flows: users::flows(&mut flows),
                watched: true,
            },
        }
    }
}

fn host(random: &mut Random) -> HostPlan {
    HostPlan {
        sysctls: sockets::sysctls(random),
        secret: random.number(),
        recording: random.one_in(2),
        faults: None,
        listeners: users::PORTS
            .iter()
            .map(|&port| users::listener(random, port))
            .collect(),
    }
}
