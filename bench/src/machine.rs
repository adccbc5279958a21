//! What the figures were measured on.

use std::fs;

/// Above this much other load the figures are not to be trusted.
const IDLE: f64 = 0.5;

/// The machine in a line.
pub(crate) fn describe() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {count} logical processors")
}

/// How busy it is, in words; a warning on stderr if others keep it busier than the bench's `own` load.
pub(crate) fn load_beside(own: f64) -> String {
    let Some([minute, five, fifteen]) = load() else {
        return "unknown".into();
    };
    if minute > own + IDLE {
        eprintln!(
            "warning: the load average is {minute}, so others use this machine too: compare ratios at most, or wait"
        );
    }
    format!("{minute} {five} {fifteen}")
}

/// The load averages over 1, 5 and 15 minutes.
fn load() -> Option<[f64; 3]> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    let mut numbers = text.split(' ').map_while(|number| number.parse().ok());
    Some([numbers.next()?, numbers.next()?, numbers.next()?])
}
