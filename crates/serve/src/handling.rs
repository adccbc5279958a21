//! Calling the handler: in time, and without a panic.

use crate::caught::caught;
use crate::counters::ServeCounters;
use crate::options::ServeOptions;
use crate::pages::page;
use bytes::Bytes;
use http::{Response, StatusCode};
use std::pin::pin;
use tokio::time::timeout;

/// Why a handler made no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unmade {
    /// It panicked.
    Panicked,
    /// It took too long.
    Late,
}

/// Waits for what a handler makes. While it may wait for the request's content it is not late: `waits_for_content` is asked
/// once in a `handler_timeout`.
pub(crate) async fn handled<T>(
    handling: impl Future<Output = T>,
    options: &ServeOptions,
    mut waits_for_content: impl FnMut() -> bool,
) -> Result<T, Unmade> {
    let mut handling = pin!(caught(handling));
    loop {
        match timeout(options.handler_timeout, handling.as_mut()).await {
            Ok(made) => return made.ok_or(Unmade::Panicked),
            Err(_) if waits_for_content() => {}
            Err(_) => return Err(Unmade::Late),
        }
    }
}

impl Unmade {
    /// The answer in place of the one that was not made; it is counted.
    pub(crate) fn page(self, counters: &ServeCounters) -> Response<Bytes> {
        match self {
            Unmade::Panicked => {
                counters.handler_panics.increment();
                let explanation = "Something broke here while the answer was being made.";
                page(StatusCode::INTERNAL_SERVER_ERROR, explanation)
            }
            Unmade::Late => {
                counters.handler_timeouts.increment();
                let explanation = "Making the answer took too long. It may work in a moment.";
                page(StatusCode::SERVICE_UNAVAILABLE, explanation)
            }
        }
    }
}
