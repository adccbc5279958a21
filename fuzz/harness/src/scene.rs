//! The connections that there are before the script begins: one in each state that it would take long to come to.

use crate::backend::How;
use crate::content::contents;
use crate::peer;
use crate::segment::{PEER, STACK};
use crate::stage::Stage;
use periplus_stack::SendFlags;
use periplus_wire::tcp::TcpFlags;
use std::net::Shutdown;
use std::time::Duration;

const ACK: TcpFlags = TcpFlags::ACK;
const FIN_ACK: TcpFlags = TcpFlags::FIN.union(ACK);
/// The port of the peers that the shard connects to.
pub(crate) const PEERS_SERVER: u16 = 9000;

/// Makes the connections that `stage.knobs.scenes` asks for, each from a peer of its own.
pub(crate) fn set(stage: &mut Stage) {
    let scenes = stage.knobs.scenes;
    let wanted = |place: u8| scenes & 1 << place != 0;
    if wanted(0) {
        // Established, text both ways.
        let held = accepted(stage, 0);
        write(stage, held, 100);
        text(stage, 0, 50);
    }
    if wanted(1) {
        // In TIME-WAIT.
        let held = accepted(stage, 1);
        shutdown(stage, held);
        peer::says(stage, 1, FIN_ACK, 0);
        close(stage, held);
    }
    if wanted(2) {
        // In FIN-WAIT-1 and let go of: an orphan with text in flight.
        let held = accepted(stage, 2);
        write(stage, held, 1000);
        close(stage, held);
    }
    if wanted(3) {
        // In CLOSE-WAIT, the text not read.
        accepted(stage, 3);
        text(stage, 3, 200);
        peer::says(stage, 3, FIN_ACK, 0);
    }
    if wanted(4) {
        // The window is full of segments in flight, and one segment of the peer is missing.
        let held = accepted(stage, 4);
        write(stage, held, 8000);
        let mut segment = stage.flows[4].segment(ACK, 0);
        segment.sequence += 100;
        segment.text = contents(segment.sequence.0, 300);
        segment.acknowledgment = stage.flows[4].una;
        segment.options = peer::options(&stage.flows[4], &stage.knobs, stage.now, ACK);
        stage.bring(&segment.to_frame());
        stage.look();
    }
    if wanted(5) {
        // In the accept queue, or waiting for data to come there.
        handshake(stage, 5);
    }
    if wanted(6) {
        // Half-open.
        peer::says(stage, 6, TcpFlags::SYN, 0);
    }
    if wanted(7) {
        // In SYN-SENT, a first segment waiting to be sent.
        connect(stage, None, PEERS_SERVER);
    }
}

/// The peer of a flow connects.
fn handshake(stage: &mut Stage, flow: usize) {
    peer::says(stage, flow, TcpFlags::SYN, 0);
    stage.advance(Duration::from_millis(1));
    peer::says(stage, flow, ACK, 0);
}

/// The peer of a flow connects, and is accepted. Says which of the held connections it is, if it came to that.
fn accepted(stage: &mut Stage, flow: usize) -> Option<usize> {
    handshake(stage, flow);
    let place = stage.backend.held.len();
    let listener = *stage.backend.listeners.first()?;
    let (shard, now) = (&mut stage.shard, stage.now);
    stage.backend.accept(shard, now, listener, &stage.flows);
    (place < stage.backend.held.len()).then_some(place)
}

/// The backend connects to a port of the peers' host, from any port or that one.
pub(crate) fn connect(stage: &mut Stage, local_port: Option<u16>, port: u16) {
    let local = local_port.map(|port| (STACK, port).into());
    let remote = (PEER, port).into();
    if !stage.backend.has_room() {
        return;
    }
    if let Ok(id) = stage.shard.connect(stage.now, local, remote) {
        let addresses = stage.shard.addresses(id);
        let flow = addresses.and_then(|(local, _)| stage.watch(port, local.port()));
        stage.backend.hold(id, flow);
        stage.look();
    }
}

fn text(stage: &mut Stage, flow: usize, length: usize) {
    peer::says(stage, flow, TcpFlags::PSH.union(ACK), length);
}

fn write(stage: &mut Stage, held: Option<usize>, length: usize) {
    if let Some(held) = held {
        let (shard, now) = (&mut stage.shard, stage.now);
        let how = How::Copied(SendFlags::default());
        stage.backend.held[held].write(shard, now, &mut stage.flows, length, how);
        stage.look();
    }
}

fn shutdown(stage: &mut Stage, held: Option<usize>) {
    if let Some(held) = held {
        let id = stage.backend.held[held].id;
        let _ = stage.shard.shutdown(stage.now, id, Shutdown::Write);
        stage.look();
    }
}

fn close(stage: &mut Stage, held: Option<usize>) {
    if let Some(held) = held {
        stage.backend.held[held].close(&mut stage.shard, stage.now);
        stage.look();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Input;
    use crate::knobs::Knobs;
    use periplus_stack::SocketCursor;

    #[test]
    fn every_scene_comes_to_its_state() {
        let knobs = Knobs::read(&mut Input::new(&[0xff, 0b11_1000]));
        let mut stage = Stage::new(knobs);
        set(&mut stage);
        let (shard, now) = (&stage.shard, stage.now);
        let mut sockets = Vec::new();
        shard.connection_sockets(now, SocketCursor::connections(), &mut sockets);
        let mut states: Vec<_> = sockets
            .iter()
            .map(|socket| (socket.peer.port(), socket.state.name()))
            .collect();
        states.sort_unstable();
        let (connections, half_open, time_wait) = shard.connection_counts();
        assert_eq!(connections, states.len());
        let expected = [
            (9000, "SYN-SENT"),
            (40_000, "ESTAB"),
            (40_002, "FIN-WAIT-1"),
            (40_003, "CLOSE-WAIT"),
            (40_004, "ESTAB"),
        ];
        assert_eq!(states, expected);
        assert_eq!((half_open, time_wait), (2, 1), "40005 waits for data");
        let window = sockets.iter().find(|socket| socket.peer.port() == 40_004);
        let queues = window.expect("it is there").queues;
        assert!(
            queues.send_queue > 0 && queues.retransmit_queue > 0,
            "{queues:?}"
        );
        assert_eq!(queues.reassembly_queue, 300, "{queues:?}");
    }
}
