//! `[tcp]`: the knobs, by the names that `sysctl` has for them.

use super::section::Section;
use crate::failure::Failure;
use periplus_net::{SysctlError, Sysctls};

/// How much memory there is stands in `[memory]`, with its unit.
const ELSEWHERE: &str = "tcp_mem";

/// The names of the knobs.
pub(super) fn keys() -> Vec<&'static str> {
    let names = Sysctls::NAMES.iter().copied();
    names.filter(|name| *name != ELSEWHERE).collect()
}

/// The knobs as the section sets them, and where it says nothing as they are usually.
pub(super) fn sysctls(section: &Section<'_>) -> Result<Sysctls, Failure> {
    let mut sysctls = Sysctls::default();
    for key in keys() {
        let Some(value) = section.as_written(key) else {
            continue;
        };
        if let Err(SysctlError::Invalid(expected)) = sysctls.set(key, &value) {
            return Err(section.mistyped_at(key, expected));
        }
    }
    Ok(sysctls)
}
