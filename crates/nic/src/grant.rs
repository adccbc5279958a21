//! What to do where a right is missing.

use std::env;

/// How to get the two rights that devices of the host need.
pub(crate) fn advice() -> String {
    let program = env::current_exe().ok();
    let program = program.as_ref().and_then(|path| path.to_str());
    let program = program.unwrap_or("PROGRAM");
    format!(
        "It needs CAP_NET_RAW and CAP_NET_ADMIN: start it as root, or grant them by \
         `sudo setcap cap_net_raw,cap_net_admin+ep {program}`."
    )
}
