//! No queue beyond its bound, and no storm: looked at while the world turns.

use super::{Broken, Invariant, window};
use crate::world::{Host, User, World};
use periplus_journey::Instant;
use periplus_stack::SocketOptions;

/// Steps between two looks at the queues.
const STRIDE: u64 = 16;

/// Looks in a row that may pass without time moving on.
const LOOKS_AT_ONCE: u32 = 1000;

/// Frames that may pass while no user gets anything: all that was in flight, sent again and acknowledged a few times.
const FRAMES_FOR_NOTHING: u64 = 6000;

/// Bytes of the smallest segments that a peer can ask for.
const SMALL_PIECE: u64 = 30;

/// Times a timer may expire beside those that frames account for.
const TIMEOUTS: u64 = 2000;

/// What a send queue may hold beyond its limit: the rest of a piece that was begun, 64 KiB at most, and what was let in while the
/// overhead of larger pieces was less.
const BUFFER: usize = 2 * 64 * 1024;

/// Times a second that a connection with keepalive looks at its watch: each second, and as often as the timer comes closer on the
/// wheel.
const KEPT_ALIVE: u64 = 4;

/// What a receive queue may hold beyond its limit: data that was promised a place, in frames that are longer than it.
const RECEIVE_SLACK: usize = 64 * 1024;

/// Looks at a world as it turns.
#[derive(Debug, Default)]
pub struct Bounds {
    steps: u64,
    delivered: u64,
    frames_then: u64,
}

impl Bounds {
    /// After each step.
    ///
    /// # Errors
    /// What went beyond its bound.
    pub fn check(&mut self, world: &World) -> Result<(), Broken> {
        self.steps += 1;
        if world.looks_at_once > LOOKS_AT_ONCE {
            let next = world.hosts.iter().map(Host::next_timeout);
            let next: Vec<_> = next.collect();
            let what = format!("the shards want to be called again and again at once: {next:?}");
            return Err(Invariant::Proportion.broken(world.now, what));
        }
        if !self.steps.is_multiple_of(STRIDE) {
            return Ok(());
        }
        self.storms(world)?;
        window::comes_down(world)?;
        queues(world)
    }

    fn storms(&mut self, world: &World) -> Result<(), Broken> {
        let delivered = world.flows.iter().map(|flow| flow.delivered()).sum();
        let frames = world.hosts.iter().map(|host| host.port.witness.sent).sum();
        if delivered != self.delivered {
            self.delivered = delivered;
            self.frames_then = frames;
        }
        let for_nothing = frames - self.frames_then;
        if world.peer.is_none() && for_nothing > FRAMES_FOR_NOTHING {
            let what = format!("{for_nothing} frames were sent, and no user got a byte");
            return Err(Invariant::Proportion.broken(world.now, what));
        }
        for (number, host) in world.hosts.iter().enumerate() {
            let witness = &host.port.witness;
            if world.peer.is_some() {
                beside_a_peer(world, host)?;
            }
            let seconds = world.now.since(World::BEGINNING).as_secs();
            let kept_alive = KEPT_ALIVE * seconds * world.flows.len() as u64;
            let cause = 2 * (witness.sent + witness.received) + TIMEOUTS + kept_alive;
            if host.timeouts > cause {
                let what = format!(
                    "the timers of host {number} expired {} times, for {} frames sent and {} received",
                    host.timeouts, witness.sent, witness.received
                );
                return Err(Invariant::Proportion.broken(world.now, what));
            }
        }
        Ok(())
    }
}

/// A peer that asks for much gets an answer for each frame at most, and what was written, a few times over.
fn beside_a_peer(world: &World, host: &Host) -> Result<(), Broken> {
    let witness = &host.port.witness;
    let written = world
        .flows
        .iter()
        .map(|flow| flow.opener.written + flow.acceptor.written);
    let pieces = written.sum::<u64>() / SMALL_PIECE;
    let cause = 2 * witness.received + 3 * pieces + 2 * host.timeouts + TIMEOUTS;
    if witness.sent > cause {
        let what = format!(
            "{} frames were sent for {} received, {pieces} pieces written and {} timers",
            witness.sent, witness.received, host.timeouts
        );
        return Err(Invariant::Proportion.broken(world.now, what));
    }
    Ok(())
}

fn queues(world: &World) -> Result<(), Broken> {
    let now = world.now;
    for listening in &world.listeners {
        let host = &world.hosts[listening.host];
        let Some(listener) = host.shard.listener(listening.id) else {
            continue;
        };
        let syn = (
            listener.syn_queue.len() as usize,
            listener.syn_queue.limit(),
        );
        let accept = (listener.accept_queue.len(), listener.accept_queue.limit());
        for (name, (length, limit)) in [("SYN", syn), ("accept", accept)] {
            // either admits one more than its limit, as on Linux
            if length > limit as usize + 1 {
                let what = format!(
                    "{length} in the {name} queue of {:?}, limit {limit}",
                    listening.plan
                );
                return Err(Invariant::Bounds.broken(now, what));
            }
        }
    }
    for flow in &world.flows {
        for (user, host) in [
            (&flow.opener, flow.plan.from),
            (&flow.acceptor, flow.plan.to),
        ] {
            if let Some(host) = world.hosts.get(host) {
                connection(host, now, user)?;
            }
        }
    }
    world.hosts.iter().try_for_each(|host| memory(host, now))
}

fn connection(host: &Host, now: Instant, user: &User) -> Result<(), Broken> {
    let connection = user.connection().and_then(|id| host.shard.connection(id));
    let Some(connection) = connection else {
        return Ok(());
    };
    let lengths = connection.queue_lengths();
    let sysctls = &host.shard.options().tcp;
    let most = |asked: fn(&SocketOptions) -> Option<usize>, sysctl: usize| {
        // what was let in while there was more room stays
        let plan = user.plan();
        let options = plan
            .options
            .iter()
            .chain(plan.changes.iter().map(|(_, set)| set));
        let options = options.chain([&**connection.socket_options()]);
        options.filter_map(asked).fold(sysctl, usize::max)
    };
    let receive = most(|set| set.receive_buffer, sysctls.tcp_rmem.most);
    // as on Linux what is asked for is doubled, and a buffer that was begun is filled
    let asked = 2 * most(|set| set.send_buffer, 0);
    let send = asked
        .max(connection.send_buffer(sysctls))
        .max(sysctls.tcp_wmem.most)
        + BUFFER;
    let sending = lengths.send_queue + lengths.retransmit_queue;
    if lengths.receive_memory > 2 * receive + RECEIVE_SLACK || sending > send {
        let what = format!("{lengths:?}, where {receive} may be received and {send} sent");
        return Err(Invariant::Bounds.broken(now, what));
    }
    Ok(())
}

/// What all connections claim is within half of `tcp_mem` in each direction, what is guaranteed to each apart.
fn memory(host: &Host, now: Instant) -> Result<(), Broken> {
    let claim = host.shard.tcp_memory();
    let (connections, _, _) = host.shard.connection_counts();
    let most = host.shard.options().tcp.tcp_mem / 2 + connections * 2 * 4096 + RECEIVE_SLACK;
    if claim.receive.max(claim.send) > most {
        let what =
            format!("{claim:?} of the shard's memory is claimed by {connections} connections");
        return Err(Invariant::Bounds.broken(now, what));
    }
    Ok(())
}
