//! From a seed to a scenario.

use super::network::{self, Weather};
use super::{Scenario, attacks, hostile, sockets, users, wrap};
use crate::random::Random;
use crate::world::{HostPlan, WorldPlan};
use periplus_ring::memory::LinkOptions;
use std::time::Duration;

impl Scenario {
    /// The scenario of `seed`. Each part draws from numbers of its own, so that one more choice in one of them leaves the others as
    /// they were.
    pub fn draw(seed: u64) -> Self {
        let mut random = Random::new(seed);
        if random.fork().one_in(3) {
            return hostile::draw(seed, random);
        }
        let mut parts = [(); 4].map(|()| random.fork());
        let [networks, hosts, users, strangers] = &mut parts;
        let is_perfect = networks.one_in(12);
        let weather = Weather::draw(networks);
        let mut link = network::link(networks);
        let heals_after = networks.time(Duration::from_secs(2)..=Duration::from_secs(40));
        let mut plans: Vec<_> = (0..2)
            .map(|_| HostPlan {
                faults: (!is_perfect).then(|| weather.way(networks)),
                ..host(hosts)
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
        let limit = |_| network::path_limit(networks, link.mtu).filter(|_| !is_perfect);
        let mut flows = users::flows(users);
        if users.one_in(6) {
            users::rush(users, &mut flows, &mut plans);
        }
        if strangers.fork().one_in(8)
            && let Some(secret) = wrap::seek(strangers, &mut flows[0])
        {
            plans[flows[0].from].secret = secret;
        }
        Self {
            seed,
            attacks: attacks::attacks(strangers, &flows, heals_after),
            path_mtu: (0..2).map(limit).collect(),
            heals_after,
            healed: plans
                .iter()
                .map(|host| host.faults.as_ref().map(network::healed))
                .collect(),
            world: WorldPlan {
                parks_at_once: false,
                hosts: plans,
                peer: None,
                link,
                flows,
                watched: true,
            },
        }
    }
}

pub(super) fn host(random: &mut Random) -> HostPlan {
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
