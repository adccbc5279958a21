//! What of the host's devices works here, tried out.

use crate::{OpenError, TapDevice, TapOptions, packet};

/// Whether a device works on this host, for this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The device: `memory`, `tap`, …
    pub device: &'static str,
    /// It does.
    pub works: bool,
    /// What it is good for; what is missing, if it does not work.
    pub detail: String,
    /// What to do about it.
    pub fix: Option<String>,
}

impl Finding {
    fn works(device: &'static str, detail: impl Into<String>) -> Self {
        Self {
            device,
            works: true,
            detail: detail.into(),
            fix: None,
        }
    }

    fn fails(device: &'static str, error: &OpenError) -> Self {
        Self {
            device,
            works: false,
            detail: error.what().to_owned(),
            fix: error.advice().map(str::to_owned),
        }
    }
}

/// Opens every kind of device and closes it again, where that changes nothing that exists.
pub fn look() -> Vec<Finding> {
    vec![memory(), tap(), packet()]
}

fn memory() -> Finding {
    Finding::works(
        "memory",
        "behind an ordinary socket of the host; needs nothing",
    )
}

/// Makes an interface of a new name for a moment.
fn tap() -> Finding {
    match TapDevice::open(&TapOptions::default()) {
        Ok(_) => Finding::works(
            "tap",
            "an interface of its own; the host's kernel is the peer",
        ),
        Err(error) => Finding::fails("tap", &error),
    }
}

/// Opens a socket, and binds it to nothing: an interface is taken over only when somebody names it.
fn packet() -> Finding {
    match packet::try_socket() {
        Ok(()) => Finding::works(
            "packet",
            "an interface that exists, taken over until the end",
        ),
        Err(error) => Finding::fails("packet", &error),
    }
}
