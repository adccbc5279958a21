//! The running command's side: its shard's sockets as lines of an answer.

use crate::control::{About, Body, Connections, Counted, Frames, Gap, Queue, Reply, Timer};
use periplus_journey::Histogram;
use periplus_net::ShardHandle;
use periplus_net::sockets::{
    ConnectionSocket, DatagramSocket, InfoValue, ListenerSocket, SocketCursor, Sockets, TcpInfo,
};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io;
use std::time::Duration;

/// Connections told of in one answer at most. What there are more is counted.
const MOST_CONNECTIONS: usize = 100_000;
/// The same where each tells its details as well: the answer must not be longer than the caller reads.
const MOST_WITH_INFO: usize = 40_000;

/// Answers. The inner error is for the caller to read, the outer one means that the caller is gone.
pub(crate) async fn answer(
    (which, info): (Connections, bool),
    about: &About,
    shard: &ShardHandle,
    reply: &mut Reply,
) -> io::Result<Result<(), String>> {
    let sockets = match shard.sockets().await {
        Ok(sockets) => sockets,
        Err(error) => return Ok(Err(error.to_string())),
    };
    reply.line(Body::Process {
        serves: about.serves.clone().into(),
    });
    reply.line(of_shard(&sockets));
    for listener in &sockets.listeners {
        reply.line(of_listener(listener, about, info));
    }
    for socket in &sockets.datagrams {
        reply.line(of_datagram_socket(socket));
    }
    let (mut at, there_are) = match which {
        Connections::None => (None, 0),
        Connections::Open => (Some(SocketCursor::connections()), sockets.connections),
        Connections::All => (
            Some(SocketCursor::all()),
            sockets.connections + sockets.half_open + sockets.time_wait,
        ),
    };
    let most = if info {
        at = at.map(SocketCursor::with_info);
        MOST_WITH_INFO
    } else {
        MOST_CONNECTIONS
    };
    let mut told = 0;
    while let Some(cursor) = at
        && told < most
    {
        // The caller's pace, a page at a time: nothing is piled up for one who is slow.
        reply.flush().await?;
        let page = match shard.connections(cursor).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error.to_string())),
        };
        told += page.connections.len();
        for connection in &page.connections {
            reply.line(of_connection(connection));
        }
        at = page.next;
    }
    // Only at the end of the walk is it known that nobody was left out: they came and went meanwhile.
    let left_out = match at {
        Some(_) => there_are.saturating_sub(told),
        None => 0,
    };
    reply.line(Body::End { left_out });
    Ok(Ok(()))
}

fn of_shard(sockets: &Sockets) -> Body {
    let ring = sockets.rx_ring;
    Body::Shard {
        device: sockets.device.into(),
        rx_ring: Queue {
            length: ring.length,
            limit: ring.limit.map(|limit| limit as u64),
            overflows: Some(ring.overflows),
        },
        shard_gap: of_gaps(&sockets.shard_gap),
        connections: sockets.connections,
        half_open: sockets.half_open,
        time_wait: sockets.time_wait,
    }
}

fn of_gaps(gaps: &Histogram) -> Gap {
    Gap {
        count: gaps.count(),
        p50_ns: gaps.quantile(0.5).map(nanoseconds),
        p99_ns: gaps.quantile(0.99).map(nanoseconds),
        max_ns: (gaps.count() > 0).then(|| nanoseconds(gaps.max())),
    }
}

fn of_listener(listener: &ListenerSocket, about: &About, info: bool) -> Body {
    let mut protocols = about.protocols.iter();
    let protocol = protocols.find(|(local, _)| *local == listener.local);
    Body::Listener {
        local: listener.local,
        protocol: protocol.map(|&(_, name)| Cow::Borrowed(name)),
        syn_queue: of_queue(listener.syn_queue),
        accept_queue: of_queue(listener.accept_queue),
        drops: listener.counters.listen_drops,
        counters: info.then(|| counted(listener.counters.iter())),
    }
}

fn of_datagram_socket(socket: &DatagramSocket) -> Body {
    Body::Datagram {
        local: socket.local,
        receive_queue: of_queue(socket.receive_queue),
        datagrams: socket.datagrams,
        send_queue: of_bytes(socket.send_queue, socket.send_limit),
    }
}

/// A queue that turns away what comes when it is full.
fn of_queue(queue: periplus_net::sockets::Queue) -> Queue {
    Queue {
        length: queue.length,
        limit: Some(queue.limit),
        overflows: Some(queue.overflows),
    }
}

/// A queue for which the sender waits when it is full.
fn of_bytes(length: usize, limit: usize) -> Queue {
    Queue {
        length: length as u64,
        limit: Some(limit as u64),
        overflows: None,
    }
}

fn of_connection(connection: &ConnectionSocket) -> Body {
    let ConnectionSocket {
        queues,
        receive_limit,
        send_limit,
        ..
    } = *connection;
    Body::Connection {
        local: connection.local,
        peer: connection.peer,
        state: connection.state.name().into(),
        receive_queue: of_bytes(queues.receive_queue, receive_limit),
        reassembly_queue: of_bytes(queues.reassembly_queue, receive_limit),
        receive_memory: queues.receive_memory,
        send_queue: of_bytes(queues.send_queue, send_limit),
        retransmit_queue: of_bytes(queues.retransmit_queue, send_limit),
        timer: connection.timer.map(|(timer, due)| Timer {
            name: timer.name().into(),
            due_ns: nanoseconds(due),
        }),
        info: connection.info.map(|(info, _)| of_info(&info)),
        counters: connection
            .info
            .map(|(_, counters)| counted(counters.iter())),
    }
}

fn of_info(info: &TcpInfo) -> Map<String, Value> {
    let key = |(name, value): (&str, InfoValue)| match value {
        InfoValue::Count(count) => (name.into(), count.into()),
        InfoValue::Time(time) => (format!("{name}_ns"), nanoseconds(time).into()),
        InfoValue::Word(word) => (name.into(), word.into()),
        InfoValue::Options(options) => (name.into(), options.names().collect::<Vec<_>>().into()),
    };
    // The state is the connection's key already, as `ss` spells it.
    let fields = info.fields().filter(|&(name, _)| name != "state");
    fields.map(key).collect()
}

/// Those that are not 0.
fn counted(counters: impl Iterator<Item = (&'static str, u64)>) -> Counted {
    counters
        .filter(|&(_, count)| count > 0)
        .map(|(name, count)| (name.into(), count))
        .collect()
}

/// Answers with what the stack counted.
pub(crate) async fn statistics(
    all: bool,
    about: &About,
    shard: &ShardHandle,
    reply: &mut Reply,
) -> Result<(), String> {
    let snapshot = shard.snapshot().await.map_err(|error| error.to_string())?;
    reply.line(Body::Process {
        serves: about.serves.clone().into(),
    });
    let counters = snapshot.counters.iter();
    for (name, value) in counters.filter(|&(_, value)| all || value > 0) {
        reply.line(Body::Counter {
            name: name.into(),
            value,
        });
    }
    reply.line(Body::Frames(Frames::of(&snapshot.ledger)));
    reply.line(Body::End { left_out: 0 });
    Ok(())
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
