//! Instructions of one iteration, exactly: valgrind counts a short and a long run, and what both have in common, the
//! beginning, goes out.

use crate::contestant::Who;
use crate::works::Name;
use std::process::Command;

const SHORT: u32 = 1000;
const LONG: u32 = 3000;

/// Instructions of one iteration of `work` on `who`'s stack.
///
/// # Errors
/// valgrind is missing, or says something else than expected.
pub(crate) fn count(work: Name, who: Who) -> Result<u64, String> {
    let [short, long] = [total(work, who, SHORT)?, total(work, who, LONG)?];
    Ok((long - short) / u64::from(LONG - SHORT))
}

fn total(work: Name, who: Who, iterations: u32) -> Result<u64, String> {
    let bench = std::env::current_exe().map_err(|error| format!("own path: {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(bench)
        .args(["once", work.as_str(), who.name()])
        .arg(iterations.to_string())
        .output()
        .map_err(|error| format!("valgrind counts instructions and cannot be run ({error}): install it, or leave --instructions out"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let counted = said
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    counted.filter(|_| output.status.success()).ok_or_else(|| {
        format!(
            "valgrind did not count {} at {}:\n{said}",
            who.name(),
            work.as_str()
        )
    })
}
