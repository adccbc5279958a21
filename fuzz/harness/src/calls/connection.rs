//! The calls on a connection.

use crate::backend::How;
use crate::input::Input;
use crate::scene::{PEERS_SERVER, connect};
use crate::stage::{PORTS, Stage};
use crate::waits::Waits;
use periplus_stack::{ConnectionId, SendFlags, Shard};
use std::net::{Ipv4Addr, Shutdown};

/// A call that the script chooses, on a connection that is held, or was.
pub(super) fn call(stage: &mut Stage, input: &mut Input<'_>) {
    let choice = input.byte();
    if choice & 15 == 15 {
        let near = u16::from(choice >> 4 & 3);
        return match choice >> 6 {
            0 | 1 => connect(stage, None, PEERS_SERVER + near),
            // Where a connection is already, or was.
            2 => connect(stage, Some(PORTS[0]), 40_000 + near),
            _ => far(stage, near),
        };
    }
    let held = input.place(stage.backend.held.len());
    let (shard, now) = (&mut stage.shard, stage.now);
    let Some(held) = stage.backend.held.get_mut(held) else {
        return;
    };
    let length = usize::from(choice >> 4).pow(3) * 2 + 1;
    match choice & 15 {
        0 => held.read(shard, now, &stage.flows, length, false),
        1 => held.read(shard, now, &stage.flows, length, true),
        2 => held.consume(shard, now, &stage.flows, length),
        kind @ 3..=6 => {
            let how = match kind {
                3 => How::Copied(SendFlags::default()),
                4 => How::Copied(SendFlags {
                    more: true,
                    end_of_record: false,
                }),
                5 => How::Copied(SendFlags {
                    more: choice & 0x10 != 0,
                    end_of_record: true,
                }),
                _ => How::Shared,
            };
            held.write(shard, now, &mut stage.flows, length, how);
        }
        7 => {
            let how = [Shutdown::Write, Shutdown::Read, Shutdown::Both];
            let _ = shard.shutdown(now, held.id, how[usize::from(choice >> 4) % 3]);
            held.waits = Waits::default();
        }
        8 => held.close(shard, now),
        9 => {
            shard.abort(now, held.id);
            held.waits = Waits::default();
        }
        10 => ask(shard, held.id),
        11 => shard.set_quick_ack(now, held.id, choice & 0x10 != 0),
        12 if choice >> 4 == 15 => {
            shard.cut_off(now);
            for held in &mut stage.backend.held {
                held.waits = Waits::default();
            }
        }
        _ => {
            let _ = shard.is_delivered(held.id);
        }
    }
    stage.look();
}

/// The backend connects to a host behind the gateway, who is not there, or that no host can be.
fn far(stage: &mut Stage, which: u16) {
    let address = [
        Ipv4Addr::new(192, 0, 2, 1),
        Ipv4Addr::new(10, 0, 0, 77),
        Ipv4Addr::UNSPECIFIED,
        Ipv4Addr::BROADCAST,
    ][usize::from(which & 3)];
    if stage.backend.has_room()
        && let Ok(id) = stage.shard.connect(stage.now, None, (address, 80).into())
    {
        stage.backend.hold(id, None);
        stage.look();
    }
}

/// Everything that can be asked of a connection.
fn ask(shard: &mut Shard, id: ConnectionId) {
    let _ = shard.is_connected(id);
    let _ = shard.is_delivered(id);
    let _ = shard.take_soft_error(id);
    let (written, acknowledged) = (shard.offsets(id), shard.acknowledged(id));
    if let (Some((_, written)), Some(acknowledged)) = (written, acknowledged) {
        assert!(
            acknowledged <= written,
            "{acknowledged} bytes acknowledged of {written}"
        );
    }
    let poll = shard.poll(id);
    assert!(
        !poll.hung_up || poll.read_closed,
        "hung up, and still to be read: {poll:?}"
    );
}
