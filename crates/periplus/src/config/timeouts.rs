//! `[timeouts]`: how long a client may keep the server waiting.

use super::section::Section;
use crate::failure::Failure;
use periplus_serve::ServeOptions;
use std::time::Duration;

pub(super) const KEYS: [&str; 6] = ["idle", "header", "stall", "handler", "linger", "least_rate"];

/// What the section says, and where it says nothing the usual.
pub(super) fn options(section: &Section<'_>) -> Result<ServeOptions, Failure> {
    let usual = ServeOptions::default();
    let time = |key, usual| {
        let time = section.parsed(key, "a time, as \"15 s\"", time)?;
        Ok(time.map_or(usual, |(time, _)| time))
    };
    let rate = section.number("least_rate", "bytes a second, 0 to 4294967295", ..)?;
    Ok(ServeOptions {
        idle_timeout: time("idle", usual.idle_timeout)?,
        header_timeout: time("header", usual.header_timeout)?,
        stall_timeout: time("stall", usual.stall_timeout)?,
        handler_timeout: time("handler", usual.handler_timeout)?,
        linger_timeout: time("linger", usual.linger_timeout)?,
        least_rate: rate.unwrap_or(usual.least_rate),
        ..usual
    })
}

/// A number of milliseconds, seconds or minutes. None is 0: it would be over before it began.
fn time(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_once(' ')?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "min" => 60_000,
        _ => return None,
    };
    let number: u32 = number.parse().ok().filter(|&number| number > 0)?;
    Some(Duration::from_millis(u64::from(number) * milliseconds))
}
