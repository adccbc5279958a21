//! What the figures were measured on.

use std::fs;

/// Above this much other load the figures are not to be trusted.
const IDLE: f64 = 0.5;

/// Says on stderr which machine this is and how busy.
pub(crate) fn describe() {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    eprintln!("{model}, {count} logical processors");
    let Some(load) = load() else { return };
    eprintln!("load averages {load:?}");
    if load[0] > IDLE {
        eprintln!("warning: the machine is not idle; compare ratios at most, or wait");
    }
}

/// Says so if others have run beside the bench, which is a load of 1 itself.
pub(crate) fn warn_if_busy() {
    let Some(load) = load() else { return };
    eprintln!("load averages {load:?}");
    if load[0] > 1.0 + IDLE {
        eprintln!("warning: the machine was not idle; compare ratios at most, or run again");
    }
}

/// The load averages over 1, 5 and 15 minutes.
fn load() -> Option<[f64; 3]> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    let mut numbers = text.split(' ').map_while(|number| number.parse().ok());
    Some([numbers.next()?, numbers.next()?, numbers.next()?])
}
