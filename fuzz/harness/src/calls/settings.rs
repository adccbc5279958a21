//! What can be set while the shard runs, and looked at.

use crate::input::Input;
use crate::stage::Stage;
use periplus_stack::{CongestionAlgorithm, SocketCursor, SocketOptions};
use std::time::Duration;

/// Changes the options of a connection.
pub(super) fn call(stage: &mut Stage, input: &mut Input<'_>) {
    let held = input.place(stage.backend.held.len());
    if let Some(held) = stage.backend.held.get(held) {
        let (id, now) = (held.id, stage.now);
        let mut options = stage.shard.socket_options(id).unwrap_or_default();
        change(&mut options, input);
        stage.shard.set_socket_options(now, id, options);
        stage.look();
    }
}

/// Changes some of the options.
pub(super) fn change(options: &mut SocketOptions, input: &mut Input<'_>) {
    let choice = input.byte();
    let (kind, on) = (choice & 31, choice & 0x80 != 0);
    let number = u32::from(input.byte()) << ((choice >> 5 & 3) * 2);
    let some = on.then_some(number);
    let seconds = on.then(|| Duration::from_secs(number.min(600).into()));
    match kind {
        0 => options.no_delay = on,
        1 => options.quick_ack = on.then_some(number & 1 == 0),
        2 => options.max_segment = some.map(|size| size as u16),
        3 => options.cork = on,
        4 => options.notsent_lowat = some,
        5 => options.receive_buffer = some.map(|size| size as usize * 4),
        6 => options.window_clamp = some,
        7 => options.send_buffer = some.map(|size| size.min(4096) as usize),
        8 => options.keep_alive = on,
        9 => options.keep_idle = seconds,
        10 => options.keep_interval = seconds,
        11 => options.keep_count = some.map(|count| count.min(10) as u8),
        12 => options.user_timeout = seconds,
        13 => options.linger = seconds,
        14 => options.linger2 = seconds,
        15 => options.syn_count = some.map(|count| count.min(10) as u8),
        16 => options.defer_accept = seconds,
        17 => options.congestion = on.then_some(CongestionAlgorithm::ALL[number as usize % 2]),
        _ => options.no_delay = !options.no_delay,
    }
}

/// The transmit ring has room for so many frames more.
pub(super) fn room(stage: &mut Stage, input: &mut Input<'_>) {
    stage.wire.room = match input.byte() {
        room @ 0..=15 => room.into(),
        _ => usize::MAX,
    };
    stage.look();
}

/// Looks at everything that can be looked at.
pub(super) fn look_at(stage: &mut Stage, input: &mut Input<'_>) {
    let shard = &mut stage.shard;
    if input.byte() & 1 == 1 {
        let mut knobs = shard.options().tcp;
        knobs.tcp_timestamps ^= true;
        knobs.tcp_sack ^= true;
        shard.set_sysctls(knobs);
    }
    let mut cursor = Some(SocketCursor::all().with_info());
    let mut page = Vec::new();
    while let Some(step) = cursor {
        cursor = shard.connection_sockets(stage.now, step, &mut page);
    }
    let _ = (
        shard.listener_sockets().count(),
        shard.datagram_sockets().count(),
    );
    let _ = (shard.counters(), shard.delivering());
}
