//! Several flows through one bottleneck, and one alone.

use super::bottleneck::{Bottleneck, Flow};
use periplus_tcp::Sysctls;
use std::time::Duration;

/// 100 Mbit/s.
const PATH: Bottleneck = Bottleneck {
    rate: 100_000_000,
    round_trip: Duration::from_millis(20),
    loss: 0.0,
    seed: 1,
};

/// Jain's index: 1 where all have the same, 1/n where one has everything.
fn jain(shares: &[u64]) -> f64 {
    let sum: f64 = shares.iter().map(|&share| share as f64).sum();
    let squares: f64 = shares.iter().map(|&share| (share as f64).powi(2)).sum();
    sum * sum / (shares.len() as f64 * squares)
}

#[test]
fn four_flows_share_a_bottleneck_fairly() {
    let mut pair = PATH.pair(Sysctls::default());
    let mut flows: Vec<Flow> = (0..4)
        .map(|flow| Flow::begin(&mut pair, 80 + flow, 18_000_000))
        .collect();
    let began = pair.now;
    let end = began + Duration::from_secs(5);
    pair.wake_at(end);
    pair.run_until(Duration::from_secs(6), |pair| {
        flows.iter_mut().for_each(|flow| flow.pump(pair));
        pair.now >= end
    });
    let shares: Vec<u64> = flows.iter().map(Flow::received).collect();
    let together = shares.iter().sum::<u64>() as f64 * 8.0 / pair.now.since(began).as_secs_f64();
    let index = jain(&shares);
    println!(
        "{shares:?}: Jain {index:.4}, together {:.1} Mbit/s",
        together / 1e6
    );
    assert!(index >= 0.95, "{shares:?}: {index}");
    assert!(together >= 90e6, "{together}");
}
