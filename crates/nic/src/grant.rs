//! What to do where a right is missing.

use std::env;

/// What a packet socket needs on an interface that it takes over.
pub(crate) const PACKET: [&str; 2] = ["cap_net_raw", "cap_net_admin"];
/// What making an interface needs.
pub(crate) const TAP: [&str; 1] = ["cap_net_admin"];

/// How to get the rights that a device of the host needs.
pub(crate) fn advice(rights: &[&str]) -> String {
    let program = env::current_exe().ok();
    let program = program.as_ref().and_then(|path| path.to_str());
    let program = program.unwrap_or("PROGRAM");
    let names: Vec<_> = rights.iter().map(|right| right.to_uppercase()).collect();
    format!(
        "It needs {}: start it as root, or grant that by `sudo setcap {}+ep {program}`.",
        names.join(" and "),
        rights.join(","),
    )
}
