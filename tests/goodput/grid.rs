//! Loss × delay → goodput.

use super::bottleneck::{Bottleneck, Flow};
use super::plot;
use periplus_tcp::Sysctls;
use std::fmt::Write;
use std::time::Duration;
use std::{env, fs, thread};

/// Set to 1, the test writes the table and the picture instead of comparing with them.
const RENEW: &str = "PERIPLUS_NEW_SNAPSHOTS";

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/goodput.txt");
const PICTURE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../manual/pictures/goodput.svg"
);

/// Frames lost of a thousand.
pub(crate) const LOSSES: [f64; 6] = [0.0, 1.0, 5.0, 10.0, 20.0, 50.0];
/// Round trips in milliseconds.
pub(crate) const ROUND_TRIPS: [u64; 5] = [2, 10, 20, 50, 100];
/// Megabits that the path carries in a second.
pub(crate) const RATE: u64 = 50;

/// Bytes of a transfer.
const LENGTH: usize = 6_000_000;
/// Seeds of which the median is taken.
const SEEDS: u64 = 3;
/// More than the slowest transfer takes.
const LIMIT: Duration = Duration::from_secs(3600);

/// Megabits a second that arrive from the first SYN to the last byte.
fn goodput(loss: f64, round_trip: u64) -> f64 {
    let mut rates: Vec<f64> = (1..=SEEDS)
        .map(|seed| once(loss, round_trip, seed))
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn once(loss: f64, round_trip: u64, seed: u64) -> f64 {
    let path = Bottleneck {
        rate: RATE * 1_000_000,
        round_trip: Duration::from_millis(round_trip),
        loss: loss / 1000.0,
        seed,
    };
    let mut pair = path.pair(Sysctls::default());
    let began = pair.now;
    let mut flow = Flow::begin(&mut pair, 80, LENGTH);
    pair.run_until(LIMIT, |pair| {
        flow.pump(pair);
        flow.done.is_some()
    });
    let took = pair.now.since(began).as_secs_f64();
    LENGTH as f64 * 8.0 / took / 1e6
}

/// A row for each loss, a column for each round trip.
fn measure() -> Vec<Vec<f64>> {
    thread::scope(|scope| {
        let rows = LOSSES.map(|loss| {
            scope.spawn(move || {
                ROUND_TRIPS
                    .map(|round_trip| goodput(loss, round_trip))
                    .to_vec()
            })
        });
        rows.map(|row| row.join().expect("every transfer ends"))
            .to_vec()
    })
}

fn table(rows: &[Vec<f64>]) -> String {
    let mut table = format!(
        "Goodput in Mbit/s of {} MB over a path of {RATE} Mbit/s whose queue holds a bandwidth-delay product: the median of\n\
         {SEEDS} seeds, on virtual time, from the SYN to the last byte. Written by tests/goodput/grid.rs.\n\n",
        LENGTH / 1_000_000
    );
    let _ = write!(table, "frames lost ");
    for round_trip in ROUND_TRIPS {
        let _ = write!(table, "{:>9}", format!("{round_trip} ms"));
    }
    for (loss, row) in LOSSES.iter().zip(rows) {
        let _ = write!(table, "\n{:>11} ", format!("{} %", loss / 10.0));
        for goodput in row {
            let _ = write!(table, "{goodput:>9.2}");
        }
    }
    table.push('\n');
    table
}

#[test]
fn loss_and_delay_cost_as_much_as_the_table_says_and_no_more() {
    let rows = measure();
    for (path, made) in [(TABLE, table(&rows)), (PICTURE, plot::draw(&rows))] {
        if env::var_os(RENEW).is_some() {
            fs::write(path, made).expect("it can be written");
            continue;
        }
        let kept = fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == made,
            "{path} differs from what is measured now. Where that is meant, renew it:\n  \
             {RENEW}=1 cargo test -p periplus-tests --test goodput\n\nkept\n{kept}\nmeasured\n{}",
            table(&rows)
        );
    }
}
