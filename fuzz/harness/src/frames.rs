//! Any frames, at any time, into a live shard.
//!
//! A frame is the script's own bytes, or one that would be right at this moment, in which the script changes some bytes. Its
//! checksums are put right if the script says so: a frame that fails there goes no deeper.

use crate::backend::How;
use crate::input::Input;
use crate::peer;
use crate::play::{play, time};
use crate::segment::{frame_of, repair};
use crate::stage::Stage;
use crate::{packet, segment};
use periplus_stack::SendFlags;

/// The longest frame: a byte more than the wire carries.
const LONGEST: usize = 615;

/// Plays `script`.
///
/// # Panics
/// If a property does not hold.
pub fn frames(script: &[u8]) {
    play(script, step);
}

fn step(stage: &mut Stage, input: &mut Input<'_>) {
    let control = input.byte();
    let mut frame = match control & 7 {
        0 => {
            let length = usize::from(input.u16()) % (LONGEST + 1);
            input.take(length).to_vec()
        }
        1 => {
            let protocol = input.byte();
            let length = usize::from(input.u16()) % LONGEST;
            let payload = input.take(length);
            let addresses = (segment::PEER, segment::STACK);
            let mut frame = frame_of(addresses, protocol, payload.len());
            frame[segment::TRANSPORT..].copy_from_slice(payload);
            frame
        }
        2..=4 => {
            let flow = input.place(stage.flows.len());
            peer::described(stage, flow, input).to_frame()
        }
        5 => {
            let flow = input.place(stage.flows.len());
            packet::described(&stage.flows[flow], input)
        }
        6 => return time(stage, input.byte()),
        _ => return backend(stage, input),
    };
    if control & 0x08 != 0 {
        change(&mut frame, input);
    }
    if control & 0x10 != 0 {
        repair(&mut frame);
    }
    let copies = if control & 0x40 == 0 { 0 } else { input.byte() };
    for _ in 0..=copies {
        stage.bring(&frame);
    }
    // Else the next frame is of the same burst.
    if control & 0x20 == 0 {
        stage.look();
    }
}

/// Changes some bytes, and where the frame ends.
fn change(frame: &mut Vec<u8>, input: &mut Input<'_>) {
    let choice = input.byte();
    for _ in 0..choice & 7 {
        let place = input.place(frame.len());
        let mask = input.byte();
        if let Some(byte) = frame.get_mut(place) {
            *byte ^= mask;
        }
    }
    match choice >> 6 {
        1 => frame.truncate(usize::from(input.byte())),
        2 => frame.resize((frame.len() + usize::from(input.byte())).min(LONGEST), 0),
        _ => {}
    }
}

/// The backend does as backends do.
fn backend(stage: &mut Stage, input: &mut Input<'_>) {
    let choice = input.byte();
    let (shard, now) = (&mut stage.shard, stage.now);
    let held = input.place(stage.backend.held.len());
    let held = stage.backend.held.get_mut(held);
    match (choice & 7, held) {
        (0, _) => {
            let listener = stage.backend.listeners[usize::from(choice >> 3 & 1)];
            stage.backend.accept(shard, now, listener, &stage.flows);
        }
        (1, Some(held)) => held.read(shard, now, &stage.flows, 4096, false),
        (2, Some(held)) => {
            let length = usize::from(choice >> 3) * 64;
            let how = How::Copied(SendFlags::default());
            held.write(shard, now, &mut stage.flows, length, how);
        }
        (3, Some(held)) => {
            let _ = shard.shutdown_write(now, held.id);
        }
        (4, Some(held)) => held.close(shard, now),
        (5, _) => {
            for socket in stage.backend.sockets.clone() {
                stage.backend.receive(shard, socket);
                let to = (segment::PEER, 5353).into();
                let _ = shard.send_to(socket, &[0; 100], to);
            }
        }
        // The ring is full after so many frames; a choice of 0 empties it.
        (6, _) => {
            stage.wire.room = match usize::from(choice >> 3) {
                0 => usize::MAX,
                room => room - 1,
            };
        }
        _ => {}
    }
    stage.look();
}
