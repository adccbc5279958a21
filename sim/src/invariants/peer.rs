//! What a peer without shame may not bring about, and what it gets all the same.

use super::ending::sent_cookies;
use super::{Broken, Invariant};
use crate::peer::{PeerConnection, PeerState};
use crate::world::{End, World};
use periplus_stack::StreamError;

/// What the stack sent is what its users wrote, however often and in whatever pieces.
///
/// # Errors
/// The byte that is not.
pub fn the_peer_got_what_was_written(world: &World) -> Result<(), Broken> {
    for connection in connections(world) {
        if let Some(what) = &connection.wrong {
            let what = format!("flow {}: {what}", connection.flow);
            return Err(Invariant::Integrity.broken(world.now, what));
        }
    }
    Ok(())
}

/// Once the peer is honest and nothing happens any more, whatever it has not broken itself is complete.
///
/// # Errors
/// The connection that is not.
pub fn the_unbroken_are_complete(world: &World) -> Result<(), Broken> {
    if !is_honest(world) {
        return Ok(());
    }
    for connection in connections(world).filter(|connection| !connection.tainted) {
        let Some(flow) = world.flows.get(connection.flow) else {
            continue;
        };
        let user = if flow.plan.from == 0 {
            &flow.opener
        } else {
            &flow.acceptor
        };
        let is_planned = user.plan().gives_up.is_some();
        let has_ended = matches!(user.end, Some((_, End::GaveUp | End::Failed(_))));
        let is_begun = connection.state == PeerState::Open && user.connection().is_some();
        if is_begun && !is_planned && !has_ended && !connection.is_complete() {
            let what = format!(
                "flow {} stands still with an honest peer: {connection:?}",
                flow.number
            );
            return Err(Invariant::Progress.broken(world.now, what));
        }
    }
    Ok(())
}

/// What the peer has not broken itself failed only because it was silent.
///
/// # Errors
/// The connection that did.
pub fn the_unbroken_did_not_fail(world: &World) -> Result<(), Broken> {
    if !is_honest(world) {
        return Ok(());
    }
    for connection in connections(world).filter(|connection| !connection.tainted) {
        let Some(flow) = world.flows.get(connection.flow) else {
            continue;
        };
        let user = if flow.plan.from == 0 {
            &flow.opener
        } else {
            &flow.acceptor
        };
        // it may have been deaf for longer than a keepalive asks, and its first text may have overtaken a cookie
        if let Some((at, End::Failed(error))) = user.end
            && error != StreamError::TimedOut
            && (flow.plan.from == 0 || !sent_cookies(world, flow))
            && is_the_last(world, connection)
        {
            let what = format!(
                "flow {}: {error}, though the peer has not broken it: {connection:?}",
                flow.number
            );
            return Err(Invariant::Explained.broken(at, what));
        }
    }
    Ok(())
}

fn is_honest(world: &World) -> bool {
    let peer = world.peer.as_ref();
    peer.is_some_and(|peer| peer.is_honest(world.now))
}

/// Whether its flow has begun no other since.
fn is_the_last(world: &World, connection: &PeerConnection) -> bool {
    let of_flow = connections(world).filter(|other| other.flow == connection.flow);
    of_flow
        .last()
        .is_some_and(|last| last.remote == connection.remote && last.local == connection.local)
}

fn connections(world: &World) -> impl Iterator<Item = &PeerConnection> {
    world.peer.iter().flat_map(|peer| &peer.connections)
}
