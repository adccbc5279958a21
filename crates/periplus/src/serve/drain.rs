//! The end of a run: what is in flight is finished, until that takes too long or a second signal comes.

use super::entrance::Stack;
use super::reload::Reload;
use super::servers::Servers;
use crate::signals::{Signal, Signals};
use crate::talk;
use periplus_net::Snapshot;
use periplus_serve::Drained;
use std::io;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long the last acknowledgements may take when everything else is done.
const FAREWELL: Duration = Duration::from_secs(1);

/// How it came to an end.
pub(super) enum End {
    /// A server could not go on.
    Failed(io::Error),
    /// Every answer in flight was written. Until then the stack may deliver them.
    Drained { latest: Instant },
    /// As many connections were not finished.
    Late(usize),
    /// A second signal came.
    AtOnce,
}

impl End {
    /// How long the stack may still deliver what was written.
    pub(super) fn grace(&self) -> Duration {
        match self {
            Self::Drained { latest } => latest.saturating_duration_since(Instant::now()),
            Self::Failed(_) => FAREWELL,
            Self::Late(_) | Self::AtOnce => Duration::ZERO,
        }
    }

    /// How many connections were cut off because their time was up.
    pub(super) fn cut(&self, last: Option<&Snapshot>) -> usize {
        match self {
            Self::Drained { .. } => last.map_or(0, |last| last.undelivered),
            Self::Late(cut) => *cut,
            Self::Failed(_) | Self::AtOnce => 0,
        }
    }
}

/// Serves until a signal, and then finishes what is in flight.
pub(super) async fn until_the_end(
    servers: &mut Servers,
    stack: &Stack,
    reload: &mut Reload<'_>,
    signals: &mut Signals,
) -> End {
    loop {
        let signal = tokio::select! {
            ended = servers.ended() => return match ended {
                Ok(_) => End::Drained { latest: Instant::now() + FAREWELL },
                Err(error) => End::Failed(error),
            },
            signal = signals.next() => signal,
        };
        match signal {
            Signal::End => break,
            Signal::Reload => reload.reload(servers),
            Signal::Rotate => reload.rotate(),
        }
    }
    reload.stopping();
    stack.stop_accepting().await;
    let open = match stack.connections().await {
        Ok(open) => counted(open),
        Err(error) => return End::Failed(error),
    };
    let limit = reload.drain();
    talk::say(&format!(
        "Draining {open}, for up to {} seconds; a second signal ends at once",
        limit.as_secs_f64()
    ));
    servers.stop();
    let finished = finish(servers, stack, Instant::now() + limit);
    tokio::select! {
        end = finished => end,
        () = signals.end() => End::AtOnce,
    }
}

async fn finish(servers: &mut Servers, stack: &Stack, latest: Instant) -> End {
    // The servers have the same limit, and cut off what does not keep it.
    match servers.ended().await {
        Err(error) => End::Failed(error),
        Ok(Drained { cut: 0, .. }) => match stack {
            // The clients are on the other side of the host's kernel, and the stack has delivered when the gateway has.
            Stack::Own {
                gateway: Some(gateway),
                ..
            } => match timeout_at(latest, gateway.drain()).await {
                Ok(()) => End::Drained {
                    latest: Instant::now() + FAREWELL,
                },
                Err(_) => End::Late(gateway.connections()),
            },
            Stack::Own { .. } | Stack::Host { .. } => End::Drained { latest },
        },
        Ok(Drained { cut, .. }) => End::Late(cut),
    }
}

/// Ends the stack, at once if there is another signal.
pub(super) async fn shut_down(
    stack: &Stack,
    grace: Duration,
    signals: &mut Signals,
) -> io::Result<Option<Snapshot>> {
    let mut ending = pin!(stack.shut_down(grace));
    tokio::select! {
        last = &mut ending => last,
        () = signals.end() => stack.shut_down(Duration::ZERO).await,
    }
}

/// How many, in words.
pub(super) fn counted(connections: usize) -> String {
    let ending = if connections == 1 { "" } else { "s" };
    format!("{connections} connection{ending}")
}
