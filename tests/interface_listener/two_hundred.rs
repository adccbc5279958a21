//! 200 handshakes at a backlog of 8, of which the backend accepts one every 50 ms.
//!
//! Ten rounds of 20 clients, 1.8 s each, in which more come at once than either queue holds, and then fewer than are accepted.
//! What a listener does by its own timers (SYN/ACKs again after a second) falls into a time in which the accept queue has room
//! for sure, so that nothing depends on who comes first within a millisecond.

use super::script::{Script, Step};
use Step::{Ack, Await, Finish, Look, NoMoreThan, Request, Reset, Syn};
use std::ops::Range;

/// How long a round lasts, in milliseconds.
const ROUND: u64 = 1_800;
/// Clients in a round.
const CLIENTS: u16 = 20;
/// When a client sends its SYN again, in milliseconds after the first: later than the listener its SYN/ACK.
const SYN_AGAIN: [u64; 2] = [1_350, 4_050];
/// When a client sends its request again, after the first.
const REQUEST_AGAIN: [u64; 3] = [100, 300, 1_300];

pub(super) fn script() -> Script {
    let mut script = Script::default();
    for round in 0..10 {
        let (start, first) = (u64::from(round) * ROUND, round * CLIENTS);
        if round % 2 == 0 {
            the_accept_queue_overflows(&mut script, start, first);
        } else {
            the_syn_queue_overflows(&mut script, start, first);
        }
        for look in [20, 130, 520, 1_320, 1_450, 1_790] {
            script.at(start + look, [Look]);
        }
    }
    let end = 10 * ROUND + 4_000;
    script.accept_every(50, end);
    script.at(end, [Look]);
    script
}

fn syns(script: &mut Script, at: u64, clients: Range<u16>) {
    for client in clients {
        for wait in [0].into_iter().chain(SYN_AGAIN) {
            script.at(at + wait, [Syn(client)]);
        }
    }
}

/// Both ends of the handshake are done with, and the client asks.
fn acks(script: &mut Script, at: u64, clients: Range<u16>) {
    for client in clients {
        script.at(at, [Ack(client), Request(client)]);
        for wait in REQUEST_AGAIN {
            script.at(at + wait, [Request(client)]);
        }
        // Who connects by a later SYN asks then.
        for wait in SYN_AGAIN {
            script.at(at + wait + 1, [Request(client)]);
        }
    }
}

/// Twelve connect at the same time, and the accept queue holds nine. Others come while it is full.
fn the_accept_queue_overflows(script: &mut Script, start: u64, first: u16) {
    let client = |number: u16| first + number;
    let clients = |range: Range<u16>| client(range.start)..client(range.end);
    syns(script, start + 10, clients(0..6));
    acks(script, start + 11, clients(0..6));
    // Six more are admitted, and for three the ACK comes too late. Of those two ask again and again; the third waits.
    syns(script, start + 12, clients(6..12));
    acks(script, start + 13, clients(6..11));
    script.at(start + 13, [Ack(client(11))]);
    script.at(start + 1_330, [Request(client(11))]);
    // Now SYNs are dropped.
    syns(script, start + 14, clients(12..16));
    acks(script, start + 15, clients(12..16));
    // A place is free again, for one of two.
    syns(script, start + 60, clients(16..18));
    acks(script, start + 61, clients(16..18));
    // While they wait to be accepted one ends its direction, and one breaks off.
    script.at(start + 120, [Finish(client(4)), Reset(client(5))]);
    syns(script, start + 160, clients(18..19));
    acks(script, start + 161, clients(18..19));
    // One breaks off before it has answered the SYN/ACK.
    syns(script, start + 450, clients(19..20));
    script.at(start + 460, [Reset(client(19))]);
    // Up to here no listener has sent a SYN/ACK again. It comes after a second, for the one that says nothing.
    script.at(
        start + 530,
        clients(0..20).map(|client| NoMoreThan(client, 1)),
    );
    script.at(start + 1_150, [Await(client(11), 2)]);
}

/// Fifteen SYNs come before any ACK. The SYN queue holds nine.
fn the_syn_queue_overflows(script: &mut Script, start: u64, first: u16) {
    let client = |number: u16| first + number;
    let clients = |range: Range<u16>| client(range.start)..client(range.end);
    syns(script, start + 10, clients(0..12));
    acks(script, start + 12, clients(0..12));
    syns(script, start + 14, clients(12..15));
    acks(script, start + 15, clients(12..15));
    for (client, at) in clients(15..20).zip((400..).step_by(100)) {
        syns(script, start + at, client..client + 1);
        acks(script, start + at + 1, client..client + 1);
    }
}
