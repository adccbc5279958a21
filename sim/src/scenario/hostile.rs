//! A stack and a peer without shame, drawn.

use super::draw::host;
use super::{Scenario, users};
use crate::peer::{PeerPlan, Says, Trick};
use crate::random::Random;
use crate::world::WorldPlan;
use periplus_ring::memory::LinkOptions;
use std::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// The first of the ports that the peer listens on, one a flow.
const PORTS: u16 = 1000;

/// The scenario of `seed`, whose numbers go on in `random`.
pub(super) fn draw(seed: u64, mut random: Random) -> Scenario {
    let mut parts = [(); 3].map(|()| random.fork());
    let [hosts, users, peers] = &mut parts;
    let mut flows = users::flows(users);
    flows.sort_by_key(|flow| flow.starts);
    for (number, flow) in (0..).zip(&mut flows) {
        if flow.to == 1 {
            flow.port = PORTS + number;
        }
    }
    let peer = peer(peers);
    Scenario {
        seed,
        path_mtu: vec![None],
        attacks: Vec::new(),
        heals_after: peer.until,
        healed: vec![None],
        world: WorldPlan {
            parks_at_once: false,
            hosts: vec![host(hosts)],
            peer: Some(peer),
            link: LinkOptions {
                offloads: hosts.one_in(2),
                frames: hosts.pick(&[256, 1024, 4096]),
                ring_size: hosts.pick(&[64, 256, 1024]),
                drop_when_full: hosts.one_in(2),
                ..LinkOptions::default()
            },
            flows,
            // what a peer may do that contradicts itself is not for the oracle to say yet
            watched: false,
        },
    }
}

fn peer(random: &mut Random) -> PeerPlan {
    // a few tricks at a time, or all of them
    let tricks = match random.below(4) {
        0 => Trick::ALL.to_vec(),
        1 => Trick::ALL
            .into_iter()
            .filter(|trick| !trick.breaks())
            .collect(),
        _ => (0..random.between(1..=3))
            .map(|_| random.pick(&Trick::ALL))
            .collect(),
    };
    let options = random.below(16);
    PeerPlan {
        seed: random.number(),
        shame: random.pick(&[0.02, 0.1, 0.3, 0.8]),
        tricks,
        noise: random.one_in(2).then(|| random.time(MILLISECOND..=SECOND)),
        until: random.time(SECOND..=SECOND * 30),
        repents: !random.one_in(4),
        deaf: random.pick(&[0.0, 0.02, 0.1, 0.2]),
        delay: random.time(MILLISECOND / 50..=MILLISECOND * 80),
        says: Says {
            mss: random.pick(&[None, Some(1), Some(88), Some(536), Some(1460), Some(65_535)]),
            window_scale: (options & 1 == 0).then(|| random.between(0..=14) as u8),
            sack: options & 2 == 0,
            timestamps: options & 4 == 0,
        },
    }
}
