//! What must hold at every moment: each frame has one fate, and no queue is beyond its bound.

use crate::knobs::{BACKLOG, MAX_CONNECTIONS, MAX_HALF_OPEN, MAX_TIME_WAIT};
use crate::stage::Stage;
use periplus_stack::SocketCursor;

/// # Panics
/// If a frame has no fate or two, or something holds more than it may.
pub(crate) fn assert_held(stage: &Stage) {
    let (shard, ledger) = (&stage.shard, stage.shard.ledger());
    assert!(
        ledger.is_balanced(),
        "the ledger does not add up: {ledger:?}"
    );
    assert_eq!(ledger.received, stage.wire.taken(), "frames have no fate");
    let (connections, half_open, time_wait) = shard.connection_counts();
    assert!(connections <= MAX_CONNECTIONS, "{connections} connections");
    assert!(half_open <= MAX_HALF_OPEN, "{half_open} half-open");
    assert!(time_wait <= MAX_TIME_WAIT, "{time_wait} in TIME-WAIT");
    for &listener in &stage.backend.listeners {
        let Some(listener) = shard.listener(listener) else {
            continue;
        };
        // One more than the backlog is admitted, as on Linux.
        assert!(listener.accept_queue.len() <= BACKLOG + 1, "{listener:?}");
        assert!(
            listener.syn_queue.len() as usize <= BACKLOG + 1,
            "{listener:?}"
        );
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
    assert_queues(stage);
}

/// The queues of every connection.
fn assert_queues(stage: &Stage) {
    let knobs = &stage.knobs.options.tcp;
    let mut sockets = Vec::new();
    let mut cursor = Some(SocketCursor::all());
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
        assert!(
            queues.send_queue + queues.retransmit_queue <= knobs.tcp_wmem.most,
            "beyond what may be sent: {socket:?}"
        );
    }
}
