//! Two stacks over a link that loses, reorders, duplicates and corrupts.

use periplus_ring::Device;
use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_stack::ShardOptions;
use periplus_tcp::Sysctls;
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
fn transfer(mut pair: Pair) -> Pair {
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let mut client = Stream::new(client, content(0..LENGTH));
    let mut server = Stream::new(server, content(0..LENGTH));
    pair.run_until(Duration::from_secs(48 * 3600), |pair| {
        let now = pair.now;
        client
            .pump(&mut pair.client, now)
            .expect("the client's connection holds");
        server
            .pump(&mut pair.server, now)
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

fn retransmissions(pair: &Pair) -> [u64; 2] {
    [&pair.server, &pair.client].map(|host| host.shard.counters().tcp_retrans_segs)
}

#[test]
fn two_mebibytes_each_way_arrive_exactly_over_a_link_that_loses_a_fifth() {
    let transfer = |seed| {
        let both = [options(), options()];
        transfer(Pair::faulty(both, faults(seed), LinkOptions::default()));
    };
    // Two threads, for the sake of who waits for the tests.
    std::thread::scope(|scope| {
        scope.spawn(|| (0..SEEDS / 2).for_each(transfer));
        (SEEDS / 2..SEEDS).for_each(transfer);
    });
}

/// Both ways to repair loss hold, and ECN changes nothing where no router marks.
#[test]
fn so_it_is_without_sack_and_with_ecn() {
    for (seed, tcp_sack, tcp_ecn) in [(1, false, 2), (2, false, 1), (3, true, 1)] {
        let tcp = Sysctls {
            tcp_sack,
            tcp_ecn,
            ..Sysctls::default()
        };
        let both = [(); 2].map(|()| ShardOptions { tcp, ..options() });
        let pair = transfer(Pair::faulty(both, faults(seed), LinkOptions::default()));
        let counters = pair.client.shard.counters();
        assert_eq!(counters.tcp_sack_recovery > 0, tcp_sack);
        assert_eq!(counters.tcp_reno_recovery > 0, !tcp_sack);
        assert_eq!(counters.ip_in_ect0_pkts > 0, tcp_ecn == 1);
    }
}

#[test]
fn a_perfect_link_needs_no_retransmission() {
    assert_eq!(retransmissions(&transfer(Pair::perfect())), [0, 0]);
}

#[test]
fn nor_does_one_that_offloads_nothing() {
    let link = LinkOptions {
        offloads: false,
        ..LinkOptions::default()
    };
    let pair = transfer(Pair::joined(options(), options(), link));
    assert_eq!(retransmissions(&pair), [0, 0]);
}

/// What finds no room in the ring stays in the send queue.
#[test]
fn nor_does_one_with_small_rings() {
    let link = LinkOptions {
        ring_size: 4,
        offloads: false,
        ..LinkOptions::default()
    };
    let pair = transfer(Pair::joined(options(), options(), link));
    assert_eq!(retransmissions(&pair), [0, 0]);
}

/// A ring that overflows, as a NIC's does: what is dropped there is counted there.
#[test]
fn a_ring_that_overflows_costs_retransmissions_and_is_counted() {
    let link = LinkOptions {
        ring_size: 8,
        offloads: false,
        drop_when_full: true,
        ..LinkOptions::default()
    };
    let pair = transfer(Pair::joined(options(), options(), link));
    let dropped = pair.server.device.statistics().rx_ring_full;
    assert!(dropped > 0, "nothing overflowed");
    assert!(retransmissions(&pair)[1] > 0);
}
