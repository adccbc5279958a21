//! The end of a run: what is in flight is finished, until that takes too long or a second signal comes.

use super::servers::Servers;
use crate::signals::Signals;
use crate::talk;
use periplus_net::gateway::Gateway;
use periplus_serve::Drained;
use std::io;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long what is in flight may take when the server is asked to end.
pub(super) const DRAIN: Duration = Duration::from_secs(10);

/// How it came to an end.
pub(super) enum End {
    /// A server could not go on.
    Failed(io::Error),
    /// Everything in flight was finished.
    Drained,
    /// As many connections were not.
    Late(usize),
    /// A second signal came.
    AtOnce,
}

/// Serves until a signal, and then finishes what is in flight.
pub(super) async fn until_the_end(
    servers: &mut Servers,
    gateway: &Gateway,
    signals: &mut Signals,
) -> End {
    tokio::select! {
        ended = servers.ended() => return ended.map_or_else(End::Failed, |_| End::Drained),
        () = signals.next() => {}
    }
    gateway.stop_accepting().await;
    let open = counted(gateway.connections());
    let limit = DRAIN.as_secs();
    talk::say(&format!(
        "Draining {open}, for up to {limit} seconds; a second signal ends at once"
    ));
    servers.stop();
    let latest = Instant::now() + DRAIN;
    let finished = async {
        // The servers have the same limit, and cut off what does not keep it.
        match servers.ended().await {
            Err(error) => End::Failed(error),
            Ok(Drained { cut: 0, .. }) => match timeout_at(latest, gateway.drain()).await {
                Ok(()) => End::Drained,
                Err(_) => End::Late(gateway.connections()),
            },
            Ok(Drained { cut, .. }) => End::Late(cut),
        }
    };
    tokio::select! {
        end = finished => end,
        () = signals.next() => End::AtOnce,
    }
}

/// How many, in words.
pub(super) fn counted(connections: usize) -> String {
    let ending = if connections == 1 { "" } else { "s" };
    format!("{connections} connection{ending}")
}
