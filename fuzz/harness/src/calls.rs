//! Segments, calls and times in any order, on a live shard.
//!
//! The peers' text says where it belongs, and so does the backend's: whatever is read must have been sent there, within the
//! window, and whatever leaves must have been written there.

use crate::input::Input;
use crate::packet;
use crate::peer;
use crate::play::{play, time};
use crate::stage::Stage;

mod connection;
mod journal;
mod listener;
mod settings;

/// Plays `script`.
///
/// # Panics
/// If a property does not hold.
pub fn calls(script: &[u8]) {
    play(script, step);
}

fn step(stage: &mut Stage, input: &mut Input<'_>) {
    let choice = input.byte();
    match choice & 7 {
        0..=2 => segment(stage, choice, input),
        3 => time(stage, input.byte()),
        4 | 5 => connection::call(stage, input),
        6 => listener::call(stage, input),
        _ => match choice >> 3 & 7 {
            0 => settings::call(stage, input),
            1 | 5 => journal::call(stage, input),
            2 => settings::room(stage, input),
            3 => settings::look_at(stage, input),
            _ => packet(stage, input),
        },
    }
}

fn packet(stage: &mut Stage, input: &mut Input<'_>) {
    let flow = input.place(stage.flows.len());
    let frame = packet::described(&stage.flows[flow], input);
    stage.bring(&frame);
    stage.look();
}

fn segment(stage: &mut Stage, choice: u8, input: &mut Input<'_>) {
    // Mostly the flow that the choice names at once.
    let flow = match choice >> 3 & 7 {
        7 => input.place(stage.flows.len()),
        flow => usize::from(flow),
    };
    let segment = peer::described(stage, flow, input);
    stage.bring(&segment.to_frame());
    // Else the next one is of the same burst.
    if choice < 0xc0 {
        stage.look();
    }
}
