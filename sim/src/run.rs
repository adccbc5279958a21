//! A scenario is played: the network is bad, then it heals, then everything ends, and all the while the invariants are checked.

use crate::attack::forge;
use crate::invariants::{
    Bounds, Broken, Invariant, Progress, flows_ended_for_a_reason, frames_are_conserved,
    nothing_is_left, open, release_the_forsaken, requests_are_recorded, spines_sum,
    the_peer_got_what_was_written, the_unbroken_are_complete, the_unbroken_did_not_fail,
};
use crate::panics;
use crate::scenario::Scenario;
use crate::world::{Passage, World};
use periplus_journey::Instant;
use std::hash::{DefaultHasher, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Ends whose other end is over are given up after nothing has happened for so long.
const FORSAKEN: Duration = Duration::from_secs(150);

/// How long what nobody holds any more may take to go: data of orphans that is sent again, and a minute of TIME-WAIT.
const AFTERMATH: Duration = Duration::from_secs(1200);

/// When the last connection to a silent peer has to be given up: `tcp_retries2` is 15 minutes.
const LONGEST_SILENCE: Duration = Duration::from_secs(3600);

/// How a run went.
#[derive(Debug)]
pub struct Verdict {
    /// What was broken, if anything was.
    pub broken: Option<Broken>,
    /// A number that two runs share if the same frames passed at the same times.
    pub digest: u64,
    /// How long it took, in the world's time.
    pub lasted: Duration,
    /// Frames that the hosts sent.
    pub frames: u64,
    /// Bytes that users read.
    pub bytes: u64,
    /// What passed each host, if it was kept.
    pub passages: Vec<Vec<Passage>>,
}

/// Plays `scenario`; `keep` keeps every frame. Panics are taken for what they are: something broken.
pub fn run(scenario: &Scenario, keep: bool) -> Verdict {
    let mut world = World::new(&scenario.world);
    if keep {
        for host in &mut world.hosts {
            host.port.witness.passages = Some(Vec::new());
        }
    }
    let played = catch_unwind(AssertUnwindSafe(|| play(scenario, &mut world)));
    let broken = match played {
        Ok(result) => result.err(),
        Err(panic) => Some(Invariant::Panic.broken(world.now, panics::words(&*panic))),
    };
    let mut digest = DefaultHasher::new();
    for host in &world.hosts {
        digest.write_u64(host.port.witness.digest());
    }
    Verdict {
        broken,
        digest: digest.finish(),
        lasted: world.now.since(World::BEGINNING),
        frames: world.hosts.iter().map(|host| host.port.witness.sent).sum(),
        bytes: world.flows.iter().map(|flow| flow.delivered()).sum(),
        passages: world
            .hosts
            .iter_mut()
            .map(|host| host.port.witness.passages.take().unwrap_or_default())
            .collect(),
    }
}

/// Plays it twice: the same frames have to pass at the same times, though the second time every connection is parked whenever it rests.
pub fn run_twice(scenario: &Scenario) -> Verdict {
    let first = run(scenario, false);
    if first.broken.is_some() {
        return first;
    }
    let mut second = run(&parking(scenario), false);
    if second.broken.is_none() && first.digest != second.digest {
        let what = format!(
            "{} frames, and {} the second time",
            first.frames, second.frames
        );
        let at = World::BEGINNING + first.lasted;
        second.broken = Some(Invariant::Determinism.broken(at, what));
    }
    second
}

/// Plays it to be looked at, every frame kept: as it is, or, where that holds, as it is the second time.
pub fn replay(scenario: &Scenario) -> Verdict {
    let first = run(scenario, true);
    if first.broken.is_some() {
        return first;
    }
    run(&parking(scenario), true)
}

fn parking(scenario: &Scenario) -> Scenario {
    let mut parking = scenario.clone();
    parking.world.parks_at_once = true;
    parking
}

fn play(scenario: &Scenario, world: &mut World) -> Result<(), Broken> {
    let mut bounds = Bounds::default();
    if world.peer.is_some() {
        beside_a_peer(scenario, world, &mut bounds)?;
    } else {
        between_stacks(scenario, world, &mut bounds)?;
    }
    let end = world.now + AFTERMATH;
    while step(world, end, &mut bounds)? {}
    nothing_is_left(world)?;
    frames_are_conserved(world)?;
    if world.peer.is_none() {
        requests_are_recorded(world)?;
    }
    spines_sum(world)
}

fn between_stacks(
    scenario: &Scenario,
    world: &mut World,
    bounds: &mut Bounds,
) -> Result<(), Broken> {
    for (host, limit) in world.hosts.iter_mut().zip(&scenario.path_mtu) {
        if let Some(limit) = limit {
            host.port.path.longest = Some(limit.longest);
            host.port.path.is_black_hole = limit.is_black_hole;
        }
    }
    for host in &mut world.hosts {
        host.port.witness.listens = !scenario.attacks.is_empty();
    }
    for attack in &scenario.attacks {
        let at = World::BEGINNING + attack.after;
        turn_until(world, at, bounds)?;
        if let Some(frame) = forge(world, attack.host, attack.flow, attack.forgery) {
            world.hosts[attack.host].port.slip_in(frame);
        }
    }
    let heals = World::BEGINNING + scenario.heals_after;
    turn_until(world, heals, bounds)?;
    world.now = world
        .now
        .max(heals.min(world.next_timeout().unwrap_or(heals)));
    heal(scenario, world);
    let mut progress = Progress::new(world.now, scenario.heals_after);
    while !is_over(world) {
        let limit = world.now + Duration::from_secs(1);
        let happens = step(world, limit, bounds)?;
        progress.check(world)?;
        let stands_still = !happens && world.next_timeout().is_none();
        if stands_still || progress.quiet(world.now) > FORSAKEN {
            release_the_forsaken(world);
        }
        if !happens {
            world.now = world.now.max(limit);
        }
    }
    flows_ended_for_a_reason(scenario, world)
}

/// The peer does what it likes for a while. Then it is honest, and whatever it has not broken itself comes to its end; or it is
/// silent, and the stack gives up in time what it has to say to it.
fn beside_a_peer(
    scenario: &Scenario,
    world: &mut World,
    bounds: &mut Bounds,
) -> Result<(), Broken> {
    let repents = World::BEGINNING + scenario.heals_after;
    while world.now < repents && step(world, repents, bounds)? {}
    world.now = world.now.max(repents);
    let mut progress = Progress::new(world.now, scenario.heals_after);
    let end = world.now + LONGEST_SILENCE;
    while !is_over(world) {
        let limit = world.now + Duration::from_secs(1);
        let happens = step(world, limit, bounds)?;
        progress.watch(world);
        let stands_still = !happens && world.next_timeout().is_none();
        if stands_still || progress.quiet(world.now) > FORSAKEN + 2 * scenario.heals_after {
            the_unbroken_are_complete(world)?;
            release_the_forsaken(world);
        }
        if world.now > end {
            let what = format!(
                "the peer has been silent since {repents:?}: {}",
                open(world)
            );
            return Err(Invariant::Progress.broken(world.now, what));
        }
        if !happens {
            world.now = world.now.max(limit);
        }
    }
    the_unbroken_did_not_fail(world)?;
    the_peer_got_what_was_written(world)
}

/// Turns until then, or until all is over.
fn turn_until(world: &mut World, at: Instant, bounds: &mut Bounds) -> Result<(), Broken> {
    while world.now < at && !is_over(world) && step(world, at, bounds)? {}
    Ok(())
}

fn is_over(world: &World) -> bool {
    world.flows.iter().all(|flow| flow.is_over())
}

fn step(world: &mut World, limit: Instant, bounds: &mut Bounds) -> Result<bool, Broken> {
    let happens = world
        .step(limit)
        .map_err(|what| Invariant::Integrity.broken(world.now, what))?;
    bounds.check(world)?;
    for (number, host) in world.hosts.iter().enumerate() {
        let oracle = host.port.witness.oracle.as_ref();
        if let Some(complaint) = oracle.and_then(|oracle| oracle.complaints().first()) {
            let what = format!(
                "host {number}: {:?}: {}",
                complaint.connection, complaint.what
            );
            return Err(Invariant::Oracle.broken(complaint.at, what));
        }
    }
    Ok(happens)
}

fn heal(scenario: &Scenario, world: &mut World) {
    for (host, healed) in world.hosts.iter_mut().zip(&scenario.healed) {
        if let Some(faults) = healed {
            host.port.set_faults(faults.clone());
        }
        if host.port.path.is_black_hole {
            host.port.path.longest = None;
        }
    }
}
