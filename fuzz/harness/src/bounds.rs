//! What must hold at every moment: each frame has one fate, and no queue is beyond its bound.

use crate::knobs::{BACKLOG, MAX_CONNECTIONS, MAX_HALF_OPEN, MAX_TIME_WAIT};
use crate::stage::Stage;
use periplus_stack::SocketCursor;

/// What is guaranteed to a connection in either direction, beside the half of `tcp_mem` that all have together.
const GUARANTEED: usize = 4096;
/// What a block of a receive queue's heap takes, at least.
const HEAP_BLOCK: usize = 4096;
/// What a buffer of a send queue is filled to, at most.
const LONGEST_BUFFER: usize = 65_535;

/// # Panics
/// If a frame has no fate or two, or something holds more than it may.
pub(crate) fn assert_held(stage: &Stage) {
    let (shard, ledger) = (&stage.shard, stage.shard.ledger());
    assert!(
        ledger.is_balanced(),
        "the ledger does not add up: {ledger:?}"
    );
    assert_eq!(ledger.received, stage.wire.taken(), "frames have no fate");
    assert!(
        ledger.dropped_in_all() >= stage.wire.damaged(),
        "a damaged frame was taken for whole: {ledger:?}"
    );
    let (connections, half_open, time_wait) = shard.connection_counts();
    assert!(connections <= MAX_CONNECTIONS, "{connections} connections");
    assert!(half_open <= MAX_HALF_OPEN, "{half_open} half-open");
    assert!(time_wait <= MAX_TIME_WAIT, "{time_wait} in TIME-WAIT");
}

/// # Panics
/// If a queue holds more than it may.
pub(crate) fn assert_queues(stage: &Stage) {
    let shard = &stage.shard;
    for &listener in &stage.backend.listeners {
        let Some(listener) = shard.listener(listener) else {
            continue;
        };
        // One more than the backlog is admitted, as on Linux.
        assert!(listener.accept_queue.len() <= BACKLOG + 1, "{listener:?}");
        // Who is in TIME-WAIT with us comes in beyond it, likewise; the shard's own limit is left.
        let half_open = listener.syn_queue.len() as usize;
        assert!(half_open <= MAX_HALF_OPEN, "{listener:?}");
    }
    for &socket in &stage.backend.sockets {
        if let Some(socket) = shard.udp_socket(socket) {
            let queue = socket.receive_queue();
            assert!(
                queue.charge() <= queue.limit() || queue.len() == 1,
                "{queue:?}"
            );
        }
    }
    assert_memory(stage);
    assert_connections(stage);
}

/// What all connections claim together.
fn assert_memory(stage: &Stage) {
    let (connections, ..) = stage.shard.connection_counts();
    let half = stage.knobs.options.tcp.tcp_mem / 2;
    let memory = stage.shard.tcp_memory();
    let most = half + connections * GUARANTEED;
    assert!(
        memory.send <= most,
        "{memory:?} of {connections} connections"
    );
    // A window promises text; what holds it may be twice as large, and a block of the heap that is not full.
    let loosely = 2 * most + connections * HEAP_BLOCK;
    assert!(
        memory.receive <= loosely,
        "{memory:?} of {connections} connections"
    );
}

/// What the queues of every connection hold.
fn assert_connections(stage: &Stage) {
    let knobs = &stage.knobs.options.tcp;
    let mut sockets = Vec::new();
    let mut cursor = Some(SocketCursor::connections());
    while let Some(step) = cursor {
        cursor = stage
            .shard
            .connection_sockets(stage.now, step, &mut sockets);
    }
    for socket in sockets {
        let queues = socket.queues;
        assert!(
            queues.receive_memory <= 2 * knobs.tcp_rmem.most,
            "beyond what may be received: {socket:?}"
        );
        // A buffer is begun while there is room for a byte, and filled to what one packet carries, as on Linux.
        assert!(
            queues.send_queue + queues.retransmit_queue <= knobs.tcp_wmem.most + LONGEST_BUFFER,
            "beyond what may be sent: {socket:?}"
        );
    }
}
