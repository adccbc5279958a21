//! Several hosts behind one bottleneck: what experiments on congestion are made of.

use periplus_ring::fault::FaultOptions;
use periplus_sim::world::{FlowPlan, HostPlan, ListenerPlan, UserPlan, World, WorldPlan};
use std::time::Duration;

const DELAY: Duration = Duration::from_millis(10);
/// Bits a second.
const RATE: u64 = 20_000_000;

/// `clients` hosts send to the first, over the one link of `RATE` to it.
fn world(clients: usize) -> World {
    let far = |rate| FaultOptions {
        delay: DELAY,
        rate,
        longest_wait: Some(2 * DELAY),
        ..FaultOptions::default()
    };
    let server = HostPlan {
        faults: Some(far(Some(RATE))),
        listeners: vec![ListenerPlan::on(80)],
        ..HostPlan::default()
    };
    let client = |number| HostPlan {
        faults: Some(far(None)),
        secret: number as u64,
        ..HostPlan::default()
    };
    let flow = |number| FlowPlan {
        from: number,
        to: 0,
        port: 80,
        from_port: None,
        starts: Duration::from_millis(number as u64),
        opener: UserPlan {
            sends: u64::MAX,
            ..UserPlan::default()
        },
        acceptor: UserPlan::default(),
    };
    World::new(&WorldPlan {
        parks_at_once: false,
        hosts: [server]
            .into_iter()
            .chain((1..=clients).map(client))
            .collect(),
        flows: (1..=clients).map(flow).collect(),
        watched: false,
        ..WorldPlan::default()
    })
}

#[test]
fn flows_of_several_hosts_share_one_link_and_fill_it() {
    let mut world = world(4);
    world
        .run_for(Duration::from_secs(2))
        .expect("what is read is what was sent");
    let before: Vec<u64> = world.flows.iter().map(|flow| flow.delivered()).collect();
    world
        .run_for(Duration::from_secs(4))
        .expect("what is read is what was sent");
    let after = world.flows.iter().map(|flow| flow.delivered());
    let bytes: Vec<u64> = after
        .zip(before)
        .map(|(after, before)| after - before)
        .collect();
    let goodput = bytes.iter().sum::<u64>() * 8 / 4;
    assert!(
        goodput > RATE * 85 / 100,
        "{goodput} bits a second: {bytes:?}"
    );
    assert!(goodput < RATE, "{goodput} bits a second: {bytes:?}");
    assert!(bytes.iter().all(|&bytes| bytes > 0), "{bytes:?}");
}
