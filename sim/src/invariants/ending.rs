//! How connections end: with all that was sent, or for a reason that can be named.

use super::{Broken, Invariant};
use crate::scenario::Scenario;
use crate::world::{End, Flow, Host, Stage, User, World};
use periplus_journey::Instant;
use periplus_stack::StreamError;
use std::time::Duration;

/// How long after it heals a keepalive may still find that nobody answered: nine probes, 20 s apart, after 30 s of idling.
const KEEPALIVE: Duration = Duration::from_secs(30 + 9 * 20 + 30);

/// How long after it healed an attempt to connect may still fail that began while the network was bad.
const HANDSHAKE: Duration = Duration::from_secs(140);

/// Ends whose other end is over, and which have nothing to send that would tell them, give up.
pub fn release_the_forsaken(world: &mut World) {
    let now = world.now;
    let (hosts, flows) = (&mut world.hosts, &mut world.flows);
    for flow in flows.iter_mut().filter(|flow| !flow.is_over()) {
        // a handshake that its server has given up counts as well
        let acceptor_is_over = flow.acceptor.is_over() || flow.acceptor.connection().is_none();
        let is_held = flow.opener.connection().is_some();
        if let Some(host) = hosts.get_mut(flow.plan.from)
            && is_held
            && acceptor_is_over
            && is_idle(&flow.opener, host)
        {
            flow.opener.is_released(host, now);
        }
        let opener_is_over = flow.opener.is_over() || matches!(flow.stage, Stage::Failed(_));
        if let Some(host) = hosts.get_mut(flow.plan.to)
            && opener_is_over
            && is_idle(&flow.acceptor, host)
        {
            flow.acceptor.is_released(host, now);
        }
    }
}

/// Whether nothing of it is on its way: the peer's silence tells it nothing.
fn is_idle(user: &User, host: &Host) -> bool {
    let connection = user.connection().and_then(|id| host.shard.connection(id));
    connection.is_none_or(|connection| {
        let lengths = connection.queue_lengths();
        lengths.send_queue + lengths.retransmit_queue == 0
    })
}

/// Every flow is complete, or somebody gave it up, or the network did.
///
/// # Errors
/// A flow that lacks bytes, or failed for no reason.
pub fn flows_ended_for_a_reason(scenario: &Scenario, world: &World) -> Result<(), Broken> {
    let heals = World::BEGINNING + scenario.heals_after;
    for flow in &world.flows {
        let context = |what: String| format!("flow {}: {what}", flow.number);
        let both = [
            (&flow.opener, &flow.acceptor),
            (&flow.acceptor, &flow.opener),
        ];
        for (reader, writer) in both {
            if let Some((at, End::Orderly)) = reader.end
                && reader.read != writer.written
            {
                let what = format!(
                    "{} bytes were read to the end, of {} written",
                    reader.read, writer.written
                );
                return Err(Invariant::Integrity.broken(at, context(what)));
            }
            if let Some((at, End::Failed(error))) = reader.end
                && let Err(why) = explain(scenario, world, flow, (reader, writer), at, error)
            {
                return Err(Invariant::Explained.broken(at, context(format!("{error}: {why}"))));
            }
        }
        if let Stage::Failed(error) = flow.stage
            && world.now > heals + HANDSHAKE
            && !host_resets(world, flow)
        {
            let what = format!(
                "it could not connect in {} attempts: {error}",
                flow.attempts
            );
            return Err(Invariant::Explained.broken(world.now, context(what)));
        }
    }
    Ok(())
}

/// Whether the server answers by RST where its accept queue is full.
fn host_resets(world: &World, flow: &Flow) -> bool {
    let host = &world.hosts[flow.plan.to];
    host.shard.options().tcp.tcp_abort_on_overflow
}

/// Why the connection of the first of `users` failed at `at`.
fn explain(
    scenario: &Scenario,
    world: &World,
    flow: &Flow,
    (user, other): (&User, &User),
    at: Instant,
    error: StreamError,
) -> Result<(), &'static str> {
    let heals = World::BEGINNING + scenario.heals_after;
    match (error, other.end) {
        // the other end gave up, or failed before
        (_, Some((then, End::GaveUp | End::Failed(_)))) if then <= at => Ok(()),
        (StreamError::TimedOut, _)
            if at <= heals + KEEPALIVE && keeps_alive(scenario, flow, user) =>
        {
            Ok(())
        }
        (StreamError::TimedOut, _) => Err("nothing lets it time out so early"),
        // the listener never handed it out: its handshake was given up, or its queue was full
        _ if other.connection().is_none() => Ok(()),
        _ if was_attacked(scenario, flow, at) => Ok(()),
        // a cookie and a few bytes more are no cookie: data that overtakes the handshake's ACK is answered by a RST
        (StreamError::Reset | StreamError::BrokenPipe, _) if sent_cookies(world, flow) => Ok(()),
        _ => Err("the other end did nothing to it"),
    }
}

/// Whether a stranger has slipped in a RST that has to be believed.
fn was_attacked(scenario: &Scenario, flow: &Flow, at: Instant) -> bool {
    scenario.attacks.iter().any(|attack| {
        let is_before = World::BEGINNING + attack.after <= at;
        attack.flow == flow.number as usize && attack.forgery.is_deadly() && is_before
    })
}

/// Whether a cookie was sent by the host that the flow is to.
pub(super) fn sent_cookies(world: &World, flow: &Flow) -> bool {
    world.hosts[flow.plan.to].shard.counters().syncookies_sent > 0
}

/// Whether its options, now or later, or its listener's ask for keepalive.
fn keeps_alive(scenario: &Scenario, flow: &Flow, user: &User) -> bool {
    let plan = user.plan();
    let listeners = &scenario.world.hosts[flow.plan.to].listeners;
    let inherited = listeners
        .iter()
        .filter(|listener| listener.port == flow.plan.port);
    let own = plan.options.into_iter();
    let later = plan.changes.iter().map(|(_, options)| *options);
    let mut all = own
        .chain(later)
        .chain(inherited.map(|listener| listener.options));
    all.any(|options| options.keep_alive)
}
