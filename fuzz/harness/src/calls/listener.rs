//! The calls on listeners and on UDP sockets.

use crate::content::{contents, is_content};
use crate::input::Input;
use crate::knobs::BACKLOG;
use crate::segment::PEER;
use crate::stage::{PORTS, Stage, UDP_PORT};
use crate::wire::COALESCED;
use periplus_stack::ReceiveFrom;
use std::net::{Ipv4Addr, SocketAddr};

/// Listeners and sockets that are opened in one run, at most.
const MOST: usize = 8;

/// A call that the script chooses.
pub(super) fn call(stage: &mut Stage, input: &mut Input<'_>) {
    let choice = input.byte();
    let place = usize::from(choice >> 4);
    let (shard, now) = (&mut stage.shard, stage.now);
    let backend = &mut stage.backend;
    let listener = backend.listeners.get(place % backend.listeners.len());
    let socket = backend.sockets.get(place % backend.sockets.len().max(1));
    let (Some(&listener), Some(&socket)) = (listener, socket) else {
        return;
    };
    match choice & 15 {
        0..=5 => backend.accept(shard, now, listener, &stage.flows),
        // The bound of the queues is checked, and it must not grow.
        6 => shard.set_backlog(listener, place % (BACKLOG + 1)),
        7 => shard.close_listener(now, listener),
        8 if backend.listeners.len() < MOST => {
            let port = PORTS[place % PORTS.len()];
            let local = (Ipv4Addr::UNSPECIFIED, port).into();
            backend.listeners.extend(shard.listen(local, BACKLOG));
        }
        9 => {
            let mut options = shard.listener_options(listener).unwrap_or_default();
            super::settings::change(&mut options, input);
            shard.set_listener_options(now, listener, options);
        }
        10 | 11 => check(backend.receive(shard, socket)),
        12 | 13 => {
            let to = (PEER, input.u16()).into();
            let _ = shard.send_to(socket, &contents(0, place * 40), to);
        }
        14 if backend.sockets.len() < MOST => {
            let local = SocketAddr::from((Ipv4Addr::UNSPECIFIED, UDP_PORT * u16::from(place > 8)));
            backend.sockets.extend(shard.bind_udp(local));
        }
        15 => shard.close_udp(socket),
        _ => {}
    }
    stage.look();
}

fn check(received: Option<ReceiveFrom>) {
    if let Some(ReceiveFrom::Datagram { source, data }) = received {
        assert_eq!(source.ip(), PEER, "whence");
        // One that was coalesced comes as the datagrams that it was made of.
        let mut starts = (0..4).map(|piece| piece * u32::from(COALESCED));
        assert!(starts.any(|start| is_content(start, &data)), "not sent");
    }
}
