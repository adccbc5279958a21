//! Two stacks over a link that loses, reorders, duplicates and corrupts.

use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_tests::{Pair, Stream, content, options};
use std::time::Duration;

const LENGTH: u64 = 2 << 20;
const SEEDS: u64 = 50;

/// A fifth of the frames is lost.
fn faults(seed: u64) -> FaultOptions {
    FaultOptions {
        seed,
        loss: 0.2,
        duplicate: 0.05,
        reorder: 0.1,
        corrupt: 0.02,
        delay: Duration::from_millis(5),
        jitter: Duration::from_millis(5),
        ..FaultOptions::default()
    }
}

/// Both send 2 MiB at once, both end, and every frame is accounted for.
fn transfer(faults: FaultOptions, link: LinkOptions) -> Pair {
    let mut pair = Pair::with_link(options(), options(), faults, link);
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let mut client = Stream::new(client, content(0..LENGTH));
    let mut server = Stream::new(server, content(0..LENGTH));
    pair.run_until(Duration::from_secs(48 * 3600), |pair| {
        client
            .pump(&mut pair.client, pair.now)
            .expect("the client's connection holds");
        server
            .pump(&mut pair.server, pair.now)
            .expect("the server's connection holds");
        client.is_done() && server.is_done()
    });
    assert!(client.received == content(0..LENGTH));
    assert!(server.received == content(0..LENGTH));
    pair.server.shard.close(pair.now, server.id);
    pair.client.shard.close(pair.now, client.id);
    while pair.step() {}
    assert_eq!(pair.server.shard.connection_counts(), (0, 0, 0));
    assert_eq!(pair.client.shard.connection_counts(), (0, 0, 0));
    pair.check_conservation();
    pair
}

#[test]
fn two_mebibytes_each_way_arrive_exactly_over_a_link_that_loses_a_fifth() {
    // Two threads, for the sake of who waits for the tests.
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || {
                for seed in (half..SEEDS).step_by(2) {
                    transfer(faults(seed), LinkOptions::default());
                }
            });
        }
    });
}

#[test]
fn two_mebibytes_arrive_exactly_where_the_device_offloads_nothing() {
    for seed in 0..5 {
        let link = LinkOptions {
            offloads: false,
            ..LinkOptions::default()
        };
        transfer(faults(seed), link);
    }
}

#[test]
fn a_perfect_link_needs_no_retransmission() {
    let pair = transfer(FaultOptions::default(), LinkOptions::default());
    for host in [&pair.server, &pair.client] {
        assert_eq!(host.shard.counters().tcp_retrans_segs, 0);
    }
}
