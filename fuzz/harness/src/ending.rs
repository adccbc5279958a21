//! The end: the backend lets go of everything, nobody answers any more, and time passes until nothing is left.

use crate::stage::Stage;
use std::time::Duration;

/// Time-outs until a shard of so few connections is empty. An orphan's are a dozen; before, a handshake or a window's
/// probes may have had theirs.
const MOST_TIMEOUTS: usize = 1_000;
/// Those of a second: a host that never answers ARP is asked, and each orphan's keepalive may look. The wheel may wake once more for each. An orphan
/// may wait for long: its probes are up to two minutes apart.
const A_SECOND: u64 = 2;
const LONGEST: Duration = Duration::from_secs(86_400);

/// Plays the end.
///
/// # Panics
/// If it does not come, or something is left.
pub(crate) fn play(stage: &mut Stage) {
    let (now, shard) = (stage.now, &mut stage.shard);
    for held in &mut stage.backend.held {
        if !held.is_closed {
            held.close(shard, now);
        }
    }
    for &listener in &stage.backend.listeners {
        shard.close_listener(now, listener);
    }
    for &socket in &stage.backend.sockets {
        shard.close_udp(socket);
    }
    stage.wire.room = usize::MAX;
    stage.look();
    let (before, began) = (stage.timeouts, stage.now);
    while let Some(due) = stage.shard.next_timeout() {
        stage.now = stage.now.max(due);
        stage.look();
        let timeouts = stage.timeouts - before;
        let lasted = stage.now.since(began);
        let looks = A_SECOND * (1 + stage.flows.len() as u64) * lasted.as_secs();
        assert!(
            timeouts <= MOST_TIMEOUTS + looks as usize && lasted < LONGEST,
            "{timeouts} time-outs in {lasted:?} after the end, {:?}",
            stage.shard.connection_counts()
        );
    }
    let counts = stage.shard.connection_counts();
    assert_eq!(counts, (0, 0, 0), "left without a timer");
    let memory = stage.shard.tcp_memory();
    assert_eq!((memory.receive, memory.send), (0, 0), "memory is claimed");
    assert!(!stage.shard.has_output(), "something is to be sent");
    let missing = stage.wire.missing_buffers();
    assert_eq!(missing, 0, "buffers that never came home");
}
