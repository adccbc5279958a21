//! Who takes connections off a listener's queue.

use super::flow::Flow;
use super::host::Host;
use super::plan::ListenerPlan;
use super::user::ends;
use crate::oracle::Call;
use periplus_journey::Instant;
use periplus_stack::{Accepted, ListenerId};
use std::net::{Ipv4Addr, SocketAddr};

/// A listener and its user.
#[derive(Debug)]
pub struct Listening {
    /// On which host, by number.
    pub host: usize,
    /// The listener.
    pub id: ListenerId,
    /// What it was to be.
    pub plan: ListenerPlan,
    may_accept: bool,
    accepts_at: Instant,
}

impl Listening {
    pub(super) fn open(host: usize, stack: &mut Host, plan: ListenerPlan, now: Instant) -> Self {
        let local = SocketAddr::from((Ipv4Addr::UNSPECIFIED, plan.port));
        let id = match stack.shard.listen(local, plan.backlog) {
            Ok(id) => id,
            Err(error) => panic!("no listener on port {}: {error}", plan.port),
        };
        stack.shard.set_listener_options(now, id, plan.options);
        if let SocketAddr::V4(local) = local {
            let call = Call::Listen(local, plan.backlog as u32);
            stack.port.witness.call(now, call);
        }
        Self {
            host,
            id,
            plan,
            may_accept: true,
            accepts_at: now,
        }
    }

    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.may_accept.then_some(self.accepts_at)
    }

    /// Takes what may be taken now, for the flows that it belongs to. Returns whether that was anything.
    ///
    /// # Errors
    /// The connection that nobody has opened.
    pub(super) fn pump(
        &mut self,
        host: &mut Host,
        flows: &mut [Flow],
        now: Instant,
    ) -> Result<bool, String> {
        self.may_accept |= host.take_acceptable(self.id);
        let mut accepted_any = false;
        while self.may_accept && self.accepts_at <= now {
            let Some(accepted) = host.shard.accept(now, self.id) else {
                self.may_accept = false;
                break;
            };
            accepted_any = true;
            self.accepts_at = now + self.plan.accept_pause;
            hand_on(host, flows, now, accepted)?;
        }
        Ok(accepted_any)
    }
}

fn hand_on(
    host: &mut Host,
    flows: &mut [Flow],
    now: Instant,
    accepted: Accepted,
) -> Result<(), String> {
    if !flows
        .iter()
        .any(|flow| flow.locals.contains(&accepted.peer))
    {
        let Accepted { peer, local, .. } = accepted;
        return Err(format!(
            "{local} has accepted a connection from {peer}, who has opened none"
        ));
    }
    let both = ends((accepted.local, accepted.peer));
    if let Some(ends) = both {
        host.port.witness.call(now, Call::Accept(ends));
    }
    let mut flows = flows.iter_mut();
    let of_flow =
        |flow: &&mut Flow| flow.local == Some(accepted.peer) && flow.remote() == accepted.local;
    // With SYN cookies a late copy of what opened a connection opens it once more.
    let is_first = |flow: &&mut Flow| flow.accepted != Some(accepted.peer);
    match flows.find(of_flow).filter(is_first) {
        Some(flow) => flow.is_accepted(host, now, accepted.id),
        None => {
            // Or its client has given up, and perhaps tried again.
            host.shard.abort(now, accepted.id);
            if let Some(ends) = both {
                host.port.witness.call(now, Call::Abort(ends));
            }
            host.shard.close(now, accepted.id);
        }
    }
    Ok(())
}
